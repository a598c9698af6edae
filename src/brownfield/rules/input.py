"""The life of a job's input file, and what an acknowledgement says to a proposal that left in one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from brownfield.rules.proposal import Event, State


class Step(StrEnum):
    """How far a file has come."""

    PREPARED = "prepared"  # its bytes are kept, and its number is taken; nothing of it can be seen outside
    RESENDING = "resending"  # it has left before, and a person asked for it once more
    LEAVING = "leaving"  # it is staged beside its place: what is staged no more has left
    SENT = "sent"
    UNKNOWN = "unknown"  # it was staged, is there no more, and nobody saw it leave: an answer or a person tells
    WITHDRAWN = "withdrawn"  # a person took it back before it left; the next file has its number


WAYS: dict[Step, frozenset[Step]] = {
    Step.PREPARED: frozenset({Step.LEAVING, Step.WITHDRAWN}),
    Step.RESENDING: frozenset({Step.LEAVING, Step.SENT, Step.UNKNOWN}),
    Step.LEAVING: frozenset({Step.SENT, Step.UNKNOWN, Step.PREPARED, Step.RESENDING}),
    Step.SENT: frozenset({Step.RESENDING}),
    Step.UNKNOWN: frozenset({Step.RESENDING}),
    Step.WITHDRAWN: frozenset(),
}
"""From `leaving` back leads only what was found: the file is staged still, so it has surely not left."""

DIGITS = 18
"""Of the number of a file or of a record, as an acknowledgement writes it, at most."""
UNFINISHED = (Step.PREPARED, Step.RESENDING, Step.LEAVING)
OUTSIDE = frozenset({Step.SENT, Step.UNKNOWN, Step.RESENDING, Step.LEAVING})
"""Steps at which a job may have the file, so that an acknowledgement of it means something."""


class Meaning(StrEnum):
    """What one line of an acknowledgement changes."""

    SETTLES = "settles"
    REPEATS = "repeats"  # the same was said before: nothing changes
    CONTRADICTS = "contradicts"  # the other was said before, or found by a person: nothing changes, a person looks
    UNMATCHED = "unmatched"  # it is nobody's, or says neither: nothing changes, a person looks


@dataclass(frozen=True, slots=True)
class Said:
    """One line of an acknowledgement.

    Attributes:
        sequence: Of the file that it is about; None when it names none.
        record: Which record: its number, or the value of an argument; empty when it names none.
        event: `confirm` or `refuse`; None when the status is neither.
        status: As the system wrote it.
        message: The system's words.
    """

    sequence: int | None
    record: str
    event: Event | None
    status: str
    message: str = ""


def read_said(data: Mapping[str, Any], names: Mapping[str, str], accepted: Collection[str],
              rejected: Collection[str]) -> Said:  # fmt: skip
    """What an event of the acknowledgement feed says.

    Args:
        data: The event's data.
        names: The fields that hold `sequence`, `record`, `status` and, where there are words, `message`.
        accepted: Statuses of what was done.
        rejected: Statuses of what was not; none: every other.
    """
    found = {word: _text(data.get(field)) for word, field in names.items()}
    status, sequence = found["status"], found["sequence"]
    refused = status in rejected if rejected else bool(status)
    event = Event.CONFIRM if status in accepted else Event.REFUSE if refused else None
    number = int(sequence) if _is_number(sequence) else None
    return Said(number, found["record"], event, status, found.get("message", ""))


def meaning(state: State | None, event: Event | None) -> Meaning:
    """What a line means to the proposal that it is about; None: it is about none."""
    if state is None or event is None:
        return Meaning.UNMATCHED
    if state in {State.SENT, State.UNKNOWN}:
        return Meaning.SETTLES
    done = state in {State.DONE, State.DONE_BY_HAND}
    if not done and state not in {State.REJECTED, State.FAILED}:
        return Meaning.UNMATCHED
    return Meaning.REPEATS if done == (event is Event.CONFIRM) else Meaning.CONTRADICTS


def is_open(state: State, result: Mapping[str, Any] | None) -> bool:
    """Whether nobody has said yet what became of a record: neither the system's answer nor a person."""
    return state in {State.SENT, State.UNKNOWN} and "status" not in (result or {})


def plain_number(text: str) -> str:
    """A record's number without leading zeros: `000012` and `12` are the same record."""
    return str(int(text)) if _is_number(text) else text


def _is_number(text: str) -> bool:
    """Whether these are digits that 64 bits hold, as every number of ours is; more of them are none."""
    return text.isascii() and text.isdigit() and len(text) <= DIGITS


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
