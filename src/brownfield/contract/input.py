"""What an input adapter is: it turns approved writes into a file that a batch job takes, and puts it in its place.

One file is one batch: a header, one record for each write, a trailer, under a number that has no gap. Runtime decides
what goes into it, keeps its bytes before anything is put anywhere, and tells from the acknowledgement what became of
each record; the adapter knows the layout and the place.

Nothing is there half, and nothing is put twice. `stage` writes everything beside its place under names that no job
looks at. Runtime then notes that the file is leaving, and `release` gives it its name, the marker last. Who finds a
file noted as leaving asks `where` it is: what is still staged has not left, what has its name has. Of what is neither
nobody knows: a job may have taken it, or somebody have cleaned up. It is never put again by itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from brownfield.contract.adapter import Fields
from brownfield.contract.draft import Sight
from brownfield.contract.shape import Contract, JsonSchema

RESULT: JsonSchema = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "description": "The file that it left in."},
        "sequence": {"type": "integer", "description": "The file's number."},
        "record": {"type": "integer", "description": "Which record of the file it is, from 1."},
        "status": {"type": "string", "description": "What the acknowledgement said."},
        "message": {"type": "string", "description": "Its words, where it has some."},
    },
    "required": ["file", "sequence", "record"],
    "additionalProperties": False,
}
"""The output of every operation of an input adapter; runtime fills it."""


@dataclass(frozen=True, slots=True)
class InputRecord:
    """One write as a record.

    Attributes:
        call: The record type.
        fields: As the operation's schema describes them.
    """

    call: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class InputBatch:
    """What goes into one file.

    Attributes:
        sequence: Its number: one more than that of the file before it, whatever became of that one.
        date: The business date, in the connection's zone.
        records: In the order in which they are to stand; the first is number 1. At least one.
    """

    sequence: int
    date: date
    records: Sequence[InputRecord]


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that is ready to be put in place.

    Attributes:
        name: Within the location.
        data: All its bytes.
    """

    name: str
    data: bytes


class Whereabouts(StrEnum):
    """Where a file is that was staged."""

    STAGED = "staged"  # beside its place still: it has surely not left
    THERE = "there"  # under its name, its marker perhaps not yet: no job has taken it away
    TAKEN = "taken"  # this connection gave it its name, and it is there no more
    GONE = "gone"  # nothing of it is there: nobody knows


class InputAdapter(Protocol):
    """A place where a batch job finds its input. Verbs block."""

    def probe(self) -> None:
        """Return when files can be put there; raise `Unavailable` when they cannot. Leaves nothing behind."""

    def describe(self) -> Contract:
        """An operation for each record type that a write may become, its output `RESULT`; no network."""

    def flaw(self, record: InputRecord) -> str:
        """Why these fields cannot stand in a record exactly as they are, or an empty string. Pure.

        What does not fit is never cut: a number with more digits than its picture, a character that the encoding
        lacks, a line end in a text.
        """

    def render(self, batch: InputBatch) -> InputFile:
        """The file. Pure: the same batch gives the same bytes. It is read again before it is given, and is equal.

        Raises:
            Rejected: It cannot be written: a record has a flaw, a total or the number has more digits than its field.
        """

    def look(self, data: bytes) -> Iterable[Sight]:
        """Every field of such a file with its place, its bytes and what they mean."""

    def adopt(self) -> None:
        """Leave a sign in the place, by which this connection of this ledger knows it again. May be done again.

        Runtime asks for it before the very first file. Where the sign is missing later, it is another place, or the
        empty folder of a share that is not mounted: `stage`, `release` and `where` raise `Unavailable`.
        """

    def where(self, file: InputFile) -> Whereabouts:
        """Where a file is that was staged once.

        Raises:
            Unavailable: It cannot be looked at.
        """

    def stage(self, file: InputFile) -> None:
        """Write the file, and its marker where there is one, beside their places, durably. May be done again.

        Raises:
            Rejected: Something else has the file's name (code `taken`). Nothing was written.
            Unavailable: It could not be written; nothing of it can be seen under its name.
        """

    def release(self, file: InputFile) -> bool:
        """Give what is staged its name, the file first, the marker last, durably. May be done again.

        Returns:
            Whether anything was staged. When nothing was, the file left before, or somebody took away what was staged:
            `where` tells.

        Raises:
            Rejected: Something else has the file's name (code `taken`); what was staged stays.
            Unavailable: It could not be done, or not to the end: do it again.
        """

    def discard(self, file: InputFile) -> None:
        """Take away what was staged. What has left stays where it is. May be done again."""

    def close(self) -> None:
        """Give up handles. May be called twice."""
