"""What a difference between the pinned contract and the live one breaks: one table, and what follows from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Breaks = Literal["nothing", "writes", "everything"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        subject: The far-side operation or record type.
        kind: `text` when only words changed, else `shape`.
        breaks: `nothing`; `writes`: reads may go on, for what comes back is still held against the pinned contract;
            `everything`.
        where: The place within the subject: `input.Site`, `output.Lines[].Qty`; empty for the whole.
        words: One sentence: `GetItem now requires the new field Site`.
    """

    subject: str
    kind: Literal["text", "shape"]
    breaks: Breaks
    where: str
    words: str


SEVERITY: dict[str, tuple[Breaks, Breaks]] = {
    "field added": ("nothing", "nothing"),
    "required field added": ("everything", "nothing"),
    "field removed": ("everything", "writes"),
    "required field removed": ("everything", "everything"),
    "now required": ("everything", "nothing"),
    "now optional": ("nothing", "writes"),
    "looser": ("nothing", "writes"),
    "tighter": ("writes", "nothing"),
    "other rule": ("writes", "writes"),
    "other shape": ("everything", "everything"),
}
"""What each difference breaks when it is in what we send, and in what comes back.

`writes`: the system may refuse some calls, or answer outside the contract, after which nobody knows what a write did.
Anything in a record breaks everything, for a batch is read by position; a fault breaks nothing: a no stays a no.
"""

State = Literal["untouched", "warned", "stopped"]
Stop = Literal["everything", "writes"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a look at the live system saw.

    Attributes:
        at: When, UTC.
        outcome: `same`, `drifted`, or `unreachable`: then `changes` are those of the look before.
        changes: How it differs from the pin.
        words: Why it could not be seen; else empty.
    """

    at: datetime
    outcome: Literal["same", "drifted", "unreachable"]
    changes: tuple[Change, ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """What an exposed operation or feed has to do with the far side.

    Attributes:
        name: The operation or feed.
        effect: `read` or `write`; a feed is `feed`.
        connection: The connection that it goes over.
        subjects: The far-side calls or record types that it may touch.
    """

    name: str
    effect: Literal["read", "write", "feed"]
    connection: str
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class Touch:
    """What a drift means for one exposed operation or feed.

    Attributes:
        name: The operation or feed.
        effect: As in `Reach`.
        state: `untouched`; `warned`: it goes on; `stopped`.
        because: The changes that matter to it, in words.
    """

    name: str
    effect: str
    state: State
    because: tuple[str, ...] = ()


def touch(reach: Reach, changes: Iterable[Change]) -> Touch:
    """What changes of its connection mean for an exposed operation or feed."""
    told = [change for change in changes if change.subject in reach.subjects]
    write = reach.effect == "write"
    grave = [change.words for change in told if stops(change, write=write)]
    if grave:
        return Touch(reach.name, reach.effect, "stopped", tuple(grave))
    return Touch(reach.name, reach.effect, "warned" if told else "untouched", tuple(change.words for change in told))


def stopped(changes: Iterable[Change]) -> dict[str, Stop]:
    """The far-side calls and record types that changes stop, and whether reads of them too."""
    found: dict[str, Stop] = {}
    for change in changes:
        if change.breaks != "nothing" and found.get(change.subject) != "everything":
            found[change.subject] = change.breaks
    return found


def stops(change: Change, *, write: bool) -> bool:
    """Whether a change stops the calls, or only the writes, that have to do with it."""
    return change.breaks == "everything" or (write and change.breaks == "writes")
