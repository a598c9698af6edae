"""What a feed adapter may give beyond its verbs: files not complete yet, strays, one reading, a record read alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from brownfield.contract.adapter import Arrival, Chunk, Damage, FeedAdapter, Row


@dataclass(frozen=True, slots=True)
class Sighting:
    """One file as it is listed, whole or still being written. Nothing of it has been read.

    Attributes:
        name: The name within the connection's location, with `/` between folders.
        size: Bytes.
        modified: By the far side's clock, which may be wrong; None when the far side does not say.
        stamp: Changes when the file does, as far as a listing can tell: size, time, inode, etag.
        marked: Whether the file that says that this one is complete is there; None when there are no such files.
        stays: It lies there after it was claimed too, so that what was claimed under this stamp is seen again.
    """

    name: str
    size: int
    modified: datetime | None
    stamp: str
    marked: bool | None = None
    stays: bool = False


@runtime_checkable
class WatchedFeed(FeedAdapter, Protocol):
    """A feed adapter that also shows what is not complete yet: then runtime judges when it is, and has it claimed.

    Its `arrivals()` are the files that were claimed and not settled, whoever claimed them: what a killed run left too.
    """

    def sightings(self) -> Iterable[Sighting]:
        """The files that lie in the location and are nobody's yet. Raises `Unavailable` when it cannot be listed."""

    def flaw(self, sighting: Sighting) -> str:
        """What says that the file is not whole (its length, its missing trailer), or an empty string. Cheap."""

    def claim(self, sighting: Sighting) -> bool:
        """Make the file ours, at once and for one of those who try. False: it is gone, or it changed, or not now."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A file that lies where the files of a connection arrive, and is none of them.

    Attributes:
        name: The name within the connection's location.
        address: The whole of it, by which another connection over the same place knows it: `/srv/drop/NOTE.txt`.
        modified: As in a `Sighting`.
    """

    name: str
    address: str
    modified: datetime | None


@runtime_checkable
class SurveyedFeed(FeedAdapter, Protocol):
    """A feed adapter that also shows what lies beside its files: then people are told what nobody takes."""

    def strays(self) -> Iterable[Stray]:
        """The files beside its own that nothing explains: no marker, nothing temporary, nothing put away there.

        Raises `Unavailable` when the location cannot be listed.
        """

    def knows(self, address: str) -> bool:
        """Whether a file is this connection's to take, or it can say what it is there for. Reaches nothing."""


@runtime_checkable
class GatheringFeed(FeedAdapter, Protocol):
    """A feed adapter that judges a file and gives its rows in one reading, for whoever keeps them until the end."""

    def gather(self, arrival: Arrival) -> Iterator[Chunk] | None:
        """The rows that `collect` gives from the first on, before the file is judged: until they end, all are in doubt.

        None where that would be no less work, as of a format that is judged by reading all of it.

        A checkpoint has the control totals that were found up to it; the last one's are judged.

        Raises:
            Rejected: The file is not what it should be; what was given means nothing. `collect` says why.
            Unavailable: The file cannot be read now.
        """


@runtime_checkable
class RereadingFeed(FeedAdapter, Protocol):
    """A feed adapter that can read one record's bytes alone, so that a person can correct them."""

    def reread(self, number: int, raw: bytes) -> Row | Damage:
        """What these bytes hold as the record of that number. Raises `Rejected` when they are no one record."""
