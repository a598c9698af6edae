"""A write is asked for, and people decide on it."""

import asyncio
from datetime import timedelta

import pytest
from stage import EVERYTHING, HOLD

from brownfield.contract import Unavailable, fingerprint
from brownfield.ledger.proposal import claim, move
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import Event

pytestmark = pytest.mark.anyio
TWO = "[policy]\ntwo_above = 5000\n"
WORTH = """
from brownfield import Fields, Money, Wrapper
canned = Wrapper("canned")
@canned.impact("place_hold")
def worth(fields: Fields, before: Fields) -> Money:
    return Money(minor=fields["Units"] * 100, currency="EUR")
"""


def refused(code, work):
    with pytest.raises(Problem) as problem:
        work()
    assert problem.value.code == code
    return problem.value


async def test_a_write_becomes_a_proposal_and_nothing_is_written(stage):
    """R61, R69: with the state before, a tier and a hash over all that an approval binds."""
    proposal = await stage.proposed(stage.agent)
    assert proposal.state == "proposed"
    assert proposal.before == {"Sku": "A-100", "OnHand": 140, "Price": "49.90"}
    assert proposal.before_hash == fingerprint(proposal.before)
    assert (proposal.impact, proposal.tier, proposal.needed, proposal.origin) == (None, "one", 1, "agent")
    assert len(proposal.hash) == 64
    assert [call for call, _ in stage.system.calls] == ["GetStock"]
    assert stage.system.writes == []


async def test_its_worth_decides_how_many_approve(put_up):
    """R62, R65, R66, R67: below, at and above the thresholds; what nobody can value is the highest tier."""
    stage = put_up(wrapper=WORTH, settings="[policy]\nauto_below = 500\ntwo_above = 5000\n")
    agent, tiers = stage.agent, {}
    for units in (499, 500, 5000, 5001):
        proposal = await stage.proposed(agent, {"Sku": "A-100", "Units": units, "Order": f"SO-{units}"})
        tiers[units] = (proposal.tier, proposal.state, proposal.impact["minor"])
    assert tiers == {
        499: ("auto", "approved", 49900), 500: ("one", "proposed", 50000),
        5000: ("one", "proposed", 500000), 5001: ("two", "proposed", 500100),
    }  # fmt: skip
    release = (await stage.call(stage.operator, "release_hold", {"Id": "H-1"})).proposal
    assert (release.impact, release.tier) == (None, "two")


async def test_an_impact_that_fails_is_unknown_and_so_the_highest_tier(put_up):
    """R62: a wrapper's defect never makes a write cheaper."""
    stage = put_up(
        wrapper=WORTH.replace('fields["Units"] * 100', "1 // 0"), settings="[policy]\nauto_below = 5\n" + TWO[9:]
    )
    proposal = await stage.proposed(stage.agent)
    assert (proposal.impact, proposal.tier, proposal.needed) == (None, "two", 2)


async def test_the_same_key_is_the_same_write(stage):
    """R86: the same request again gives the same proposal; another one a conflict; somebody else's too."""
    agent = stage.agent
    first, again = await stage.proposed(agent), await stage.proposed(agent)
    assert again.id == first.id
    with pytest.raises(Problem) as problem:
        await stage.proposed(agent, HOLD | {"Units": 3})
    assert problem.value.code == "conflict"
    with pytest.raises(Problem) as problem:
        await stage.proposed(stage.caller("other", Role.AGENT, *EVERYTHING))
    assert problem.value.code == "conflict"
    assert first.id not in problem.value.cause
    assert len(stage.assembly.proposing.list(agent)) == 1


async def test_many_at_once_are_one(stage):
    """R86: an agent that repeats itself in parallel has made one proposal."""
    agent = stage.agent
    seen = await asyncio.gather(*(stage.proposed(agent) for _ in range(12)))
    assert len({proposal.id for proposal in seen}) == 1
    assert len(stage.entries("write.proposed")) == 1


async def test_no_look_no_proposal(stage):
    """R61, R69: what an approver could not be shown is not asked for."""
    stage.system.fails["GetStock"] = Unavailable("closed")
    agent = stage.agent
    with pytest.raises(Problem) as problem:
        await stage.proposed(agent)
    assert problem.value.code == "unavailable"
    assert stage.assembly.proposing.list(agent) == []


async def test_an_approval_needs_the_hash_of_what_was_seen(stage):
    """R35, R69: none, another, and a changed one are stale."""
    proposal = await stage.proposed(stage.agent)
    marie, decide = stage.approver(), stage.assembly.proposing.decide
    for hash_ in ("", "0" * 64, proposal.hash[:-1], proposal.hash.upper()):
        assert refused("stale", lambda hash_=hash_: decide(marie, proposal.id, "approved", hash_)).kind.status == 412
    assert decide(marie, proposal.id, "approved", proposal.hash).proposal.state == "approved"


