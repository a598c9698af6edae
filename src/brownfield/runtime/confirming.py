"""Confirming: what a write did is read back, and how it ended is put into one word and one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator

from brownfield.contract import Failure, Fields, JsonSchema
from brownfield.ledger.proposal import Proposal
from brownfield.rules.binding import Unbound, bind
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import Event
from brownfield.rules.sameness import Takes, same
from brownfield.runtime.approval import state_before
from brownfield.runtime.kernel import OpenWrapper
from brownfield.runtime.reader import read
from brownfield.wrapper.bundle import Operation
from brownfield.wrapper.manifest import Reading

WORDS = {
    Event.CONFIRM: "write.done", Event.REFUSE: "write.rejected", Event.RELEASE: "write.released",
    Event.EXHAUST: "write.failed", Event.LOSE: "write.unknown", Event.DENY: "write.denied",
    Event.EXPIRE: "write.expired", Event.SEND: "write.sent",
}  # fmt: skip
"""What the audit calls each way an attempt can end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended, and what the ledger keeps of it; one that a halt held back was none."""

    event: Event
    why: str
    result: dict[str, Any] | None = None
    reading: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    failure: Failure | None = None
    held: bool = False


async def read_back(opened: OpenWrapper, operation: Operation, proposal: Proposal, result: dict[str, Any]) -> Outcome:
    """What the system shows of a write that it said it made."""
    confirm = operation.table.confirm
    if confirm is None:
        return Outcome(Event.CONFIRM, "written; the manifest names nothing to read back", result)
    try:
        reading = await look(opened, confirm, {"arguments": proposal.arguments, "result": result})
    except (Failure, Problem, Unbound) as error:
        return Outcome(Event.LOSE, f"written, but it could not be read back: {error}", result)
    told, shown = proposal.arguments | confirm.expect, opened.bundle.operations[confirm.operation].output
    compared = [n for n in told if n in reading or n in confirm.expect]
    wrong = [n for n in compared if not same(told[n], reading.get(n), _takes(shown, n))]
    if wrong:
        return Outcome(Event.LOSE, f"read back, but different: {', '.join(wrong)}", result, reading)
    try:
        after = await state_before(opened, operation, proposal.arguments)
    except Failure:
        after = None
    return Outcome(Event.CONFIRM, "written and read back", result, reading, after)


def _takes(schema: JsonSchema, field: str) -> Takes:
    """Whether the schema of a field takes a text; one that says nothing of the field takes every one."""
    member = schema.get("properties", {}).get(field, {})
    return Draft202012Validator({**member, "$defs": schema.get("$defs", {})}).is_valid


async def look(opened: OpenWrapper, reading: Reading, scopes: Mapping[str, Fields]) -> dict[str, Any]:
    """What a read gives that a manifest binds to a write.

    Raises:
        Failure: The system's.
        Problem: See `read`.
        Unbound: An argument leads nowhere.
    """
    return await read(opened, opened.bundle.operations[reading.operation], bind(reading.args, scopes))


def changed(before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, list[Any]] | None:
    """Per field that differs: what it was and what it is."""
    if before is None or after is None:
        return None
    names = sorted(before.keys() | after.keys())
    return {n: [before.get(n), after.get(n)] for n in names if before.get(n) != after.get(n)}
