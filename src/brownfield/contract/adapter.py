"""What an adapter is: a few synchronous verbs, and one frozen description that an entry point names."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from brownfield.contract.shape import Contract

Fields = Mapping[str, Any]
"""Named plain JSON values. Decimals are strings, times are the text the system gave, nil is None, absent is absent."""

Settings = TypeVar("Settings", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a connection may lean on its system.

    Attributes:
        concurrency: Calls under way at once; also the size of the connection's thread pool.
        per_second: Calls begun per second.
        deadline: Seconds from the call's start until it is given up, connect and transfer included.
        max_bytes: Largest reply or file accepted, after decompression.
    """

    concurrency: int = 4
    per_second: float = 20.0
    deadline: float = 30.0
    max_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Opening(Generic[Settings]):
    """Everything an adapter is given when a connection is opened.

    Attributes:
        name: The connection's name in the manifest.
        folder: The bundle's folder; every file setting lies inside it and is already absolute.
        settings: The adapter's own settings, validated; `{file = …}` and `{env = …}` are resolved.
        secret: Resolves a secret by its name in the manifest (`password`) at call time.
            Raises `Unavailable` when it cannot be had. A reader's opening knows no write secret.
        limits: See `Limits`.
        timezone: The zone of the system's naive times, or None.
        contract: The pinned contract, or None while there is none (`new`, `lock`).
        derived: What was worked out from the pinned files before, by a name that changes when they do. What is put
            in comes back as it was, also in a later process, or not at all.
        ledger: The name of the ledger that what is done here is written into, for what two that share a place there
            must tell apart; asked when it is first needed, empty where there is no ledger.
    """

    name: str
    folder: Path
    settings: Settings
    secret: Callable[[str], str]
    limits: Limits = field(default_factory=Limits)
    timezone: ZoneInfo | None = None
    contract: Contract | None = None
    derived: MutableMapping[str, bytes] = field(default_factory=dict)
    ledger: Callable[[], str] = str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call answered.

    Attributes:
        fields: The answer. When `rows` is given, the long list is not in here.
        rows: The rows of the answer's one long list, streamed; read once.
    """

    fields: Fields
    rows: Iterator[Fields] | None = None

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


class CallAdapter(Protocol):
    """A system that answers calls. Verbs block; failures are `Rejected`, `Unavailable`, `Uncertain`, `Drifted`."""

    def probe(self) -> None:
        """Return when the system is there; raise `Unavailable` when it is not. Changes nothing."""

    def describe(self) -> Contract:
        """The far side's contract from the pinned files; no network."""

    def invoke(self, operation: str, fields: Fields) -> Reply:
        """Make one call, once. Never retries: whether to try again is decided by the caller."""

    def close(self) -> None:
        """Give up sockets and handles. May be called twice."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One file seen in the drop.

    Attributes:
        name: The name within the connection's location, with `/` between folders.
        size: Bytes.
        sha256: Of the whole content, 64 hex digits: the file's identity.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where to resume, stored in the same transaction as the events of the records before it.

    Attributes:
        record: Records consumed so far; the next record has this number (the first is 0).
        offset: Bytes consumed so far.
        prefix: sha256 of those bytes; a resume on other bytes is refused.
        totals: Running totals by name, exact (decimals as strings). One that the file states is a mapping: `stated`,
            `found`, and `state`, which is `verified`, `unverified` or `absent`; people are told which is `unverified`.
        context: Whatever else the adapter needs to resume: open header, parent record.
    """

    record: int = 0
    offset: int = 0
    prefix: str = ""
    totals: Fields = field(default_factory=dict)
    context: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One decoded record: its number in the file, its record type, its fields."""

    number: int
    kind: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Damage:
    """One record that could not be decoded, kept whole for quarantine.

    Attributes:
        number: The record's number in the file, from 0.
        offset: Where the record starts, in bytes from the start of the file.
        raw: The record's bytes as they are.
        field: The field that failed, or an empty string when the record as a whole did.
        code: A short stable word, such as `packed-nibble`.
        reason: One sentence for a person, with the byte offset within the record where it is known.
    """

    number: int
    offset: int
    raw: bytes
    field: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Documents:
    """Records of one type as JSON text, ready to be stored.

    Attributes:
        numbers: Their numbers in the file, ascending.
        keys: For each the value of its key field as text.
        pieces: For each its fields as a JSON document, without blanks, and a line feed; some together, in any number.
    """

    numbers: Sequence[int]
    keys: Sequence[str]
    pieces: Sequence[bytes]

    @property
    def lines(self) -> bytes:
        """All of them."""
        return b"".join(self.pieces)


def key_text(fields: Fields, name: str) -> str:
    """The value of a key field as text: empty where it is nil, or where there is no such field."""
    value = fields.get(name)
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Image:
    """Records of one type as they stand in the file, every one of them readable: `Adapter.render` makes events of them.

    Attributes:
        numbers: Their numbers in the file, ascending.
        pieces: Their bytes, however the adapter writes them down: `Adapter.render` gets all pieces as one.
        layout: All that reads them again, whatever becomes of the bundle: text of the adapter's own.
        adapter: The adapter's name.
    """

    numbers: Sequence[int]
    pieces: Sequence[bytes | memoryview]
    layout: str
    adapter: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """The records committed in one transaction.

    Attributes:
        rows: Those that could be decoded; a sequence that makes them when it is first read will do.
        damaged: Those that could not.
        checkpoint: The position after the last of them.
        render: For an adapter that gets to JSON text without making rows: a function from a record type and the name
            of the key field to what `rows` holds of that type. It is asked in place of `rows` where a feed is exposed
            as it is, and what it gives is held against no schema: it must be what `describe` says.
        image: For an adapter that can render records later: a function from a record type to what `rows` holds of it.
    """

    rows: Sequence[Row]
    damaged: tuple[Damage, ...]
    checkpoint: Checkpoint
    render: Callable[[str, str], Documents] | None = field(default=None, compare=False, repr=False)
    image: Callable[[str], Image] | None = field(default=None, compare=False, repr=False)


class Verdict(StrEnum):
    """What becomes of a file after the commit."""

    ARCHIVE = "archive"
    SET_ASIDE = "set-aside"


class FeedAdapter(Protocol):
    """A place where batch files arrive. Which files are new is judged by runtime from the ledger, never here."""

    def probe(self) -> None:
        """Return when the location can be read; raise `Unavailable` when it cannot."""

    def describe(self) -> Contract:
        """The record types, from the pinned layout."""

    def arrivals(self) -> Iterable[Arrival]:
        """The files that are complete now, oldest first. A file still being written is not listed."""

    def collect(self, arrival: Arrival, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """The rows after `checkpoint`, in order.

        Framing and control totals of the whole file are checked before the first chunk is given.

        Raises:
            Rejected: The file is not what it should be (truncated, wrong totals, other bytes than before the
                checkpoint). No chunk was given, or none after the last one given.
            Unavailable: The file cannot be read now.
        """

    def settle(self, arrival: Arrival, verdict: Verdict) -> None:
        """Archive the file or set it aside, after the commit. Idempotent: a file already moved is no error."""

    def close(self) -> None:
        """Give up handles. May be called twice."""
