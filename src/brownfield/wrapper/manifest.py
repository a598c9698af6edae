"""`wrapper.toml`: the facts that an auditor reads without running Python."""

import difflib
import re
import tomllib
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from brownfield.wrapper.duration import Duration
from brownfield.wrapper.finding import BundleError, Finding

MANIFEST = "wrapper.toml"
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Effect = Literal["read", "write"]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scope(_Table):
    """The four-line scope document."""

    system_of_record: Text
    source_class: Literal["record", "engagement", "last-resort"] = Field(alias="class")
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    owner: Text
    page: Text


class Calls(_Table):
    """What each far-side call does, declared by a person. A call in neither list cannot be made."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


class SecretNames(_Table):
    """Secrets by the name the adapter asks for; only the worker resolves `write`."""

    read: dict[str, str] = Field(default_factory=dict)
    write: dict[str, str] = Field(default_factory=dict)


class LimitTable(_Table):
    """See `brownfield.contract.Limits`."""

    concurrency: Annotated[int, Field(ge=1, le=256)] = 4
    per_second: Annotated[float, Field(gt=0)] = 20.0
    deadline: Duration = timedelta(seconds=30)
    max_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024


class DriftTable(_Table):
    """A watch over the live description of a system, while `up` runs.

    Attributes:
        every: How often it is held against the pin.
        live: Where it is, by what it is: `{ wsdl = "http://…?wsdl" }`, `{ file = "…", layout = "…" }`; or a variable.
    """

    every: Duration
    live: dict[str, str | dict[Literal["env"], str]] = Field(min_length=1)


class BatchTable(_Table):
    """How writes become files, on a connection whose writes leave as one.

    Attributes:
        first: The number of the first file.
        most: Writes that one file may hold.
    """

    first: Annotated[int, Field(ge=1)] = 1
    most: Annotated[int, Field(ge=1, le=10_000)] = 1000


class AcknowledgementTable(_Table):
    """What tells what became of the records of a file: a feed, and which of its events' fields say so.

    Attributes:
        feed: A feed of this bundle.
        sequence: The field that holds the number of the file.
        record: The field that tells the record: its number in the file, or what `argument` names.
        argument: The argument of the write that `record` repeats (`order_no`); unless told, it is the number.
        status: The field that says what became of it.
        accepted: Values of it that say that it was done.
        rejected: Values that say that it was not; unless told, all others.
        message: The field that holds the system's words.
        within: How long after the file left every record is to be acknowledged.
    """

    feed: Name
    sequence: Text
    record: Text
    argument: Text | None = None
    status: Text
    accepted: Annotated[tuple[str, ...], Field(min_length=1)]
    rejected: tuple[str, ...] = ()
    message: Text | None = None
    within: Duration = timedelta(hours=24)

    @property
    def fields(self) -> dict[str, str]:
        """The fields of an event by what they say."""
        named = {"sequence": self.sequence, "record": self.record, "status": self.status}
        return named | ({"message": self.message} if self.message else {})


class ConnectionTable(_Table):
    """A connection: our keys here; the adapter's own keys are the extra ones, checked by the adapter."""

    model_config = ConfigDict(frozen=True, extra="allow")

    adapter: Name
    timezone: str | None = None
    secrets: SecretNames = SecretNames()
    calls: Calls = Calls()
    limits: LimitTable = LimitTable()
    drift: DriftTable | None = None
    batch: BatchTable = BatchTable()
    acknowledgement: AcknowledgementTable | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The adapter's own keys, as written."""
        return dict(self.model_extra or {})


class Reading(_Table):
    """Another operation, and where its arguments come from (`result.id`, `arguments.sku`)."""

    operation: Name
    args: dict[str, Any] = Field(default_factory=dict)


class Confirmation(Reading):
    """A read-back, and which of its fields must have which value (`status = "RELEASED"`)."""

    expect: dict[str, Any] = Field(default_factory=dict)


class CacheTable(_Table):
    """For how long an answer may be given again.

    Attributes:
        fresh: Without asking the system.
        stale_if_error: For so much longer when the system is unavailable.
    """

    fresh: Duration
    stale_if_error: Duration = timedelta(0)

    @property
    def seconds(self) -> tuple[float, float]:
        """Both, in seconds."""
        return self.fresh.total_seconds(), self.stale_if_error.total_seconds()


