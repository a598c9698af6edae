"""A bundle, opened: the manifest, the pinned contracts and the functions put together into operations and feeds."""

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from brownfield.contract import Contract, Fields, JsonSchema, fingerprint
from brownfield.wrapper.change import change_schema
from brownfield.wrapper.declaration import Record, Wrapper
from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.handler import Handler, bind
from brownfield.wrapper.hiding import hide_schema
from brownfield.wrapper.lock import Lock, pinned, read_contract, read_lock, sources, surface_of
from brownfield.wrapper.manifest import Effect, FeedTable, Manifest, OperationTable, read_manifest

PACKAGE = "_brownfield_wrappers"


@dataclass(frozen=True, slots=True)
class Operation:
    """One exposed operation. It exists only when a person declared its effect.

    Attributes:
        wrapper: The wrapper's id.
        name: The operation's name.
        effect: `read` or `write`.
        description: For people and models alike: one or two sentences.
        input: Schema of the arguments.
        output: Schema of the result.
        table: The manifest's declaration.
        handler: The bound function, or None when the far-side call is exposed as it is.
        impact: What a write is worth, or None when nobody said.
    """

    wrapper: str
    name: str
    effect: Effect
    description: str
    input: JsonSchema
    output: JsonSchema
    table: OperationTable
    handler: Handler | None = None
    impact: Callable[[Fields, Fields], Any] | None = None

    @property
    def title(self) -> str:
        """A few words for a list."""
        return self.table.title or self.name.replace("_", " ").capitalize()

    @property
    def surface(self) -> str:
        """The fingerprint of what a caller sees."""
        return surface_of(self.name, self.effect, self.description, {"input": self.input, "output": self.output})


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed: which records become which events.

    Attributes:
        wrapper: The wrapper's id.
        name: The feed's name.
        table: The manifest's declaration.
        record: Schema of what becomes of one record.
        description: For people and models alike.
        function: The bound function, or None when a record's fields are the event's data.
    """

    wrapper: str
    name: str
    table: FeedTable
    record: JsonSchema
    description: str
    function: Callable[[Record], Any] | None = None
    handler: Handler | None = None

    @property
    def data(self) -> JsonSchema:
        """Schema of an event's data: a record, or the change of one where the files are snapshots."""
        snapshot = self.table.snapshot
        return change_schema(self.record, snapshot.ignore) if snapshot else self.record

    @property
    def surface(self) -> str:
        """The fingerprint of what a consumer sees."""
        return surface_of(self.name, self.table.emits, self.description, {"data": self.data})


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that one folder declares."""

    folder: Path
    manifest: Manifest
    lock: Lock | None
    contracts: Mapping[str, Contract]
    wrapper: Wrapper
    operations: Mapping[str, Operation] = field(default_factory=dict)
    feeds: Mapping[str, Feed] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The wrapper's id."""
        return self.manifest.id

    def pledge(self, operation: Operation) -> str:
        """The fingerprint of what an approval of this operation is for: what a caller sees of it, and all that runs."""
        return fingerprint({"surface": operation.surface, "source": self.lock.source if self.lock else {}})


def open_bundle(folder: Path) -> Bundle:
    """Open the bundle in `folder`; imports its `wrapper.py` as a private package, `sys.path` untouched.

    Raises:
        BundleError: With every finding that keeps it from being opened.
    """
    folder = folder.resolve()
    manifest = read_manifest(folder)
    contracts = {name: read_contract(folder, name) or Contract() for name in manifest.connections}
    wrapper = _import_wrapper(folder, manifest.id)
    bundle = Bundle(folder, manifest, read_lock(folder), contracts, wrapper)
    operations = {name: _operation(bundle, name, table) for name, table in manifest.operations.items() if table.effect}
    feeds = {name: _feed(bundle, name, table) for name, table in manifest.feeds.items()}
    return Bundle(folder, manifest, bundle.lock, contracts, wrapper, operations, feeds)


def make_lock(bundle: Bundle) -> Lock:
    """The lock that the bundle, as it is now, should have."""
    surfaces = {o.name: o.surface for o in bundle.operations.values()}
    surfaces |= {f.name: f.surface for f in bundle.feeds.values()}
    calls = {name: pinned(contract) for name, contract in bundle.contracts.items()}
    return Lock(wrapper=bundle.id, source=sources(bundle.folder), calls=calls, surface=surfaces)


def _operation(bundle: Bundle, name: str, table: OperationTable) -> Operation:
    function = bundle.wrapper.operations.get(name)
    impact = bundle.wrapper.impacts.get(name)
    effect: Effect = table.effect or "write"
    if function:
        handler = bind(name, function)
        description = table.description or handler.description
        output = hide_schema(handler.output, table.hide)
        return Operation(bundle.id, name, effect, description, handler.input, output, table, handler, impact)
    call = table.call or ""
    shape = bundle.contracts.get(table.via, Contract()).operations.get(call)
    if shape is None:
        missing = f"the contract of {table.via} has no call `{call}`" if call else "has neither `call` nor a function"
        raise BundleError([Finding(f"wrapper.toml: operations.{name}", missing, "run `brownfield lock`, or name one")])
    description = table.description or " ".join(shape.documentation.split())
    output = hide_schema(shape.output, table.hide)
    return Operation(bundle.id, name, effect, description, shape.input, output, table, None, impact)


def _feed(bundle: Bundle, name: str, table: FeedTable) -> Feed:
    function = bundle.wrapper.feeds.get(name)
    if function:
        handler = _feed_handler(name, function)
        description = table.description or handler.description
        return Feed(bundle.id, name, table, handler.output, description, function, handler)
    shape = bundle.contracts.get(table.via, Contract()).records.get(table.record)
    if shape is None:
        raise BundleError([Finding(f"wrapper.toml: feeds.{name}", f"{table.via} has no record `{table.record}`",
                                   "run `brownfield lock`, or name one")])  # fmt: skip
    return Feed(bundle.id, name, table, shape.fields, table.description or shape.documentation)


def _feed_handler(name: str, function: Callable[..., Any]) -> Handler:
    # `-> Event | None`: None means no event, so it is not part of the event's schema.
    returned = inspect.get_annotations(function, eval_str=True).get("return")
    kinds = [kind for kind in getattr(returned, "__args__", (returned,)) if kind is not type(None)]

    def event(row: Record, /) -> Any:
        return function(row)

    event.__annotations__ = {"row": Record, "return": kinds[0] if kinds else None}
    event.__doc__, event.__name__ = function.__doc__, function.__name__
    return bind(name, event)


def _import_wrapper(folder: Path, identifier: str) -> Wrapper:
    if not (folder / "wrapper.py").exists():
        return Wrapper(identifier)
    _package(PACKAGE, folder.parent)
    name = f"{PACKAGE}.{identifier}"
    for loaded in [module for module in sys.modules if module == name or module.startswith(name + ".")]:
        del sys.modules[loaded]
    _package(name, folder)
    try:
        importlib.invalidate_caches()
        module = importlib.import_module(f"{name}.wrapper")
    except Exception as error:
        raise BundleError([Finding("wrapper.py", f"{type(error).__name__}: {error}", "mend the import")]) from error
    found = [value for value in vars(module).values() if isinstance(value, Wrapper) and value.id == identifier]
    if not found:
        raise BundleError([Finding("wrapper.py", f"has no Wrapper({identifier!r})", "make one at the top")])
    return found[0]


def _package(name: str, folder: Path) -> None:
    package = ModuleType(name)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
