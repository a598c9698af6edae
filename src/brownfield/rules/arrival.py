"""What becomes of a file that lies in a drop: when it is complete, what it is, what is then done with it.

seen → ready → claimed → staged → identified        from then on it has a number: see `ledger.batch.FileState`
↘      ↘
gone   gone
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from brownfield.contract.watched import Sighting
from brownfield.wrapper.manifest import FeedTable, ReadyTable


class Step(StrEnum):
    """How far a file has come on its way in."""

    SEEN = "seen"  # it is listed; it may still be being written
    READY = "ready"  # it is complete, as far as can be told from outside
    CLAIMED = "claimed"  # it is ours: no other worker and no writer finds it where it was
    STAGED = "staged"  # its bytes are at hand, and their sha256 is known
    IDENTIFIED = "identified"  # what it is, and what is done with it, is decided
    GONE = "gone"  # it vanished before it was claimed


NEXT: dict[Step, frozenset[Step]] = {
    Step.SEEN: frozenset({Step.READY, Step.GONE}),
    Step.READY: frozenset({Step.SEEN, Step.CLAIMED, Step.GONE}),  # seen again: it changed after all
    Step.CLAIMED: frozenset({Step.STAGED}),
    Step.STAGED: frozenset({Step.IDENTIFIED}),
    Step.IDENTIFIED: frozenset(),
    Step.GONE: frozenset(),
}
"""Every step there is. A killed worker's file is where it was; nothing goes back but to be looked at again."""

WATCHED = frozenset({Step.SEEN, Step.READY})
"""The steps of a file that still lies in the drop."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A file as it has been watched so far.

    Attributes:
        sighting: As it was listed last.
        polls: How often it was listed so, without a change between.
        changed_at: When it was seen to have changed, by our clock; None when it never was.
        first_at: When it was listed first, by our clock.
    """

    sighting: Sighting
    polls: int
    changed_at: datetime | None
    first_at: datetime


def watch(before: Watch | None, sighting: Sighting, now: datetime) -> Watch:
    """What is known of a file after one more listing."""
    if before is None:
        return Watch(sighting, 1, None, now)
    if before.sighting.stamp != sighting.stamp:
        return Watch(sighting, 1, now, before.first_at)
    return replace(before, sighting=sighting, polls=before.polls + 1)


def waits_for(seen: Watch, ready: ReadyTable, now: datetime) -> str:
    """What a file is still waited for, in words; empty when it looks complete.

    A marker decides alone. Else the file must have been left alone: since its own time, where nothing speaks against
    it, and since we saw it change, where we did. A time of the far side that lies ahead of ours says nothing, and one
    that went backwards is a change like any other.
    """
    if seen.sighting.marked is not None:
        return "" if seen.sighting.marked else "its marker is not there"
    if seen.polls < ready.polls:
        return f"seen {seen.polls} of {ready.polls} times without a change"
    left_alone = now - _quiet_since(seen, now)
    return "" if left_alone >= ready.age else f"left alone for {_seconds(left_alone)} of {_seconds(ready.age)}"


def is_given_up(seen: Watch, ready: ReadyTable, now: datetime) -> bool:
    """Whether a file that is visibly not whole has been waited for long enough: it will not get any better."""
    return seen.sighting.marked is not None or now - _quiet_since(seen, now) >= ready.patience


def _quiet_since(seen: Watch, now: datetime) -> datetime:
    modified = seen.sighting.modified
    if seen.changed_at is not None:
        return seen.changed_at
    return seen.first_at if modified is None or modified > now else modified


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"


class Kind(StrEnum):
    """What a file is to a feed that has taken others before."""

    NEW = "new"
    DUPLICATE = "duplicate"  # the same content, whatever its name
    CORRECTION = "correction"  # other content under a name, or a number, that was taken
    LATE = "late"  # a smaller number than one that was taken
    REPLAY = "replay"  # whatever it is: a person wants it taken in again


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows that bears on a file.

    Attributes:
        same: The name of a file of the same content, or None.
        named: Whether other content was taken under this name.
        last: The greatest number that was taken, or None.
    """

    same: str | None = None
    named: bool = False
    last: int | None = None


Treatment = Literal["take", "archive", "hold", "refuse"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file is, what is done with it, and why, in words."""

    kind: Kind
    treatment: Treatment
    reason: str = ""


def number_of(name: str, feed: FeedTable) -> int | None:
    """The number in a file's name, where the feed says that there is one."""
    found = re.search(feed.sequence, name) if feed.sequence else None
    digits = re.sub("[^0-9]", "", found[1]) if found else ""
    return int(digits[:18]) if digits else None


def identify(number: int | None, known: Known, feed: FeedTable) -> Identity:
    """What a file is, and what the feed's policy does with it."""
    if known.same is not None:
        reason = f"the same content as {known.same}, which was seen before"
        return Identity(Kind.DUPLICATE, feed.on_duplicate, reason)
    if known.named or (number is not None and number == known.last):
        what = "this name" if known.named else f"number {number}"
        return Identity(Kind.CORRECTION, feed.on_correction, f"other content was taken under {what} before")
    if number is not None and known.last is not None and number < known.last:
        return Identity(Kind.LATE, feed.on_late, f"number {number} comes after number {known.last} was taken")
    return Identity(Kind.NEW, "take")
