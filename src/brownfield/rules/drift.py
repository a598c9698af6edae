"""What differs between the pinned contract and the live one, and what that breaks."""

from dataclasses import dataclass
from typing import Literal

from brownfield.contract import Contract


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        subject: The far-side operation or record type.
        kind: `text` when only words changed, else `shape`.
        breaks: `nothing`; `writes`: reads may go on, for what comes back is still held against the pinned contract;
            `everything`.
        where: The place within the subject: `input.Site`, `output.Lines.Qty`; empty for the whole.
        words: One sentence: `GetItem now requires the new field Site`.
    """

    subject: str
    kind: Literal["text", "shape"]
    breaks: Literal["nothing", "writes", "everything"]
    where: str
    words: str


def compare(pinned: Contract, live: Contract) -> tuple[Change, ...]:
    """All differences, by subject and place."""
    raise NotImplementedError
