"""A drop in memory, and the feed adapter over it.

A file is ASCII lines `SKU COUNT`, and a last line `= LINES`: the trailer, which says how many stand before it.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from brownfield.contract import (
    Arrival,
    Checkpoint,
    Chunk,
    Contract,
    Damage,
    Opening,
    RecordShape,
    Rejected,
    Row,
    Unavailable,
    Verdict,
)
from brownfield.testing.canned.system import SKU, closed

RECORDS = Contract(
    records={
        "detail": RecordShape(fields=closed({"sku": SKU, "on_hand": {"type": "integer"}}), documentation="One item."),
        "trailer": RecordShape(fields=closed({"lines": {"type": "integer"}}), documentation="How many lines."),
    }
)
"""The record types of a canned file."""


@dataclass
class CannedDrop:
    """The place where files arrive.

    Attributes:
        files: Complete files by name, oldest first.
        unfinished: Files still being written.
        settled: What became of files, by name.
        down: It cannot be read.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    unfinished: dict[str, bytes] = field(default_factory=dict)
    settled: dict[str, Verdict] = field(default_factory=dict)
    down: bool = False

    def put(self, name: str, content: bytes) -> None:
        """A complete file arrives."""
        self.files[name] = content

    def begin(self, name: str, content: bytes) -> None:
        """A file begins to be written."""
        self.unfinished[name] = content


class CannedFeedSettings(BaseModel):
    """The settings of a `canned_feed` connection.

    Attributes:
        location: A name; a `dead` one cannot be read.
        chunk: Records per chunk.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    location: str = "memory"
    chunk: int = Field(default=2, ge=1)


class CannedFeed:
    """The feed adapter of a canned drop.

    Args:
        drop: Where files arrive.
        opening: As for any adapter.
    """

    def __init__(self, drop: CannedDrop, opening: Opening[CannedFeedSettings]) -> None:
        self._drop = drop
        self._settings = opening.settings
        self._most_bytes = opening.limits.max_bytes

    def probe(self) -> None:
        """Return when the drop can be read; raise `Unavailable` when it cannot."""
        if self._drop.down or self._settings.location == "dead":
            raise Unavailable("The canned drop cannot be read.")

    def describe(self) -> Contract:
        """The record types, always the same."""
        return RECORDS

    def arrivals(self) -> list[Arrival]:
        """The complete files that are not settled, oldest first."""
        self.probe()
        return [Arrival(name, len(content), _sha256(content)) for name, content in self._drop.files.items()]

    def collect(self, arrival: Arrival, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """The rows after `checkpoint`, checked as a whole before the first chunk.

        Raises:
            Rejected: The file is cut short, too large, or not the one that was seen.
            Unavailable: It cannot be read now.
        """
        content = self._whole(arrival, checkpoint)
        lines = content[checkpoint.offset :].splitlines(keepends=True)
        number, offset = checkpoint.record, checkpoint.offset
        while batch := lines[: self._settings.chunk]:
            del lines[: len(batch)]
            places = [offset + sum(map(len, batch[:index])) for index in range(len(batch))]
            decoded = [_decode(number + index, places[index], line) for index, line in enumerate(batch)]
            number, offset = number + len(batch), offset + sum(map(len, batch))
            rows = tuple(one for one in decoded if isinstance(one, Row))
            damaged = tuple(one for one in decoded if isinstance(one, Damage))
            yield Chunk(
                rows, damaged, Checkpoint(number, offset, _sha256(content[:offset]), {"records": number}, {"v": 1})
            )

    def reread(self, number: int, raw: bytes) -> Row | Damage:
        """What a line holds.

        Raises:
            Rejected: It is not one line.
        """
        if raw.count(b"\n") != 1:
            raise Rejected("It is not one line.", code="framing")
        return _decode(number, 0, raw)

    def settle(self, arrival: Arrival, verdict: Verdict) -> None:
        """Take the file away, if it is still the one that was collected."""
        if _sha256(self._drop.files.get(arrival.name, b"")) == arrival.sha256:
            del self._drop.files[arrival.name]
            self._drop.settled[arrival.name] = verdict

    def close(self) -> None:
        """Nothing is held."""

    def _whole(self, arrival: Arrival, checkpoint: Checkpoint) -> bytes:
        self.probe()
        if arrival.name not in self._drop.files:
            raise Unavailable(f"{arrival.name} is not there.")
        content = self._drop.files[arrival.name]
        if len(content) > self._most_bytes:
            raise Rejected(f"{arrival.name} has more than {self._most_bytes} bytes.", code="too-large")
        if _sha256(content) != arrival.sha256:
            raise Rejected(f"{arrival.name} is not the file that was seen.", code="changed")
        if checkpoint.offset and _sha256(content[: checkpoint.offset]) != checkpoint.prefix:
            raise Rejected(f"{arrival.name} does not begin as it did before.", code="changed")
        trailer = re.search(rb"^= (\d+)\n\Z", content, re.MULTILINE)
        if trailer is None:
            raise Rejected(f"{arrival.name} ends without its trailer: it is cut short.", code="trailer")
        if int(trailer[1]) != content.count(b"\n") - 1:
            raise Rejected(f"{arrival.name} has other than the {int(trailer[1])} lines it states.", code="totals")
        return content


def _decode(number: int, offset: int, line: bytes) -> Row | Damage:
    if found := re.fullmatch(rb"([A-Z]-\d{3}) (\d+)\n", line):
        return Row(number, "detail", {"sku": found[1].decode(), "on_hand": int(found[2])})
    if found := re.fullmatch(rb"= (\d+)\n", line):
        return Row(number, "trailer", {"lines": int(found[1])})
    return Damage(number, offset, line, "on_hand", "not-a-count", "The line is not an item and a count.")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