async def test_who_proposed_does_not_decide_by_no_identity(stage):
    """R61, R67: four eyes are two people, not two keys; an agent decides nothing at all."""
    agent = stage.caller("agent", Role.AGENT, *EVERYTHING, person="ann@example.com")
    proposal = await stage.proposed(agent)
    decide, same = stage.assembly.proposing.decide, stage.approver("ann-approves", person="ann@example.com")
    other_agent = stage.caller("robot", Role.AGENT, *EVERYTHING)
    ungranted = stage.caller("paul", Role.APPROVER, "release_hold")
    for decision in ("approved", "declined"):
        for caller in (agent, same, ungranted, stage.caller(f"op-{decision}", Role.OPERATOR, *EVERYTHING)):
            refused("denied", lambda c=caller, d=decision: decide(c, proposal.id, d, proposal.hash))
        refused("not-found", lambda d=decision: decide(other_agent, proposal.id, d, proposal.hash))
    assert stage.state(proposal.id) == "proposed"
    assert stage.assembly.proposing.get(agent, proposal.id).decisions == []


async def test_a_refused_decision_is_in_the_audit(stage):
    """R49, R99: an agent that tried to approve its own proposal is what an auditor looks for."""
    agent = stage.agent
    proposal = await stage.proposed(agent)
    refused("denied", lambda: stage.assembly.proposing.decide(agent, proposal.id, "approved", proposal.hash))
    refused("denied", lambda: stage.assembly.proposing.by_hand(agent, proposal.id, "X"))
    with pytest.raises(Problem):
        await stage.assembly.proposing.undo(agent, proposal.id)
    denied = stage.entries("call.denied")
    assert [entry.body["refused_on"] for entry in denied] == [proposal.id] * 3
    assert {entry.identity for entry in denied} == {"agent"}


async def test_one_person_decides_once(stage):
    """R86: and with one key only."""
    proposal = await stage.proposed(stage.agent)
    marie, decide = stage.approver(), stage.assembly.proposing.decide
    decide(marie, proposal.id, "approved", proposal.hash)
    refused("conflict", lambda: decide(marie, proposal.id, "approved", proposal.hash))
    refused("conflict", lambda: decide(stage.approver("paul"), proposal.id, "approved", proposal.hash))
    refused("conflict", lambda: decide(marie, proposal.id, "declined", proposal.hash))
    assert len(stage.entries("write.approved")) == 1


async def test_tier_two_needs_two_people(put_up):
    """R67: a second key of the first one is not a second person."""
    stage = put_up(settings=TWO)
    proposal = await stage.proposed(stage.agent)
    decide = stage.assembly.proposing.decide
    assert proposal.needed == 2
    assert decide(stage.approver("marie"), proposal.id, "approved", proposal.hash).proposal.state == "proposed"
    again = stage.approver("marie-again", person="marie@example.com")
    refused("conflict", lambda: decide(again, proposal.id, "approved", proposal.hash))
    await stage.work()
    assert stage.system.writes == []
    assert decide(stage.approver("paul"), proposal.id, "approved", proposal.hash).proposal.state == "approved"


async def test_what_is_decided_is_not_approved_again(put_up):
    """R61, R75: also where one approval alone would change nothing."""
    stage = put_up(settings=TWO)
    proposal = await stage.proposed(stage.agent)
    decide = stage.assembly.proposing.decide
    assert decide(stage.approver("marie"), proposal.id, "declined", proposal.hash, "no").proposal.state == "declined"
    refused("conflict", lambda: decide(stage.approver("paul"), proposal.id, "approved", proposal.hash))
    assert stage.entries("write.approved") == []


async def test_a_declined_key_is_free_again(stage):
    """R61: nothing was written, so the order may be tried anew."""
    agent = stage.agent
    proposal = await stage.proposed(agent)
    stage.assembly.proposing.decide(stage.approver(), proposal.id, "declined", proposal.hash, "too many")
    assert (await stage.proposed(agent, HOLD | {"Units": 1})).id != proposal.id


async def test_a_proposal_expires(stage):
    """R66: to the instant; then nobody can approve it, and it says so."""
    agent, marie, decide = stage.agent, stage.approver(), stage.assembly.proposing.decide
    proposal = await stage.proposed(agent)
    stage.clock.move(timedelta(hours=72))
    assert "expired" in refused("conflict", lambda: decide(marie, proposal.id, "approved", proposal.hash)).cause
    await stage.work()
    assert stage.state(proposal.id) == "expired"
    assert [entry.proposal for entry in stage.entries("write.expired")] == [proposal.id]


