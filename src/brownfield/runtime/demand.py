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
            asked = dict.fromkeys((one,) if isinstance(one, str) else one for one in adapter.secrets(settings))
            yield from _secrets(where, table, list(asked))


def _secrets(where: str, table: ConnectionTable, asked: list[tuple[str, ...]]) -> Iterator[Finding]:
    """Secrets that are asked for and not declared, and those that nothing asks for."""
    read, write = table.secrets.read, table.secrets.write
    only_writes = bool(table.calls.write) and not table.calls.read
    side, declared = ("write", read | write) if only_writes else ("read", read)
    known = [name for names in asked for name in names if name]
    stray = [one for one in read | write if one not in known]
    for names in asked:
        if "" not in names and not declared.keys() & set(names):
            secret, words = names[0], " or ".join(f"`{name}`" for name in names)
            near = nearest(secret, stray)
            step = f"is `{near}` meant? rename it to `{secret}`" if near else f'say secrets.{side}.{secret} = "…"'
            yield Finding(f"{where}.secrets", f"the secret {words} is asked for and not in secrets.{side}", step)
    for secret in stray:
        near = nearest(secret, known)
        step = f"did you mean `{near}`?" if near else "remove it"
        yield Finding(f"{where}.secrets", f"nothing asks for the secret `{secret}`", step, level="warning")