class OperationTable(_Table):
    """An operation. Without `effect` it is not exposed.

    Attributes:
        via: The connection.
        call: The far-side call that is exposed as it is; None when a function is bound.
        effect: Declared by a person.
        agents: May be granted to an agent.
        hide: Fields that leave schema and result.
        personal: Arguments that the audit keeps as commitments.
        key: The argument that makes a repeated write one write.
        before: A read of the state that the approver sees and the approval binds.
        confirm: A read that shows what the write did; fields named as arguments must come back equal, and those of
            `expect` as it says.
        reconcile: A read that tells a person what an uncertain write did.
        undo: The write that reverses it.
        irreversible: Why there is no such write.
        cache: For how long an answer may be given again; None asks the system each time.
        single_flight: Whether callers who ask the same at the same time share one call.
    """

    via: Name
    call: str | None = None
    effect: Effect | None = None
    agents: bool = False
    title: str | None = None
    description: str | None = None
    hide: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    key: str | None = None
    before: Name | None = None
    confirm: Confirmation | None = None
    reconcile: Reading | None = None
    undo: Reading | None = None
    irreversible: str | None = None
    cache: CacheTable | None = None
    single_flight: bool = False

    @property
    def shared(self) -> bool:
        """Whether a caller may be given what was read for another."""
        return self.cache is not None or self.single_flight


class ReadyTable(_Table):
    """When a file that lies in a drop counts as complete, where no marker says so.

    Attributes:
        polls: How often it must have been seen unchanged.
        age: How long it must have been left alone.
        patience: How long a file that is visibly not whole, by its length or its trailer, is waited for before it is
            taken as it is, and refused.
    """

    polls: Annotated[int, Field(ge=1, le=100)] = 1
    age: Duration = timedelta(seconds=2)
    patience: Duration = timedelta(minutes=10)


def _one_group(pattern: str) -> str:
    if re.compile(pattern).groups != 1:
        raise ValueError("needs exactly one group, the number: 'STK([0-9]{8})'")
    return pattern


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"there is no time zone {name!r}; name one as Europe/Paris")
    return name


class ExpectTable(_Table):
    """When a feed's file is due, and how large it should be. What is not so is told; nothing is stopped by it.

    Attributes:
        by: Local time at which the day's file has to be there.
        timezone: Where it is read.
        opens: From when a file counts for the day; later than `by`, it is the evening before.
        missing_after: How long after `by` a late file is called missing.
        days: On which days of the week.
        calendar: A country, a country's part or a market whose holidays and weekends are no such days.
        closed: Further days that are not.
        roll: What becomes of a day that is closed: no file, or one on the next, or the previous, open day.
        least: Records that a file has at least; 0 where an empty file is fine.
        most: Records that a file has at most.
        deviation: Percent that its records may differ from the median of the ten files before it.
    """

    by: time
    timezone: Annotated[str, AfterValidator(_known_zone)]
    opens: time = time(0)
    missing_after: Duration = timedelta(hours=4)
    days: tuple[Day, ...] = DAYS
    calendar: str | None = None
    closed: tuple[date, ...] = ()
    roll: Literal["skip", "next", "previous"] = "skip"
    least: Annotated[int, Field(ge=0)] | None = None
    most: Annotated[int, Field(ge=0)] | None = None
    deviation: Annotated[float, Field(gt=0)] | None = None


class SnapshotTable(_Table):
    """A feed whose files are full extracts: its events are the changes from one to the next, by key.

    Attributes:
        ignore: Fields that are neither compared nor told.
        most_deleted: Percent of the keys that may be gone at once; with more, the file is held.
        most_changed: Percent that may have changed.
    """

    ignore: tuple[str, ...] = ()
    most_deleted: Annotated[float, Field(ge=0, le=100)] = 10.0
    most_changed: Annotated[float, Field(gt=0, le=100)] | None = None


class FeedTable(_Table):
    """A feed: how the records of a batch become events.

    Attributes:
        sink: How events are kept: a row each; those of a transaction in one, compressed; or their records, rendered
            when they are read. A consumer cannot tell.
        quarantine_limit: Records that may be unreadable; with more, the file is held.
        quarantine_percent: The same as a share of the records read so far, looked at from the hundredth on.
        ready: When a file is complete.
        poll: How often the location is looked at while `up` runs; None where `collect` or a schedule does.
        on_duplicate: What becomes of content that was taken before: put away, or kept for a person, or refused.
        on_correction: What becomes of other content under a name, or a number, that was taken before.
        sequence: Where in a name its number stands (`STK([0-9]{8})`); files are then taken in its order.
        on_late: What becomes of a file with a smaller number than one that was taken before.
        expect: When its file is due, and how large it should be.
        snapshot: Said of a feed whose files are full extracts; its events are changes then.
    """

    via: Name
    emits: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*\.v[0-9]+$")]
    key: Text
    record: str = "detail"
    agents: bool = False
    description: str | None = None
    sink: Literal["rows", "chunks", "raw"] = "rows"
    quarantine_limit: Annotated[int, Field(ge=0)] = 100
    quarantine_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    ready: ReadyTable = ReadyTable()
    poll: Annotated[Duration, Field(ge=timedelta(seconds=1))] | None = None
    on_duplicate: Literal["archive", "hold", "refuse"] = "archive"
    on_correction: Literal["take", "hold", "refuse"] = "take"
    sequence: Annotated[str, AfterValidator(_one_group)] | None = None
    on_late: Literal["take", "hold", "refuse"] = "hold"
    expect: ExpectTable | None = None
    snapshot: SnapshotTable | None = None


