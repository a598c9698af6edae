"""What is pinned held against what is there now: by command, and on a schedule while `up` runs."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brownfield.contract import Contract, Failure, Sources
from brownfield.rules import drift as rules
from brownfield.rules.comparison import compare
from brownfield.rules.drift import Change, Reach, Stop, Touch
from brownfield.rules.problem import Problem
from brownfield.runtime.locking import describe, pinned_contract, unreadable
from brownfield.runtime.opening import Surroundings, open_adapter, resolve
from brownfield.wrapper.bundle import Bundle, Operation, open_bundle
from brownfield.wrapper.finding import BundleError
from brownfield.wrapper.lock import CONTRACT_FOLDER
from brownfield.wrapper.manifest import ConnectionTable, Manifest, read_manifest
from brownfield.wrapper.reach import reached


@dataclass(frozen=True, slots=True)
class Drift:
    """How one bundle differs from the systems that it wraps.

    Attributes:
        wrapper: The bundle's id.
        changes: The differences, by connection.
        touches: What they mean, one for each exposed operation and feed.
        live: Whether a live description was looked at, and not the vendored files.
        notes: What had to be set right to read it, and had not to be when it was pinned.
    """

    wrapper: str
    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    touches: tuple[Touch, ...] = ()
    live: bool = False
    notes: tuple[str, ...] = ()

    @property
    def breaks(self) -> bool:
        """Whether a difference breaks something, exposed or not."""
        return any(change.breaks != "nothing" for changes in self.changes.values() for change in changes)


def drift(folder: Path, sources: Sources, around: Surroundings, connection: str = "") -> Drift:
    """How the live system differs from what is pinned.

    Args:
        folder: The bundle.
        sources: Where the live description is, as for `new`; empty for what the manifest says under `drift`, and
            for the vendored files where it says nothing.
        around: Adapters and environment.
        connection: Which connection, where more than one could be meant.

    Raises:
        BundleError: The bundle cannot be read.
        Problem: No connection, or more than one, is described by such a source; or it cannot be read.
    """
    folder = folder.resolve()
    pinned = {name: pinned_contract(folder, name) for name in read_manifest(folder).connections}
    bundle = open_bundle(folder)
    if sources:
        live = {_meant(bundle.manifest, sources, around, connection): sources}
    else:
        live = {name: found for name in bundle.manifest.connections if (found := declared(bundle, name, around))}
    contracts = {name: live_contract(bundle, name, found, around) for name, found in live.items()}
    if not contracts:
        contracts = describe(folder, bundle.manifest, around)
    changes = {name: compare(pinned[name], found) for name, found in contracts.items()}
    notes = tuple(note for name, found in contracts.items() for note in found.notes if note not in pinned[name].notes)
    return Drift(bundle.id, changes, touches(bundle, changes), live=bool(live), notes=notes)


def declared(bundle: Bundle, name: str, around: Surroundings) -> dict[str, str]:
    """Where the live description of a connection is, as its manifest says; empty when it says nothing.

    Raises:
        Problem: It names a variable that is not set.
    """
    table = bundle.manifest.connections[name].drift
    if table is None:
        return {}
    found = resolve(dict(table.live), bundle.folder, around.environ)
    missing = [kind for kind, value in found.items() if value is None]
    if missing:
        raise Problem("invalid", f"the variable that connections.{name}.drift.live.{missing[0]} names is not set")
    return {kind: str(value) for kind, value in found.items()}


def live_contract(bundle: Bundle, name: str, sources: Sources, around: Surroundings) -> Contract:
    """The contract of a live description, read with the connection's own settings.

    Raises:
        Problem: It cannot be reached or read.
    """
    table, kind = bundle.manifest.connections[name], next(iter(sources))
    drafter = around.registry.get(table.adapter).draft.get(kind)
    if drafter is None:
        raise Problem("conflict", f"{name} is not described by a {kind}", next="Correct `drift` of the connection.")
    try:
        draft = drafter(sources)
        vendored = {key: value for key, value in draft.settings.items() if _is_file(value)}
        if not vendored:  # nothing to describe again: the adapter has no files
            return draft.contract
        with tempfile.TemporaryDirectory(prefix="brownfield-drift-") as place:
            folder = Path(place) / bundle.folder.name
            shutil.copytree(bundle.folder / CONTRACT_FOLDER, folder / CONTRACT_FOLDER)
            for path, content in draft.files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            return _described(folder, name, table.model_copy(update=vendored), around)
    except (Failure, ValueError, OSError, BundleError) as error:
        raise unreadable(sources[kind], error) from error


def _is_file(value: object) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"file"}


def _described(folder: Path, name: str, table: ConnectionTable, around: Surroundings) -> Contract:
    adapter = open_adapter(folder, name, table, "read", around, None)
    try:
        return adapter.describe()
    finally:
        adapter.close()


def _meant(manifest: Manifest, sources: Sources, around: Surroundings, connection: str) -> str:
    """The one connection that such a source describes."""
    kind = next(iter(sources))
    able = [
        name
        for name, table in manifest.connections.items()
        if connection in ("", name) and kind in around.registry.get(table.adapter).draft
    ]
    if len(able) != 1:
        known = ", ".join(able or manifest.connections)
        how = "more than one connection is" if able else f"no connection{f' {connection}' * bool(connection)} is"
        raise Problem("conflict", f"{how} described by --{kind}", next=f"Say which with --connection: {known}.")
    return able[0]


def touches(bundle: Bundle, changes: Mapping[str, tuple[Change, ...]]) -> tuple[Touch, ...]:
    """What changes mean for everything that a bundle exposes."""
    return tuple(_touch(reaches, changes) for reaches in _reaches(bundle))


def stops_of(bundle: Bundle, connection: str, changes: tuple[Change, ...]) -> dict[str, Stop]:
    """The calls and records of a connection that changes stop.

    A write that could not be prepared or read back is stopped too: after it nobody would know what it did.
    """
    stops = rules.stopped(changes)
    for touch in touches(bundle, {connection: changes}):
        if touch.effect == "write" and touch.state == "stopped":
            writes = bundle.manifest.connections[connection].calls.write
            made = [reach for reach in _own(bundle, bundle.operations[touch.name]) if reach.connection == connection]
            for call in sorted({call for reach in made for call in reach.subjects} & set(writes)):
                stops.setdefault(call, "writes")
    return stops


def _touch(reaches: list[Reach], changes: Mapping[str, tuple[Change, ...]]) -> Touch:
    """The gravest of what the changes mean for what an operation needs; the first of these is what it does itself."""
    found = [rules.touch(reach, changes.get(reach.connection, ())) for reach in reaches]
    gravest = max((touch.state for touch in found), key=("untouched", "warned", "stopped").index)
    because = dict.fromkeys(words for touch in found if touch.state == gravest for words in touch.because)
    return Touch(reaches[0].name, reaches[0].effect, gravest, tuple(because))


def _reaches(bundle: Bundle) -> Iterator[list[Reach]]:
    for operation in bundle.operations.values():
        table = operation.table
        names = (table.before, table.confirm.operation if table.confirm else None)
        looks = [bundle.operations[name] for name in names if name and name in bundle.operations]
        yield [reach for one in (operation, *looks) for reach in _own(bundle, one)]
    for feed in bundle.feeds.values():
        # A batch is read by position: its header and trailer matter as much as its rows.
        yield [Reach(feed.name, "feed", feed.table.via, frozenset(bundle.contracts[feed.table.via].records))]


def _own(bundle: Bundle, operation: Operation) -> list[Reach]:
    """What an operation does itself, by connection."""
    table, handler = operation.table, operation.handler
    if handler is None:
        return [Reach(operation.name, operation.effect, table.via, frozenset([table.call or ""]))]
    return [
        Reach(operation.name, operation.effect, name, reached(handler.function, _offered(bundle, name)))
        for name in dict.fromkeys((table.via, *handler.connections))
    ]


def _offered(bundle: Bundle, connection: str) -> frozenset[str]:
    calls = bundle.manifest.connections[connection].calls
    return frozenset((*calls.read, *calls.write))
