"""The way into the console and out of it."""

from datetime import timedelta

import pytest

from brownfield.rules.access import Role

pytestmark = pytest.mark.anyio


def test_a_key_opens_a_session_and_is_not_in_its_cookie(office, anna):
    """R58, T35: the cookie is a random id, out of reach of scripts and of other sites."""
    browser = office.browser()
    browser.get("/")
    answer = browser.http.post("/console/sign-in", follow_redirects=False,
                               data={"form": browser.http.cookies["brownfield_form"], "key": anna})  # fmt: skip
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/proposals")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert not any(part in cookie for part in anna.split("_", 2)[1:])


def test_over_tls_the_cookie_never_travels_in_the_clear(office, anna):
    browser = office.browser(base="https://localhost")
    browser.get("/")
    answer = browser.http.post("/console/sign-in", follow_redirects=False,
                               data={"form": browser.http.cookies["brownfield_form"], "key": anna})  # fmt: skip
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/console", "/console/proposals", "/console/systems", "/console/audit",
                                  "/console/batches", "/console/batches/1", "/console/proposals/p-1",
                                  "/console/nothing"])  # fmt: skip
def test_without_a_key_there_is_no_page(office, path):
    """R49: every page asks who it is; what there is, is not told."""
    browser = office.browser()
    browser.get(path)
    assert browser.status == 401
    assert browser.has_form("/console/sign-in")
    assert not browser.has_form("/console/sign-out")


def test_a_wrong_key_is_told_and_nothing_more(office, anna):
    browser = office.browser()
    browser.sign_in(anna[:-1] + "!")
    assert browser.status == 401
    assert "unknown, expired or revoked" in browser.text


def test_an_agent_has_no_console(office, agent):
    """R61: decisions are made outside an agent's reach, whatever its key may call."""
    browser = office.browser()
    browser.sign_in(agent)
    assert browser.status == 403
    assert "an agent's key opens nothing here" in browser.text
    browser.get("/console/proposals")
    assert browser.status == 401


def test_another_page_cannot_sign_a_browser_in(office, anna):
    """T35: the form is bound to a cookie that no other site can have sent."""
    browser = office.browser()
    browser.post("/console/sign-in", key=anna, form="made-up")
    assert browser.status == 403
    browser.get("/console/proposals")
    assert browser.status == 401


def test_signing_out_ends_the_session_and_not_only_the_cookie(office, anna):
    browser = office.browser(anna)
    session = browser.http.cookies["brownfield"]
    browser.submit("/console/sign-out")
    browser.http.cookies.set("brownfield", session)
    browser.get("/console/proposals")
    assert browser.status == 401


def test_a_revoked_key_ends_its_sessions(office, anna):
    """R56: rotation reaches the browsers too, on their next request."""
    browser = office.browser(anna)
    office.revoke(anna)
    browser.get("/console/proposals")
    assert browser.status == 401
    assert "no longer good" in browser.text


@pytest.mark.parametrize(("step", "steps", "good"), [(31, 1, False), (29, 5, True), (29, 26, False)])
def test_a_session_ends_when_idle_and_by_age(office, anna, step, steps, good):
    """T35: 30 minutes without a request, 12 hours at most."""
    browser = office.browser(anna)
    for _ in range(steps):
        office.clock.moved += timedelta(minutes=step)
        browser.get("/console/proposals")
    assert (browser.status == 200) is good


def test_after_signing_in_one_is_where_the_link_led(office, anna):
    browser = office.browser()
    browser.sign_in(anna, "/console/systems")
    assert "<h1>Systems" in browser.page
    elsewhere = office.browser()
    elsewhere.get("/console/systems")
    token = elsewhere.http.cookies["brownfield_form"]
    answer = elsewhere.http.post("/console/sign-in", follow_redirects=False,
                                 data={"form": token, "key": anna, "onward": "https://example.com/"})  # fmt: skip
    assert answer.headers["location"] == "/console/proposals"


@pytest.mark.parametrize(("role", "title"), [(Role.APPROVER, "Proposals to decide"), (Role.OPERATOR, "Systems"),
                                             (Role.AUDITOR, "Audit")])  # fmt: skip
def test_each_role_begins_with_its_own_work(office, role, title):
    """R70."""
    browser = office.browser(office.key("somebody", role))
    assert f"<h1>{title}" in browser.page
