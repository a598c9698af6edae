"""Who comes in, and what they may reach."""

from datetime import timedelta

import pytest
from stage import EVERYTHING, HOLD

from brownfield.ledger.identity import add_grant
from brownfield.rules.access import Role
from brownfield.rules.problem import Problem

pytestmark = pytest.mark.anyio


def refusal(stage, key):
    with pytest.raises(Problem) as problem:
        stage.assembly.guard.admit(key)
    return problem.value.body("t")


def test_every_bad_key_is_refused_in_the_same_words(stage):
    """R50, R58: which of them it is, is not told."""
    revoked = stage.key("revoked", Role.AGENT)
    stage.revoke(revoked)
    expired = stage.key("expired", Role.AGENT, lasts=timedelta(hours=1))
    abroad = stage.key("abroad", Role.AGENT, environment="production")
    good = stage.key("good", Role.AGENT)
    stage.clock.move(timedelta(hours=1))
    bad = [None, "", "nonsense", "bf_00000000_x", revoked, expired, abroad, good[:-1], good.upper(), good + "é", "bf__"]
    told = [refusal(stage, key) for key in bad]
    assert told == [told[0]] * len(bad)
    assert told[0]["status"] == 401
    assert stage.assembly.guard.admit(good).identity.name == "good"


def test_a_key_is_good_until_the_instant_it_expires(stage):
    """R56."""
    key = stage.key("short", Role.AGENT, lasts=timedelta(hours=1))
    stage.clock.move(timedelta(minutes=59, seconds=59))
    assert stage.assembly.guard.admit(key)
    stage.clock.move(timedelta(seconds=1))
    assert refusal(stage, key)["code"] == "unauthenticated"


def test_the_ledger_holds_no_key(stage):
    """R57: a stolen ledger opens no door."""
    key = stage.key("agent", Role.AGENT)
    assert all(key.split("_", 2)[2].encode() not in path.read_bytes()
               for path in (stage.folder / "home").rglob("*") if path.is_file())  # fmt: skip


MATRIX = {
    Role.AGENT: {"get_stock", "list_stock", "place_hold"},
    Role.APPROVER: {"get_stock", "list_stock", "get_hold"},
    Role.OPERATOR: {"get_stock", "list_stock", "get_hold", "place_hold", "release_hold"},
    Role.AUDITOR: set(),
}
ARGUMENTS = {"get_stock": {"Sku": "A-100"}, "list_stock": {}, "get_hold": {"Id": "H-1"}, "place_hold": HOLD,
             "release_hold": {"Id": "H-1"}}  # fmt: skip


@pytest.mark.parametrize("role", Role)
async def test_role_effect_grant_and_agents_decide_together(stage, role):
    """R51, R52, R53, R54: every cell, with all grants and with none."""
    stage.system.holds["H-1"] = {"Id": "H-1", **HOLD}
    granted = stage.caller("granted", role, *EVERYTHING)
    bare = stage.caller("bare", role)
    for operation, arguments in ARGUMENTS.items():
        before = len(stage.system.calls)
        if operation in MATRIX[role]:
            assert await stage.call(granted, operation, arguments)
        else:
            with pytest.raises(Problem, match="there is no operation"):
                await stage.call(granted, operation, arguments)
            assert len(stage.system.calls) == before
        with pytest.raises(Problem, match="there is no operation"):
            await stage.call(bare, operation, arguments)
    names = [operation.name for operation in stage.assembly.guard.visible(granted, "canned")]
    assert names == sorted(MATRIX[role])
    assert stage.assembly.guard.visible(bare, "canned") == []


async def test_what_is_hidden_answers_as_what_is_not_there(stage):
    """R33, R53: a refusal tells nothing."""
    agent, told = stage.caller("agent", Role.AGENT), []
    for name in ("get_hold", "get_horse"):
        with pytest.raises(Problem) as problem:
            await stage.call(agent, name, {"Id": "H-1"})
        told.append({word: str(fact).replace(name, "…") for word, fact in problem.value.body("t").items()})
    assert told[0] == told[1]


async def test_a_grant_holds_from_the_next_call(stage):
    """R31: no restart, no new key."""
    key = stage.key("agent", Role.AGENT)
    assert stage.assembly.guard.visible(stage.assembly.guard.admit(key), "canned") == []
    kernel = stage.assembly.kernel
    with kernel.ledger.write() as connection:
        who = stage.assembly.guard.admit(key).identity
        add_grant(connection, who.id, "canned", "get_stock", granted_by="test", now=kernel.clock.now())
    assert (await stage.call(stage.assembly.guard.admit(key), "get_stock", {"Sku": "A-100"})).data["OnHand"] == 140


async def test_who_is_recognised_again_has_the_grants_of_now(stage):
    """R102: a long request does not outlive its key."""
    key = stage.key("agent", Role.AGENT)
    caller = stage.assembly.guard.admit(key)
    stage.revoke(key)
    with pytest.raises(Problem) as problem:
        stage.assembly.guard.again(caller)
    assert problem.value.code == "unauthenticated"
