"""What the settings of a connection ask for beside themselves: secrets, files, libraries and programs.

A setting whose variable is unset is given all the same: which variables are unset is told elsewhere.
"""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from brownfield.contract.descriptor import Fault
from brownfield_files.setting import FilesSettings

_KEY, _KEYS = ("private_key", "password"), ("access_key", "secret_key")
_LIBRARIES = {"sftp": ("paramiko", "remote"), "ftp": ("fsspec", "remote"), "ftps": ("fsspec", "remote"),
              "s3": ("s3fs", "s3"), "file": ("fsspec", "remote")}  # fmt: skip


def secrets(settings: FilesSettings) -> Iterator[str | tuple[str, ...]]:
    """The names of the secrets that a location, and what is sealed there, ask for."""
    scheme = _scheme(settings)
    if scheme == "sftp":
        yield _KEY
    if scheme in {"ftp", "ftps"} and urlsplit(str(settings.location)).username:
        yield "password"
    if scheme == "s3":
        yield from _KEYS
    if settings.location is None:  # whatever its variable will name
        yield from ((name, "") for name in (*_KEY, *_KEYS))
    if settings.pgp is not None:
        yield "pgp_passphrase", ""


def faults(settings: FilesSettings) -> Iterator[Fault]:
    """What no file can be read with."""
    library, extra = _LIBRARIES.get(_scheme(settings), ("", ""))
    if library and find_spec(library) is None:
        yield Fault("location", f"{_scheme(settings)} needs {library}", f"pip install '.[{extra}]'")
    if settings.authority is not None and not settings.authority.is_file():
        yield Fault("authority", f"there is no file {settings.authority.name}", "put it there, or name another")
    if settings.pgp is not None and shutil.which("gpg") is None:
        yield Fault("pgp", "OpenPGP needs GnuPG on this machine", "install it (Debian: gnupg)")


def _scheme(settings: FilesSettings) -> str:
    return "" if settings.location is None or isinstance(settings.location, Path) else settings.location.scheme
