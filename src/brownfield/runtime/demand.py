"""What an adapter says its settings ask for, held against what the manifest declares. Nothing is reached."""

from collections.abc import Iterator
from pathlib import Path

from brownfield.rules.problem import Problem
from brownfield.runtime.opening import Surroundings, read_connection_settings
from brownfield.wrapper.finding import BundleError, Finding
from brownfield.wrapper.manifest import MANIFEST, ConnectionTable, Manifest, nearest


def demands(folder: Path, manifest: Manifest, around: Surroundings) -> Iterator[Finding]:
    """Why connections could not work as they are declared. Settings that are not valid are told elsewhere."""
    for name, table in manifest.connections.items():
        try:
            adapter = around.registry.get(table.adapter)
            settings = read_connection_settings(folder, name, table, adapter, around.environ)
        except (BundleError, Problem):
            continue
        where = f"{MANIFEST}: connections.{name}"
        for fault in adapter.faults(settings) if adapter.faults else ():
            yield Finding(f"{where}.{fault.key}", fault.message, fault.next)
        if adapter.secrets:
            yield from _secrets(where, table, list(dict.fromkeys(adapter.secrets(settings))))


def _secrets(where: str, table: ConnectionTable, asked: list[str]) -> Iterator[Finding]:
    """Secrets that are asked for and not declared, and those that nothing asks for."""
    read, write = table.secrets.read, table.secrets.write
    only_writes = bool(table.calls.write) and not table.calls.read
    side, declared = ("write", read | write) if only_writes else ("read", read)
    stray = [one for one in read | write if one not in asked]
    for secret in asked:
        if secret not in declared:
            near = nearest(secret, stray)
            step = f"is `{near}` meant? rename it to `{secret}`" if near else f'say secrets.{side}.{secret} = "…"'
            yield Finding(f"{where}.secrets", f"the secret `{secret}` is asked for and not in secrets.{side}", step)
    for secret in stray:
        near = nearest(secret, asked)
        step = f"did you mean `{near}`?" if near else "remove it"
        yield Finding(f"{where}.secrets", f"nothing asks for the secret `{secret}`", step, level="warning")
