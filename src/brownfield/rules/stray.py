"""Strays: files that lie where the files of feeds arrive, and that no feed takes. They are told, and never touched."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from brownfield.contract.watched import Stray

SHOWN = 5
"""Names that are told; the others are counted."""
EVERY = timedelta(minutes=1)
"""A location that is polled is surveyed no more often than that: it is a listing of everything there."""
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Survey:
    """What the last look at a connection's location saw beside its files.

    Attributes:
        at: When that was, UTC.
        files: How many strays.
        names: Of those that have lain longest.
        since: When the oldest was changed last, by the clock of its place; None when that does not say.
        unread: When it was tried last since then and the location could not be read, UTC; None when it could.
    """

    at: datetime
    files: int
    names: tuple[str, ...]
    since: datetime | None
    unread: datetime | None = None


def survey(strays: Iterable[Stray], now: datetime) -> Survey:
    """What is told of strays: how many, the oldest by name, and since when."""
    found = sorted(strays, key=lambda one: (one.modified or _LAST, one.name))
    return Survey(now, len(found), tuple(one.name for one in found[:SHOWN]), found[0].modified if found else None)


def is_due(last: Survey | None, now: datetime) -> bool:
    """Whether a location that nobody asked about is to be surveyed again."""
    return last is None or now - last.at >= EVERY
