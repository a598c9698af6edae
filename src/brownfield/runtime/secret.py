"""Secrets by provider, resolved at call time and never kept: a folder of files, else the environment."""

import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from brownfield.contract import Unavailable

Provider = Callable[[str], str | None]


def folder_provider(folder: Path) -> Provider:
    """Secrets as files: `inventory/wms-read` is the file of that name, readable by its owner alone."""

    def provide(name: str) -> str | None:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            return None
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Unavailable(f"the secret {name} may be read by others: make its file {folder.name}/{name} mode 0600,"
                              f" or take it away and set {variable(name)}")  # fmt: skip
        return path.read_text("utf-8").rstrip("\n")

    return provide


def environment_provider(environ: Mapping[str, str]) -> Provider:
    """Secrets as variables: `inventory/wms-read` is `BROWNFIELD_SECRET_INVENTORY_WMS_READ`."""

    def provide(name: str) -> str | None:
        return environ.get(variable(name))

    return provide


def variable(name: str) -> str:
    """The variable of a secret."""
    return "BROWNFIELD_SECRET_" + name.upper().replace("/", "_").replace("-", "_")


def places(name: str) -> str:
    """Where a secret may be put, in words."""
    folder = "the folder BROWNFIELD_SECRETS (default: secrets in the home)"
    return f"the file {name} in {folder}, mode 0600, or {variable(name)}"


def providers(environ: Mapping[str, str], home: Path) -> tuple[Provider, ...]:
    """The providers in order: the folder `BROWNFIELD_SECRETS` (default: `secrets` in the home), the environment."""
    folder = Path(environ.get("BROWNFIELD_SECRETS", home / "secrets"))
    return folder_provider(folder), environment_provider(environ)


def resolver(names: Mapping[str, str], chain: tuple[Provider, ...]) -> Callable[[str], str]:
    """What an adapter is given: it can resolve the names that the manifest declares for this side, and no others."""

    def resolve(name: str) -> str:
        if name not in names:
            raise Unavailable(f"this side has no secret called {name}")
        for provide in chain:
            value = provide(names[name])
            if value is not None:
                return value
        raise Unavailable(f"the secret {names[name]} is not there; put it into {places(names[name])}")

    return resolve