async def test_what_was_approved_and_never_written_expires_too(put_up):
    """R66: an approval is no blank cheque."""
    stage = put_up({'mode = "live"': 'mode = "read-only"'})
    id_ = await stage.approved()
    stage.clock.move(timedelta(hours=73))
    await stage.work()
    assert stage.state(id_) == "expired"


async def test_others_do_not_see_it(stage):
    """R31: an agent sees its own proposals; who oversees sees all."""
    agent, other = stage.agent, stage.caller("other", Role.AGENT, *EVERYTHING)
    proposal = await stage.proposed(agent)
    assert stage.assembly.proposing.list(other) == []
    assert refused("not-found", lambda: stage.assembly.proposing.get(other, proposal.id)).cause == (
        f"there is no proposal {proposal.id}"
    )
    assert [seen.proposal.id for seen in stage.assembly.proposing.list(stage.approver())] == [proposal.id]


async def test_a_halted_identity_decides_nothing_and_frees_itself_not(stage):
    """R102: also an operator's own halt is lifted by somebody else."""
    proposal = await stage.proposed(stage.agent)
    marie_key, operator_key = stage.key("marie", Role.APPROVER, *EVERYTHING), stage.key("op", Role.OPERATOR)
    control, admit, other = stage.assembly.control, stage.assembly.guard.admit, stage.operator
    control.halt(other, "identity:marie", "her key is out")
    control.halt(other, "identity:op", "so is his")
    marie, operator = admit(marie_key), admit(operator_key)
    refused("halted", lambda: stage.assembly.proposing.decide(marie, proposal.id, "approved", proposal.hash))
    refused("halted", lambda: control.resume(operator, "identity:op"))
    refused("halted", lambda: control.halt(operator, "everything"))
    assert stage.state(proposal.id) == "proposed"
    control.resume(other, "identity:marie")
    decide = stage.assembly.proposing.decide
    assert decide(admit(marie_key), proposal.id, "approved", proposal.hash).proposal.state == "approved"


@pytest.mark.parametrize("spelt", ["Ann@example.com", "ann@example.com ", "\uff41nn@example.com"])
async def test_another_spelling_is_not_another_person(stage, spelt):
    """R67."""
    proposal = await stage.proposed(stage.caller("agent", Role.AGENT, *EVERYTHING, person="ann@example.com"))
    same = stage.approver("ann-approves", person=spelt)
    refused("denied", lambda: stage.assembly.proposing.decide(same, proposal.id, "approved", proposal.hash))


async def test_who_proposed_does_not_settle_it_either(put_up):
    """R67: nor does somebody without the grant."""
    stage = put_up({'mode = "live"': 'mode = "read-only"'})
    id_ = await stage.approved(stage.caller("agent", Role.AGENT, *EVERYTHING, person="ann@example.com"))
    own = stage.caller("ann-operates", Role.OPERATOR, *EVERYTHING, person="ann@example.com")
    ungranted = stage.caller("op", Role.OPERATOR, "release_hold")
    proposing = stage.assembly.proposing
    for caller in (own, ungranted):
        refused("denied", lambda c=caller: proposing.by_hand(c, id_, "WMS-77"))
    with stage.assembly.kernel.ledger.write() as connection:
        claim(connection, "w", stage.clock.now(), timedelta(minutes=1))
        move(connection, id_, Event.LOSE, stage.clock.now())
    for caller in (own, ungranted):
        refused("denied", lambda c=caller: proposing.resolve(c, id_, "failed", "not there"))
    assert stage.state(id_) == "unknown"


async def test_nothing_is_said_to_be_done_by_hand_that_the_worker_would_do(stage):
    """R11: two of them would be two writes; while it is halted a person may."""
    id_ = await stage.approved()
    operator, proposing = stage.operator, stage.assembly.proposing
    assert "live" in refused("conflict", lambda: proposing.by_hand(operator, id_, "WMS-77")).cause
    stage.assembly.control.halt(operator, "wrapper:canned", "a drill")
    assert proposing.by_hand(operator, id_, "WMS-77").proposal.state == "done_by_hand"


async def test_undo_needs_a_grant_of_the_reverse_and_no_halt(stage):
    """R102, R103: it reads the far side and asks for a write, as any proposal does."""
    id_ = await stage.approved()
    await stage.work()
    undo = stage.assembly.proposing.undo
    with pytest.raises(Problem, match=r"may not undo canned\.release_hold"):
        await undo(stage.caller("paul", Role.APPROVER, "place_hold"), id_)
    key = stage.key("paula", Role.APPROVER, *EVERYTHING)
    stage.assembly.control.halt(stage.operator, "operation:canned.release_hold", "a drill")
    stage.system.calls.clear()
    with pytest.raises(Problem, match="has halted"):
        await undo(stage.assembly.guard.admit(key), id_)
    assert stage.system.calls == []


