"""From a manifest to open connections: settings resolved and checked, secrets by side, adapters by name."""

import os
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from brownfield.contract import Adapter, CallAdapter, Contract, FeedAdapter, Limits, Opening
from brownfield.contract.input import InputAdapter
from brownfield.rules.drift import Stop
from brownfield.rules.problem import Problem
from brownfield.runtime.connection import CallConnection, FeedConnection, InputConnection
from brownfield.runtime.registry import Registry
from brownfield.runtime.secret import Provider, resolver
from brownfield.wrapper.bundle import Bundle
from brownfield.wrapper.check import drifted_calls
from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.manifest import ConnectionTable, Manifest, nearest

Side = Literal["read", "write"]
"""Which secrets an opening may resolve. Only the worker opens the write side."""
Stops = Mapping[str, Mapping[str, Stop]]
"""Per connection, the calls and record types that the live system stops."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What connections are opened with; `derived` is kept in the home where there is one, `ledger` tells its name."""

    registry: Registry
    secrets: tuple[Provider, ...]
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    derived: MutableMapping[str, bytes] = field(default_factory=dict)
    ledger: Callable[[], str] = str


def open_adapter(folder: Path, name: str, table: ConnectionTable, side: Side, around: Surroundings,
                 contract: Contract | None) -> CallAdapter | FeedAdapter | InputAdapter:  # fmt: skip
    """Open the adapter of one connection; reaches nothing.

    Raises:
        BundleError: Its settings are not valid.
        Problem: The adapter is not there.
    """
    opening = make_opening(folder, name, table, side, around, contract)
    try:
        return around.registry.get(table.adapter).open(opening)
    except ValueError as error:
        # A layout or WSDL that cannot be read: the author's to mend, as a wrong setting is.
        raise BundleError([Finding(f"connections.{name}", str(error), "correct the file that it names")]) from error


def make_opening(folder: Path, name: str, table: ConnectionTable, side: Side, around: Surroundings,
                 contract: Contract | None) -> Opening[Any]:  # fmt: skip
    """What an adapter is given to open one connection, or to stand in for it.

    Raises:
        BundleError: Its settings are not valid.
        Problem: The adapter is not there.
    """
    names = table.secrets.read | (table.secrets.write if side == "write" else {})
    return Opening(
        name=name,
        folder=folder,
        settings=read_connection_settings(folder, name, table, around.registry.get(table.adapter), around.environ),
        secret=resolver(names, around.secrets),
        limits=limits(table),
        timezone=ZoneInfo(table.timezone) if table.timezone else None,
        contract=contract,
        derived=around.derived,
        ledger=around.ledger,
    )


def open_calls(bundle: Bundle, side: Side, around: Surroundings, stops: Stops) -> dict[str, CallConnection]:
    """Every call connection of a bundle, by name."""
    drifted = drifted_calls(bundle)
    opened: dict[str, CallConnection] = {}
    for name, table in bundle.manifest.connections.items():
        if around.registry.get(table.adapter).kind == "call":
            adapter = open_adapter(bundle.folder, name, table, side, around, bundle.contracts[name])
            given = (limits(table), table.calls, drifted[name], stops[name])
            opened[name] = CallConnection(name, adapter, *given)  # type: ignore[arg-type]
    return opened


def open_inputs(bundle: Bundle, side: Side, around: Surroundings) -> dict[str, InputConnection]:
    """Every connection of a bundle whose writes leave as a file, by name."""
    drifted = drifted_calls(bundle)
    opened: dict[str, InputConnection] = {}
    for name in input_names(bundle.manifest, around):
        table, contract = bundle.manifest.connections[name], bundle.contracts[name]
        adapter = open_adapter(bundle.folder, name, table, side, around, contract)
        opened[name] = InputConnection(name, adapter, drifted[name])  # type: ignore[arg-type]
    return opened


def input_names(manifest: Manifest, around: Surroundings) -> list[str]:
    """The connections whose writes leave as a file; an adapter that is not there is told elsewhere."""
    return [name for name, table in manifest.connections.items() if _kind(table.adapter, around) == "input"]


def _kind(adapter: str, around: Surroundings) -> str:
    try:
        return around.registry.get(adapter).kind
    except Problem:
        return ""


def open_feeds(bundle: Bundle, around: Surroundings, stops: Stops) -> dict[str, FeedConnection]:
    """Every feed connection of a bundle, by name."""
    opened: dict[str, FeedConnection] = {}
    for name, table in bundle.manifest.connections.items():
        if around.registry.get(table.adapter).kind == "feed":
            adapter = open_adapter(bundle.folder, name, table, "read", around, bundle.contracts[name])
            opened[name] = FeedConnection(name, adapter, limits(table), stops[name])  # type: ignore[arg-type]
    return opened


def limits(table: ConnectionTable) -> Limits:
    """The manifest's limits as the adapter gets them, seconds for durations."""
    ours = table.limits
    return Limits(ours.concurrency, ours.per_second, ours.deadline.total_seconds(), ours.max_bytes)


def read_connection_settings(folder: Path, name: str, table: ConnectionTable, adapter: Adapter[Any],
                             environ: Mapping[str, str]) -> BaseModel:  # fmt: skip
    """The adapter's own keys, resolved and checked by its model.

    Raises:
        BundleError: With one finding per fault.
    """
    try:
        settings: BaseModel = adapter.settings.model_validate(resolve(table.settings, folder, environ))
    except ValidationError as error:
        known = [field.alias or key for key, field in adapter.settings.model_fields.items()]
        raise BundleError([_finding(name, dict(fault), known) for fault in error.errors()]) from None
    return settings


def resolve(value: Any, folder: Path, environ: Mapping[str, str]) -> Any:
    """Replace `{file = …}` by a path inside the bundle and `{env = …}` by the variable's value, None when it is unset.

    Raises:
        BundleError: A file lies outside the bundle.
    """
    if isinstance(value, list):
        return [resolve(item, folder, environ) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"env"}:
        return environ.get(str(value["env"]))
    if value.keys() == {"file"}:
        path = (folder / str(value["file"])).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise BundleError([Finding(str(value["file"]), "lies outside the bundle", "vendor it into contract/")])
        return path
    return {key: resolve(item, folder, environ) for key, item in value.items()}


def unset(value: Any, environ: Mapping[str, str]) -> list[str]:
    """The variables that settings name and that are not set."""
    if isinstance(value, list):
        return [name for item in value for name in unset(item, environ)]
    if not isinstance(value, dict):
        return []
    if value.keys() == {"env"}:
        return [] if value["env"] in environ else [str(value["env"])]
    return [name for item in value.values() for name in unset(item, environ)]


def _finding(connection: str, fault: dict[str, Any], known: list[str]) -> Finding:
    path = ".".join(str(part) for part in fault["loc"])
    where = f"wrapper.toml: connections.{connection}.{path}"
    if fault["type"] == "extra_forbidden":
        near = nearest(str(fault["loc"][-1]), known)
        return Finding(where, "unknown key", f"did you mean `{near}`?" if near else f"known: {', '.join(known)}")
    return Finding(where, str(fault["msg"]), "correct the value")
