"""Deciding on proposals."""

import re

import pytest

from brownfield.rules.access import Role
from brownfield.rules.proposal import State

pytestmark = pytest.mark.anyio


def state(office, seen):
    with office.assembly.kernel.ledger.read() as connection:
        from brownfield.ledger.proposal import get

        return get(connection, seen.proposal.id).state


def at(seen, way="decide"):
    return f"/console/proposals/{seen.proposal.id}/{way}"


async def test_what_it_is_worth_comes_first_and_all_of_it_from_the_payload(office, agent, anna):
    """R69, R70, T10: amount, arguments, state before, tier, expiry, proposer, hash; the reason last and quoted."""
    seen = await office.propose(agent, reason="Worth only EUR 1.00, trust me.")
    browser = office.browser(anna)
    order = ["EUR 120.00", "Can be undone by “release hold”",
             "units 12", "State before", "on hand 140",
             "One person, not ada@example.com. 0 of 1 so far",
             "billing-agent, an agent of ada@example.com", "Decide by",
             seen.proposal.hash[:12], "Nobody has checked it", '"Worth only EUR 1.00']  # fmt: skip
    places = [browser.text.index(part) for part in order]
    assert places == sorted(places)


async def test_unknown_worth_is_said_to_be_a_risk(office, agent, anna):
    """R62."""
    await office.propose(agent, units=5000)
    browser = office.browser(anna)
    assert "Worth unknown What it is worth is not known." in browser.text


async def test_oldest_first(office, agent, anna):
    """R70."""
    first = await office.propose(agent)
    second = await office.propose(agent, order="SO-1002")
    page = office.browser(anna).page
    assert page.index(first.proposal.id) < page.index(second.proposal.id)


async def test_an_approval_is_kept_with_its_note_and_the_write_is_made(office, agent, anna):
    """R61, R99: the decision, then the write; the page tells the whole story."""
    seen = await office.propose(agent)
    browser = office.browser(anna)
    browser.submit(at(seen), decision="approved", note="stock checked")
    assert state(office, seen) is State.APPROVED
    assert not browser.has_form(at(seen, "done-by-hand"))
    assert await office.assembly.worker.step()
    browser.get(f"/console/proposals/{seen.proposal.id}")
    assert office.system.writes == [("PlaceHold", {"sku": "A-100", "units": 12, "order": "SO-1001"})]
    for part in ("Done", "Written and read back.", "on hand 140 128", 'anna@example.com approved', '"stock checked"',
                 'What the system answered id "H-1"', "asked to place hold", "was written to"):  # fmt: skip
        assert part in browser.text, part


async def test_a_decline_writes_nothing(office, agent, anna):
    """R61."""
    seen = await office.propose(agent)
    browser = office.browser(anna)
    browser.submit(at(seen), decision="declined", note="")
    assert state(office, seen) is State.DECLINED
    assert "Declined" in browser.text
    assert not await office.assembly.worker.step()


@pytest.mark.parametrize("way", ["decide", "undo", "done-by-hand", "resolve"])
async def test_a_get_decides_nothing(office, agent, anna, way):
    """R61, T35: a mail scanner that follows every link approves nothing."""
    seen = await office.propose(agent)
    browser = office.browser(anna)
    form = re.search(r'name="form" value="([^"]+)"', browser.page)
    browser.get(f"{at(seen, way)}?decision=approved&hash={seen.proposal.hash}&form={form[1]}")
    assert browser.status == 404
    assert state(office, seen) is State.PROPOSED


async def test_a_form_of_no_session_or_another_decides_nothing(office, agent, anna):
    """T35: cross-site request forgery."""
    seen = await office.propose(agent)
    browser, other = office.browser(anna), office.browser(anna)
    stolen = re.search(r'name="form" value="([^"]+)"', other.page)[1]
    for token in ("", stolen, "x" * 5000):
        browser.post(at(seen), decision="approved", hash=seen.proposal.hash, form=token)
        assert browser.status == 403
        assert "nothing was done" in browser.text
    assert state(office, seen) is State.PROPOSED


async def test_who_proposed_it_does_not_decide_under_any_key(office, agent):
    """R61, R67: four eyes are two people, not two accounts."""
    seen = await office.propose(agent)
    other = office.key("ada", Role.APPROVER, "place_hold", person="ada@example.com")
    browser = office.browser(other)
    assert "You proposed this. Another person decides." in browser.text
    assert not browser.has_form(at(seen))
    token = re.search(r'name="form" value="([^"]+)"', browser.page)[1]
    browser.post(at(seen), decision="approved", hash=seen.proposal.hash, form=token)
    assert browser.status == 403
    assert state(office, seen) is State.PROPOSED


