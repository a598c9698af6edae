"""Secrets by provider, resolved at call time and never kept: a folder of files, else the environment."""

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from brownfield.rules.problem import Unconfigured

Provider = Callable[[str], str | None]
LARGEST = 1024 * 1024
"""Bytes of a secret at most; it is read without a file object around it, for every call needs some."""


def folder_provider(folder: Path) -> Provider:
    """Secrets as files: `inventory/wms-read` is the file of that name, readable by its owner alone.

    The file is read each time, so a secret that was changed counts from the next call on. That it lies within the
    folder, whatever links lead to it, is asked once for each file.
    """
    trusted: set[tuple[int, int]] = set()
    within = str(folder)

    def provide(name: str) -> str | None:
        path = f"{within}/{name}"  # text: joining paths takes longer than reading the file
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            found = os.fstat(handle)
            which = found.st_dev, found.st_ino
            if which not in trusted:
                if not Path(path).resolve().is_relative_to(folder.resolve()) or not stat.S_ISREG(found.st_mode):
                    return None
                trusted.add(which)
            _refuse_shared(found.st_mode, f"{folder.name}/{name}", name)
            return os.read(handle, min(found.st_size, LARGEST)).decode().rstrip("\n")
        finally:
            os.close(handle)

    return provide


def _refuse_shared(mode: int, place: str, name: str) -> None:
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        step = f"Make its file {place} mode 0600, or take it away and set {variable(name)}."
        raise Unconfigured(f"the secret {name} may be read by others", next=step)


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
            step = f"Declare {name} in `secrets` of the connection, and restart."
            raise Unconfigured(f"this side has no secret called {name}", next=step)
        for provide in chain:
            value = provide(names[name])
            if value is not None:
                return value
        raise Unconfigured(f"the secret {names[name]} is not there", next=f"Put it into {places(names[name])}.")

    return resolve
