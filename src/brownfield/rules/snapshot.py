"""Snapshots: whether the difference of two extracts may become events, or a person has to look first."""

from dataclasses import dataclass

FEWEST = 20
"""Keys of the earlier extract below which a percentage says nothing."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much of what was there may go, or change, at once. Percent of the earlier extract's keys.

    Attributes:
        most_deleted: Keys that are gone.
        most_changed: Keys that have other contents; None for any number.
    """

    most_deleted: float = 10.0
    most_changed: float | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What differs between two extracts.

    Attributes:
        before: Keys of the earlier extract.
        after: Keys of the later one.
        created: Only in the later one.
        updated: In both, with other contents.
        deleted: Only in the earlier one.
    """

    before: int
    after: int
    created: int
    updated: int
    deleted: int


def suspicion(tolerance: Tolerance, counts: Counts) -> str:
    """Why a person has to look at the extract before it is believed; empty when nobody has to."""
    if counts.before and not counts.after:
        return f"the extract has no key, the one before it had {counts.before}"
    if _too_many(counts.deleted, tolerance.most_deleted, counts.before):
        return _words(counts.deleted, "are gone", tolerance.most_deleted, counts)
    if tolerance.most_changed is not None and _too_many(counts.updated, tolerance.most_changed, counts.before):
        return _words(counts.updated, "have changed", tolerance.most_changed, counts)
    return ""


def _too_many(count: int, percent: float, of: int) -> bool:
    return of >= FEWEST and count * 100 > percent * of


def _words(count: int, what: str, percent: float, counts: Counts) -> str:
    return (
        f"{count} of {counts.before} keys {what}, more than the {percent:g} % allowed; the extract has {counts.after}"
    )