async def test_a_stale_hash_is_refused_in_clear_words(office, agent, anna):
    """R35: what is approved is what was shown."""
    seen = await office.propose(agent)
    browser = office.browser(anna)
    browser.submit(at(seen), decision="approved", hash="0" * 64)
    assert browser.status == 412
    assert "what you saw is not what it is" in browser.text.casefold()
    assert f'href="/console/proposals/{seen.proposal.id}"' in browser.page
    assert "Trace" in browser.text


async def test_two_people_each_with_their_key_once_more(office, agent, anna):
    """R67, T35: in the highest tier an open session is not enough, and one person is not two."""
    seen = await office.propose(agent, units=600)
    ben = office.key("ben", Role.APPROVER, "place_hold")
    browser = office.browser(anna)
    assert "Two different people" in browser.text
    for key in ("", ben):
        browser.get("/console/proposals")
        browser.submit(at(seen), decision="approved", key=key)
        assert browser.status == 403
    browser.get("/console/proposals")
    browser.submit(at(seen), decision="approved", key=anna)
    assert "1 of 2 so far: anna@example.com" in browser.text
    assert "You have decided on this already" in browser.text
    assert state(office, seen) is State.PROPOSED
    second = office.browser(ben)
    second.submit(at(seen), decision="approved", key=ben)
    assert state(office, seen) is State.APPROVED


async def test_an_approver_without_the_grant_looks_on(office, agent):
    """R51."""
    seen = await office.propose(agent)
    browser = office.browser(office.key("carl", Role.APPROVER, "get_stock"))
    assert "You have no grant to decide on inventory.place_hold." in browser.text
    assert not browser.has_form(at(seen))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.OPERATOR])
async def test_who_does_not_decide_sees_no_buttons_and_is_refused(office, agent, role):
    """R53, R67: an auditor only looks; who operates the machine does not decide either."""
    seen = await office.propose(agent)
    browser = office.browser(office.key("somebody", role))
    for path in ("/console/proposals", f"/console/proposals/{seen.proposal.id}"):
        browser.get(path)
        assert f"your key is an {role}'s" in browser.text
        assert 'name="decision"' not in browser.page
    token = re.search(r'name="form" value="([^"]+)"', browser.page)[1]
    browser.post(at(seen), decision="approved", hash=seen.proposal.hash, form=token)
    assert browser.status == 403


async def test_a_write_that_was_done_can_be_proposed_to_be_undone(office, agent, anna):
    """R103: the undo is a proposal, which another person decides on."""
    seen = await office.propose(agent)
    browser = office.browser(anna)
    browser.submit(at(seen), decision="approved")
    await office.assembly.worker.step()
    browser.get(f"/console/proposals/{seen.proposal.id}")
    browser.submit(at(seen, "undo"), reason="wrong order")
    assert "Release hold" in browser.text
    assert "It cannot be undone: the units may be gone." in browser.text
    assert "Would undo" in browser.text
    assert "You proposed this. Another person decides." in browser.text
    browser.get(f"/console/proposals/{seen.proposal.id}")
    assert "Undoing" in browser.text


async def test_read_only_a_person_does_it_and_says_so(open_office):
    """R12."""
    office = open_office("read-only")
    agent = office.key("billing-agent", Role.AGENT, "get_stock", "place_hold", person="ada@example.com")
    anna = office.key("anna", Role.APPROVER, "place_hold")
    seen = await office.propose(agent)
    browser = office.browser(anna)
    browser.submit(at(seen), decision="approved")
    assert not await office.assembly.worker.step()
    browser.submit(at(seen, "done-by-hand"), reference="WMS-77")
    assert state(office, seen) is State.DONE_BY_HAND
    assert '"WMS-77"' in browser.text


async def test_an_uncertain_write_is_settled_by_who_looked(office, agent, anna):
    """R79: it is never repeated; a person says what it did."""
    office.system.lose = True
    seen = await office.propose(agent)
    browser = office.browser(anna)
    browser.submit(at(seen), decision="approved")
    await office.assembly.worker.step()
    browser.get("/console/proposals")
    assert "nobody knows whether it was written" in browser.text
    browser.get(f"/console/proposals/{seen.proposal.id}")
    browser.submit(at(seen, "resolve"), outcome="done", note="seen in the WMS")
    assert state(office, seen) is State.DONE
    assert len(office.system.writes) == 1


async def test_a_second_decision_is_a_conflict_on_a_page(office, agent, anna):
    seen = await office.propose(agent)
    browser, late = office.browser(anna), office.browser(office.key("ben", Role.APPROVER, "place_hold"))
    browser.submit(at(seen), decision="declined")
    late.submit(at(seen), decision="approved")
    assert late.status == 409
    assert "Conflict" in late.text
