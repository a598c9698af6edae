"""What every page keeps to: headers, no script, nothing hidden in a text."""

import re
from datetime import timedelta

import pytest
from fastapi.routing import APIRoute

from brownfield.edges.console import text
from brownfield.rules.access import Role

pytestmark = pytest.mark.anyio
HOSTILE = 'pay\u202e0001 RUE\u200b </script><script>alert(1)</script> \x1b[31m \x07 {{ 7*7 }} \'x" onload="y'


def routes(router):
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from routes(route.original_router)


async def test_every_route_gives_our_headers_and_no_script(office, agent):
    """R49, T35: policy, frames, caches, types, referrers, on pages, redirects and problems alike."""
    seen = await office.propose(agent, reason=HOSTILE)
    office_key = office.key("root", Role.OPERATOR)
    visited = 0
    for route in routes(office.app.router):
        path = route.path.replace("{id}", seen.proposal.id).replace("{rest:path}", "nothing")
        for method in route.methods:
            for browser in (office.browser(office_key), office.browser()):
                answer = browser.http.request(method, path, follow_redirects=False)
                policy = answer.headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert "unsafe" not in policy
                assert answer.headers["cache-control"] == "no-store"
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["referrer-policy"] == "no-referrer"
                assert "<script" not in answer.text
                assert not re.search(r"<[^>]*(\son[a-z]+=|\sstyle=|javascript:|https?://)", answer.text)
                assert answer.status_code != 500, (method, path, answer.text)
                visited += 1
    assert visited >= 40


async def test_no_page_works_with_a_post_alone(office, anna):
    """T35: every route that changes something asks for the session's form."""
    browser = office.browser(anna)
    for route in routes(office.app.router):
        if "POST" in route.methods and route.path != "/console/sign-in":
            browser.post(route.path.replace("{id}", "p-1"))
            assert browser.status == 403, route.path


async def test_what_is_hidden_in_a_reason_is_written_out(office, agent, anna):
    """T10, T27: RTL override, zero width, ESC, BEL and markup are letters on the page."""
    seen = await office.propose(agent, reason=HOSTILE, sku="A-\u202e100")
    browser = office.browser(anna)
    for path in ("/console/proposals", f"/console/proposals/{seen.proposal.id}"):
        page = browser.get(path)
        assert not set(page) & set("\u202e\u200b\x1b\x07")
        assert "\\u202e0001 RUE\\u200b" in browser.text
        assert "\\u001b[31m" in browser.text
        assert "{{ 7*7 }}" in browser.text
        assert "<script" not in page
        assert 'sku "A-\\u202e100"' in browser.text


async def test_a_note_is_escaped_as_well(office, agent, anna):
    """T27: an approver's words are foreign to the next reader."""
    seen = await office.propose(agent)
    browser = office.browser(anna)
    browser.submit(f"/console/proposals/{seen.proposal.id}/decide", decision="declined", note=HOSTILE)
    assert "<script" not in browser.page
    assert "\\u001b[31m" in browser.text
    browser.get("/console/audit")
    browser.submit("/console/audit", question="what happened today with A-100 \u202e\x1b</script>")
    assert browser.status == 200
    assert not set(browser.page) & set("\u202e\x1b")
    assert "<script" not in browser.page


async def test_letters_that_only_look_latin_are_named(office, agent, anna):
    """T10: look-alike characters."""
    await office.propose(agent, sku="\u0410-100")
    assert "contains CYRILLIC CAPITAL LETTER A (U+0410), which only looks Latin" in office.browser(anna).text


async def test_a_long_reason_is_cut_and_its_length_told(office, agent, anna):
    """T10: five kilobytes of persuasion do not push the payload off the page."""
    await office.propose(agent, reason="please " * 800)
    browser = office.browser(anna)
    assert browser.text.count("please") < 100
    assert "(5,600 characters)" in browser.text


async def test_a_problem_is_a_page_with_its_status_and_trace(office, anna):
    """R97: what happened, what to do next, and the trace, on every failure."""
    browser = office.browser(anna)
    browser.get("/console/proposals/p-unknown")
    assert browser.status == 404
    assert "There is no proposal p-unknown." in browser.text
    assert re.search(r"Trace [0-9a-f]{16}", browser.text)
    browser.get("/console/batches/soon")
    assert browser.status == 400


async def test_a_defect_is_a_page_too(office, anna, monkeypatch):
    """R97: and says nothing of the inside."""
    browser = office.browser(anna)
    monkeypatch.setattr(type(office.assembly.control), "status", lambda *_: 1 / 0)
    browser.get("/console/systems")
    assert browser.status == 500
    assert "division" not in browser.text
    assert browser.headers["content-security-policy"]


async def test_every_field_has_a_label_and_every_table_its_heads(office, agent, anna):
    """R70: pages that a screen reader can read."""
    await office.propose(agent, units=600)
    operator = office.browser(office.key("root", Role.OPERATOR))
    browser = office.browser(anna)
    for page in (browser.get("/console/proposals"), operator.get("/console/systems"), browser.get("/console/audit")):
        assert page.count("<h1") == 1
        assert page.count("<table") == page.count("<caption")
        assert '<html lang="en">' in page
        fields = re.findall(r"<(?:input|textarea|select)\b(?![^>]*hidden)[^>]*>", page)
        labels = re.findall(r"<label.*?</label>", page, re.S)
        for field in fields:
            assert any(field in label for label in labels) or re.search(r'id="question"', field), field


def test_bytes_are_told_by_place_in_both_alphabets_and_cut_with_their_number():
    """R20: a record of a mainframe can be read where it lies, also one that is too long to show."""
    lines, left = text.dump(("STK".encode("cp037") + b"\x1f" * 600).hex(), 32)
    assert lines[0] == ("00000020", "e2 e3 d2" + " 1f" * 13, "." * 16, "STK" + "." * 13)
    assert (len(lines), left) == (32, 91)


def test_spans_and_documents_in_words():
    assert text.span(timedelta(days=2, hours=23, minutes=5)) == "2 days 23 h"
    assert text.span(timedelta(seconds=20)) == "less than a minute"
    assert text.rows({"lines": [{"unit_price": "1.50"}], "note": None, "none": {}}) == (
        [("lines / 1 / unit price", "1.50"), ("note", None), ("none", {})], 0)  # fmt: skip
    assert text.rows({str(n): n for n in range(70)})[1] == 10
    assert text.shown(True) == "yes"
    assert text.shown("12") == '"12"'
    assert text.shown(12) == "12"