async def test_what_an_impact_does_to_the_arguments_is_not_asked_for(put_up):
    """R62: the author's function sees copies, off the loop."""
    body = 'import threading\n    fields["Units"] = 1; assert threading.current_thread() is not threading.main_thread()'
    worth = WORTH.replace("    return Money", f"    {body}\n    return Money")
    stage = put_up(wrapper=worth)
    proposal = await stage.proposed(stage.agent)
    assert (proposal.arguments["Units"], proposal.impact["minor"]) == (2, 100)


async def test_only_what_is_unknown_is_resolved(stage):
    """R72, R75: neither what waits, nor what its worker is executing this moment."""
    agent, operator = stage.agent, stage.operator
    proposal = await stage.proposed(agent)
    resolve = stage.assembly.proposing.resolve
    refused("conflict", lambda: resolve(operator, proposal.id, "done", "seen"))
    stage.assembly.proposing.decide(stage.approver(), proposal.id, "approved", proposal.hash)
    assert stage.assembly.worker._claim().id == proposal.id
    refused("conflict", lambda: resolve(operator, proposal.id, "done", "seen"))
    with stage.assembly.kernel.ledger.write() as connection:
        move(connection, proposal.id, Event.LOSE, stage.clock.now())
    assert resolve(operator, proposal.id, "failed", "it is not there").proposal.state == "failed"


async def test_undo_is_a_proposal_that_somebody_else_decides(stage):
    """R103: its arguments come from what was done."""
    id_ = await stage.approved()
    await stage.work()
    operator, proposing = stage.operator, stage.assembly.proposing
    reverse = (await proposing.undo(operator, id_, "a mistake")).proposal
    assert (reverse.operation, reverse.arguments, reverse.undo_of, reverse.state) == (
        "release_hold", {"Id": "H-1"}, id_, "proposed")  # fmt: skip
    same = stage.approver("operator-approves", person="operator@example.com")
    refused("denied", lambda: proposing.decide(same, reverse.id, "approved", reverse.hash))
    proposing.decide(stage.approver("paul"), reverse.id, "approved", reverse.hash)
    await stage.work()
    assert [name for name, _ in stage.system.writes] == ["PlaceHold", "ReleaseHold"]
    assert stage.system.stock["A-100"]["OnHand"] == 140
    again = (await proposing.undo(operator, id_)).proposal
    assert again.id == reverse.id


async def test_what_cannot_be_undone_says_why(stage):
    """R104: the manifest's own words; and what was not done is not undone."""
    id_ = await stage.approved()
    operator, proposing = stage.operator, stage.assembly.proposing
    with pytest.raises(Problem, match="only a write that was done can be undone"):
        await proposing.undo(operator, id_)
    await stage.work()
    reverse = (await proposing.undo(operator, id_)).proposal
    proposing.decide(stage.approver("paul"), reverse.id, "approved", reverse.hash)
    await stage.work()
    with pytest.raises(Problem, match="a hold that is placed again is another hold"):
        await proposing.undo(operator, reverse.id)


async def test_an_undo_is_validated_as_any_write(put_up):
    """R34: what the manifest maps may still not be what the reverse accepts."""
    stage = put_up({'undo = { operation = "release_hold", args = { Id = "result.Id" } }':
                    'undo = { operation = "release_hold", args = { Id = "arguments.Units" } }'})  # fmt: skip
    id_ = await stage.approved()
    await stage.work()
    with pytest.raises(Problem) as problem:
        await stage.assembly.proposing.undo(stage.operator, id_)
    assert problem.value.code == "invalid"


async def test_a_write_by_hand_is_told_with_its_reference(put_up):
    """R11, R12: while the wrapper is read-only nothing is executed; a person does it, and says so."""
    stage = put_up({'mode = "live"': 'mode = "read-only"'})
    id_ = await stage.approved()
    await stage.work()
    assert (stage.state(id_), stage.system.writes) == ("approved", [])
    operator = stage.operator
    seen = stage.assembly.proposing.by_hand(operator, id_, "WMS-77")
    assert (seen.proposal.state, seen.proposal.reference) == ("done_by_hand", "WMS-77")
    (entry,) = stage.entries("write.done_by_hand")
    assert entry.body["person"] == "operator@example.com"
    refused("conflict", lambda: stage.assembly.proposing.by_hand(operator, id_, "WMS-78"))
