"""What an answer says of the records of a file: who is told, what is kept, and what the audit may hold of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from brownfield.rules.paging import PAGED
from brownfield.rules.problem import Problem

pytestmark = pytest.mark.anyio

FAR = """
[connections.far]
adapter = "canned"
secrets.read = { password = "canned/read" }
calls.read = ["GetStock"]

[operations.get_stock]
via = "far"
call = "GetStock"
effect = "read"
description = "What there is."
"""


@pytest.mark.parametrize(("on_hand", "state"), [(140, "done"), (139, "unknown")])
async def test_what_was_accepted_is_read_back_where_the_manifest_says_so(open_desk, on_hand, state):
    """The job's word alone is not taken for it."""
    desk = confirming(open_desk, on_hand)
    [id_] = await desk.whole("SO-1")
    found = desk.proposal(id_)
    assert (str(found.state), found.reading["OnHand"]) == (state, 140)
    assert found.result["status"] == "00"


async def test_an_answer_that_comes_late_and_cannot_be_read_back_is_told(open_desk):
    """It is unknown as before; what the job said and what was found are kept, and somebody is paged."""
    desk = confirming(open_desk, 139)
    id_ = await desk.approved("SO-1")
    await desk.send()
    desk.clock.move(timedelta(hours=25))
    await desk.settle()
    desk.work()
    await desk.answered()
    found, [told] = desk.proposal(id_), desk.entries("write.unknown")
    assert (str(found.state), found.result["status"]) == ("unknown", "00")
    assert found.outcome == "accepted with 00: TAKEN; read back, but different: OnHand" == told.body["cause"]
    assert told.event in PAGED
    assert desk.entries("input.acknowledged")[0].body["unknown"] == 1


def confirming(open_desk, on_hand):
    """A desk where what was accepted is held against the stock, which is 140."""
    asked = '{ operation = "get_stock", args = { Sku = "arguments.sku" }'
    confirm = f"confirm = {asked}, expect = {{ OnHand = {on_hand} }} }}"
    desk = open_desk({'write = ["place': 'read = ["get_stock"]\nwrite = ["place',
                   'key = "order_no"\ndescription = "Place': f'{confirm}\nkey = "order_no"\ndescription = "Place'},
                  more=FAR)  # fmt: skip
    (desk.folder / "secrets" / "canned").mkdir(parents=True)
    secret = desk.folder / "secrets" / "canned" / "read"
    secret.write_text("read-secret")
    secret.chmod(0o600)
    return desk


PERSONAL = {'key = "order_no"\ndescription = "Place':
            'key = "order_no"\npersonal = ["order_no"]\ndescription = "Place'}  # fmt: skip


async def test_the_audit_keeps_no_personal_value_that_an_answer_repeats(open_desk):
    """The system's words are kept without it; of a line that is nobody's only numbers and status are kept."""
    desk = open_desk(PERSONAL)
    await desk.whole("SO-1")
    desk.reply("ACK000001-B.DAT", [(1, 1, "10"), (7, 1, "00")], words="NO CUSTOMER SO-1")
    await desk.answered()
    [odd], [stray] = desk.entries("input.contradicted"), desk.entries("input.unmatched")
    assert odd.body["lines"] == ["file 1, record 1: 10 NO CUSTOMER (personal)"]
    assert stray.body["lines"] == ["file 7, record 1: 00"]


async def test_a_stray_record_that_is_told_by_an_argument_is_not_kept(open_desk):
    desk = open_desk({**PERSONAL, 'record   = "line_no"': 'record   = "order_no"\nargument = "order_no"'})
    await desk.whole("SO-1")
    desk.reply("ACK000001-B.DAT", [(1, 1, "00")])
    await desk.answered()
    [stray] = desk.entries("input.unmatched")
    assert stray.body["lines"] == ["file 1: 00"]


async def test_whoever_looks_at_values_leaves_an_entry(open_desk):
    """A file, the list of them, and what the next one would hold: each shows what people have asked to be written."""
    desk = open_desk()
    await desk.whole("SO-1")
    await desk.approved("SO-2")
    sending = desk.assembly.sending
    sending.show(desk.marie, "orders", "entry", 1)
    sending.listing(desk.marie)
    sending.listing(desk.marie, "orders.entry")
    await sending.plan(desk.operator, "orders", "entry")
    read = desk.entries("inputs.read")
    assert [entry.identity for entry in read] == ["marie", "marie", "marie", "operator"]
    told = desk.assembly.asking.ask(desk.operator, "who looked at what today")["story"]
    for words in ('marie@example.com looked at the file "ORD000001.DAT" for entry (orders)',
                  "marie@example.com looked at the list of files that writes left in",
                  "marie@example.com looked at the list of files for entry (orders)",
                  "operator@example.com looked at what the next file for entry (orders) would hold"):  # fmt: skip
        assert words in " ".join(told)


async def test_who_has_no_grant_of_a_wrapper_sends_nothing_of_it(open_desk):
    """R31: the role alone is not enough, and the refusals are told."""
    desk = open_desk()
    await desk.whole("SO-1")
    stranger, sending = replace(desk.operator, grants=frozenset({("billing", "*")})), desk.assembly.sending
    for asked in (sending.send(stranger, "orders", "entry"), sending.plan(stranger, "orders", "entry"),
                  sending.resend(stranger, "orders", "entry", 1, "lost"),
                  sending.withdraw(stranger, "orders", "entry", 1, "lost")):  # fmt: skip
        with pytest.raises(Problem, match="operator has no grant of orders"):
            await asked
    assert len(desk.entries("call.denied")) == 4


async def test_who_proposed_a_record_does_not_have_it_sent_again(open_desk):
    """It may be a second write: as with a decision, it takes another person, who says why."""
    desk = open_desk()
    id_ = desk.approve(await desk.proposed("SO-1", operation="cancel_order"))
    await desk.send()
    sending = desk.assembly.sending
    with pytest.raises(Problem, match="proposed this; another person sends it again") as refusal:
        await sending.resend(desk.operator, "orders", "entry", 1, "lost")
    assert refusal.value.code == "denied"
    for asked in (sending.resend, sending.withdraw):
        with pytest.raises(Problem, match="nothing is said of why"):
            await asked(desk.operator, "orders", "entry", 1, " ")
    assert desk.states([id_]) == ["sent"]
    assert not desk.entries("input.resent", "input.withdrawn")
