"""A bundle held against its vendored files and its lock. No server is needed, and no variable set."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from brownfield.contract import Contract, Failure, Unavailable, canonical
from brownfield.rules.comparison import compare
from brownfield.rules.misfire import weekdays
from brownfield.rules.problem import Problem, Unconfigured, from_failure
from brownfield.runtime.demand import demands
from brownfield.runtime.holiday import unknown_calendars
from brownfield.runtime.opening import Surroundings, input_names, open_adapter, unset
from brownfield.runtime.secret import places
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.check import check_bundle, check_lock
from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.input import check_inputs
from brownfield.wrapper.lock import (
    LOCK,
    Lock,
    contract_path,
    lock_command,
    read_contract,
    read_lock,
    write_contract,
    write_lock,
)
from brownfield.wrapper.manifest import MANIFEST, ConnectionTable, Manifest, locate, read_manifest

_NOT_NEEDED = {"__pycache__", "tests", ".git", ".venv"}
_LEVELS = ("error", "warning", "note")


def check_folder(folder: Path, around: Surroundings) -> list[Finding]:
    """Everything that is wrong with a bundle, errors first, each with its line in the manifest where it has one."""
    try:
        text = (folder / MANIFEST).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    found = dict.fromkeys(_with_line(finding, text) for finding in _findings(folder.resolve(), around))
    return sorted(found, key=lambda finding: _LEVELS.index(finding.level))


def lock_bundle(folder: Path, around: Surroundings, *, dry_run: bool = False) -> list[str]:
    """Describe every connection from its vendored files, and pin what that gives.

    It is all done in a copy first: a bundle that cannot be locked is left as it was.

    Returns:
        What is different from the lock before, one sentence each; nothing when nothing is.

    Raises:
        BundleError: With everything that keeps it from being locked.
    """
    folder = folder.resolve()
    with tempfile.TemporaryDirectory(prefix="brownfield-lock-") as place:
        copy = Path(place) / folder.name
        shutil.copytree(folder, copy, ignore=lambda at, names: _NOT_NEEDED & set(names) if at == str(folder) else ())
        changes = _lock(copy, around)
        if not dry_run:
            names = [contract_path(Path(), name) for name in read_manifest(copy).connections]
            for name in (*names, Path(LOCK)):
                _replace(folder / name, (copy / name).read_bytes())
    return changes


def unreadable(source: str, error: Exception) -> Problem:
    """What it means that a file or address which a person named could not be read."""
    if isinstance(error, Unavailable):
        return from_failure(error, system=source)
    said = str(error)
    cause = said if said.startswith((source, Path(source).name)) else f"{source}: {said}"
    return Problem("invalid", cause, next="Name one that can be read; nothing was changed.")


def describe(folder: Path, manifest: Manifest, around: Surroundings) -> dict[str, Contract]:
    """The contract of every connection, as its vendored files say.

    Raises:
        BundleError: With the findings of all connections that cannot be described.
    """
    described: dict[str, Contract] = {}
    findings: list[Finding] = []
    for name, table in manifest.connections.items():
        try:
            described[name] = _describe(folder, name, table, around)
        except BundleError as error:
            findings += error.findings
    if findings:
        raise BundleError(findings)
    return described


def _describe(folder: Path, name: str, table: ConnectionTable, around: Surroundings) -> Contract:
    where = f"{MANIFEST}: connections.{name}"
    try:
        adapter = open_adapter(folder, name, table, "read", around, None)
        try:
            return adapter.describe()
        finally:
            adapter.close()
    except Problem as problem:
        raise BundleError([Finding(f"{where}.adapter", problem.cause, problem.next)]) from problem
    except (Failure, OSError, ValueError, KeyError) as error:
        # KeyError: a zone that is none (ZoneInfoNotFoundError); ValueError: a layout that cannot be read.
        raise BundleError([Finding(where, _said(error), "mend what it names, or name another")]) from error


def _said(error: Exception) -> str:
    return str(error.args[0] if isinstance(error, KeyError) and error.args else error)


def pinned_contract(folder: Path, name: str) -> Contract:
    """The pinned contract of a connection.

    Raises:
        BundleError: There is none that can be read.
    """
    contract = _read_contract(folder, name)
    if contract is None:
        raise BundleError([Finding(str(contract_path(Path(), name)), "is not pinned", _lock_it(folder))])
    return contract


def _read_contract(folder: Path, name: str) -> Contract | None:
    try:
        return read_contract(folder, name)
    except ValidationError:
        return None


def _lock_it(folder: Path) -> str:
    return f"run `{lock_command(folder)}`"


def _findings(folder: Path, around: Surroundings) -> Iterator[Finding]:
    try:
        manifest = read_manifest(folder)
    except BundleError as error:
        yield from error.findings
        return
    yield from _zones_and_crons(manifest)
    yield from unknown_calendars(manifest)
    yield from _unset(manifest, around)
    yield from missing_secrets(manifest, around)
    yield from demands(folder, manifest, around)
    yield from _watched(manifest, around)
    broken = list(_vendored(folder, manifest, around))
    yield from broken
    try:
        bundle = open_bundle(folder)
    except BundleError as error:
        yield from error.findings
    except ValidationError:
        if not broken:
            yield Finding("contract", "a pinned contract cannot be read", _lock_it(folder))
    else:
        yield from check_bundle(bundle)
        yield from check_inputs(bundle, input_names(manifest, around))
        yield from check_lock(bundle)


def _zones_and_crons(manifest: Manifest) -> Iterator[Finding]:
    zones = {f"connections.{name}": table.timezone for name, table in manifest.connections.items() if table.timezone}
    zones |= {f"schedules.{name}": table.timezone for name, table in manifest.schedules.items()}
    for where, zone in zones.items():
        try:
            ZoneInfo(str(zone))
        except (KeyError, ValueError, OSError):
            yield Finding(f"{MANIFEST}: {where}.timezone", f"there is no zone `{zone}`", "name one as Europe/Paris is")
    for name, table in manifest.schedules.items():
        try:
            weekdays(table.cron)
        except ValueError as error:
            yield Finding(f"{MANIFEST}: schedules.{name}.cron", str(error), "correct it")


def _unset(manifest: Manifest, around: Surroundings) -> Iterator[Finding]:
    for name, table in manifest.connections.items():
        for variable in unset(table.settings, around.environ):
            yield Finding(f"{MANIFEST}: connections.{name}", f"the variable {variable} is not set here",
                          "`brownfield up` will need it", level="note")  # fmt: skip


def missing_secrets(manifest: Manifest, around: Surroundings) -> Iterator[Finding]:
    """Secrets that a call would not find here; those of writes only where writes are made."""
    for name, table in manifest.connections.items():
        writes = table.secrets.write.values() if manifest.mode == "live" else ()
        for secret in dict.fromkeys((*table.secrets.read.values(), *writes)):
            try:
                there = not around.secrets or any(provide(secret) is not None for provide in around.secrets)
            except Unconfigured as error:
                yield Finding(f"{MANIFEST}: connections.{name}", str(error), error.next, level="note")
            else:
                if not there:
                    yield Finding(f"{MANIFEST}: connections.{name}", f"the secret {secret} is not here",
                                  f"put it into {places(secret)}", level="note")  # fmt: skip


def _watched(manifest: Manifest, around: Surroundings) -> Iterator[Finding]:
    """Watches over what the adapter cannot describe."""
    for name, table in manifest.connections.items():
        if table.drift is None or table.adapter not in around.registry.names:
            continue
        where, kind = f"{MANIFEST}: connections.{name}.drift.live", next(iter(table.drift.live))
        known = list(around.registry.get(table.adapter).draft)
        if kind not in known:
            remedy = f"it can from {', '.join(known)}" if known else "remove it"
            yield Finding(where, f"{table.adapter} cannot describe a system from `{kind}`", remedy)
        for variable in unset(dict(table.drift.live), around.environ):
            yield Finding(where, f"the variable {variable} is not set here", "the watch will need it", level="note")


def _vendored(folder: Path, manifest: Manifest, around: Surroundings) -> Iterator[Finding]:
    """What keeps the vendored files from being described, and pins that are not what they say."""
    for name, table in manifest.connections.items():
        try:
            contract = _describe(folder, name, table, around)
        except BundleError as error:
            yield from error.findings
            continue
        for note in contract.notes:
            yield Finding(f"{MANIFEST}: connections.{name}", f"repaired: {note}", level="note")
        pinned = _read_contract(folder, name)
        if pinned is None or _plain(pinned) != _plain(contract):
            yield Finding(str(contract_path(Path(), name)), "is not what the vendored files say", _lock_it(folder))


def _plain(contract: Contract) -> bytes:
    return canonical(contract.model_dump(mode="json"))


def _with_line(finding: Finding, text: str) -> Finding:
    file, _, path = finding.where.partition(": ")
    if finding.line or file != MANIFEST or not path:
        return finding
    return replace(finding, line=locate(text, tuple(path.split("."))))


def _lock(folder: Path, around: Surroundings) -> list[str]:
    manifest = read_manifest(folder)
    described = describe(folder, manifest, around)
    changes = [
        sentence
        for name, contract in described.items()
        for sentence in _contract_changes(name, _read_contract(folder, name), contract)
    ]
    before = _lock_before(folder)
    for name, contract in described.items():
        write_contract(folder, name, contract)
    bundle = open_bundle(folder)
    findings = [*_zones_and_crons(manifest), *check_bundle(bundle)]
    findings += check_inputs(bundle, input_names(manifest, around))
    text = (folder / MANIFEST).read_text("utf-8")
    errors = [_with_line(finding, text) for finding in findings if finding.level == "error"]
    if errors:
        raise BundleError(errors)
    lock = make_lock(bundle)
    write_lock(folder, lock)
    return changes + _lock_changes(before, lock)


def _lock_before(folder: Path) -> Lock:
    """The lock there was, taken away so that one that cannot be read does not keep a new one from being made."""
    try:
        lock = read_lock(folder)
    except BundleError:
        lock = None
    (folder / LOCK).unlink(missing_ok=True)
    return lock or Lock(wrapper="")


def _contract_changes(name: str, before: Contract | None, after: Contract) -> list[str]:
    if before is None:
        offered = len(after.operations) + len(after.records)
        pinned = f"{name}: pinned, {offered} {'call' if after.operations else 'record type'}{'s' * (offered != 1)}"
        return [pinned, *(f"{name}: repaired: {note}" for note in after.notes)]
    repaired = [f"{name}: repaired: {note}" for note in after.notes if note not in before.notes]
    return [*(f"{name}: {change.words}" for change in compare(before, after)), *repaired]


def _lock_changes(before: Lock, after: Lock) -> list[str]:
    words = ("is new", "has changed", "is gone")
    sources = [f"{path} {words[how]}" for path, how in _differences(before.source, after.source)]
    words = ("is exposed", "is not what callers saw before", "is not exposed any more")
    return sources + [f"{name} {words[how]}" for name, how in _differences(before.surface, after.surface)]


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Names with 0 for a new one, 1 for another value, 2 for one that is gone."""
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield name, 0 if name not in before else 1 if name in after else 2


def _replace(path: Path, content: bytes) -> None:
    """Put a file in place whole, or not at all."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".part.{path.name}")  # still a .contract.json, which is no source
    part.write_bytes(content)
    part.replace(path)