class MisfireTable(_Table):
    """What becomes of a missed due time."""

    grace: Duration = timedelta(hours=1)
    catch_up: Literal["once", "all", "none"] = "once"


class ScheduleTable(_Table):
    """A clock for a feed, for an operation that is declared a read, or for the file of a connection."""

    feed: Name | None = None
    operation: Name | None = None
    send: Name | None = None
    args: dict[str, Any] = Field(default_factory=dict)
    cron: Text
    timezone: Text
    misfire: MisfireTable = MisfireTable()


class Manifest(_Table):
    """The whole of `wrapper.toml`."""

    id: Name
    title: Text
    mode: Literal["read-only", "live"] = "read-only"
    scope: Scope
    connections: dict[Name, ConnectionTable]
    operations: dict[Name, OperationTable] = Field(default_factory=dict)
    feeds: dict[Name, FeedTable] = Field(default_factory=dict)
    schedules: dict[str, ScheduleTable] = Field(default_factory=dict)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the bundle in `folder`.

    Raises:
        BundleError: With one finding per fault, each with its line.
    """
    path = folder / MANIFEST
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleError([Finding(str(path), f"cannot be read: {error}", "run `brownfield new ID`")]) from None
    try:
        return Manifest.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise BundleError([Finding(MANIFEST, str(error), "mend the TOML", int(line[1]) if line else None)]) from None
    except ValidationError as error:
        raise BundleError([_finding(text, dict(fault)) for fault in error.errors()]) from None


def _finding(text: str, fault: dict[str, Any]) -> Finding:
    path = tuple(str(part) for part in fault["loc"] if part != "[key]")
    where = f"{MANIFEST}: {'.'.join(path)}"
    line = locate(text, path)
    if fault["type"] == "extra_forbidden":
        near = nearest(path[-1], _keys_beside(path))
        return Finding(where, f"unknown key `{path[-1]}`", f"did you mean `{near}`?" if near else "remove it", line)
    if fault["type"] == "missing":
        return Finding(where, f"`{path[-1]}` is missing", "add it", locate(text, path[:-1]))
    return Finding(where, str(fault["msg"]), "correct the value", line)


def nearest(word: str, known: list[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None."""
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.5)), None)


def _keys_beside(path: tuple[str, ...]) -> list[str]:
    tables: dict[str, type[BaseModel]] = {
        "connections": ConnectionTable, "operations": OperationTable, "feeds": FeedTable, "schedules": ScheduleTable,
    }  # fmt: skip
    inner: dict[str, type[BaseModel]] = {
        "cache": CacheTable,
        "misfire": MisfireTable, "ready": ReadyTable, "expect": ExpectTable, "snapshot": SnapshotTable,
        "confirm": Confirmation, "undo": Reading, "reconcile": Reading, "calls": Calls, "secrets": SecretNames,
        "limits": LimitTable, "drift": DriftTable, "scope": Scope, "batch": BatchTable,
        "acknowledgement": AcknowledgementTable,
    }  # fmt: skip
    parent = path[:-1]
    table = inner.get(parent[-1]) if parent else Manifest
    table = table or tables.get(parent[0], Manifest)
    return [field.alias or name for name, field in table.model_fields.items()]


_HEADER = re.compile(r"^\s*\[([^\[\]]+)\]")
_ASSIGNMENT = re.compile(r"^\s*([A-Za-z0-9_.\"-]+)\s*=")


def locate(text: str, path: tuple[str, ...]) -> int | None:
    """The line, from 1, on which the key `path` (or the nearest table around it) is written; tomllib does not tell."""
    best, depth, table = None, 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        header, assignment = _HEADER.match(line), _ASSIGNMENT.match(line)
        if header:
            table = header[1]
        elif not assignment:
            continue
        dotted = (
            table
            if header
            else f"{table}.{assignment[1]}"
            if table and assignment
            else str(assignment and assignment[1])
        )
        parts = tuple(part.strip().strip('"') for part in dotted.split("."))
        if parts == path[: len(parts)] and len(parts) > depth:
            best, depth = number, len(parts)
    return best
