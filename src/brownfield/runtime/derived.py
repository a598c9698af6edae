"""What adapters worked out from pinned files: kept in the home, so that the next start need not do it again.

A file that was changed, by whoever or whatever, is as one that is not there: each is under a MAC whose key lies with
the key of the audit. Who can make such a MAC can forge the audit too.
"""

import hashlib
import hmac
import os
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path

from brownfield.runtime.home import Home
from brownfield.runtime.key import audit_key

KEPT = 256
"""Files at most; the ones that were used longest ago go."""
_MAC = 32


class Derived(MutableMapping[str, bytes]):
    """Bytes by name, each in a file.

    Args:
        folder: Where to. It is made when something is kept.
        secret: The key of the MACs.
    """

    def __init__(self, folder: Path, secret: bytes) -> None:
        self._folder = folder
        self._secret = secret

    def __getitem__(self, name: str) -> bytes:
        path = self._path(name)
        try:
            content = path.read_bytes()
        except OSError:
            raise KeyError(name) from None
        mac, kept = content[:_MAC], content[_MAC:]
        if not hmac.compare_digest(mac, self._mac(name, kept)):
            raise KeyError(name)
        with suppress(OSError):
            os.utime(path)
        return kept

    def __setitem__(self, name: str, value: bytes) -> None:
        # Where it cannot be kept it is worked out again: a full disk stops no start.
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            part = self._folder / f".part.{os.getpid()}.{self._path(name).name}"
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(self._mac(name, value) + value)
            part.replace(self._path(name))
            self._forget()

    def __delitem__(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[str]:
        """The names of the files, which are hashes of the names given."""
        return (path.name for path in self._files())

    def __len__(self) -> int:
        return len(self._files())

    def _path(self, name: str) -> Path:
        return self._folder / hashlib.sha256(name.encode()).hexdigest()

    def _mac(self, name: str, value: bytes) -> bytes:
        made = hmac.new(self._secret, hashlib.sha256(name.encode()).digest(), "sha256")
        made.update(value)
        return made.digest()

    def _files(self) -> list[Path]:
        return [path for path in self._folder.glob("[0-9a-f]*") if path.is_file()]

    def _forget(self) -> None:
        latest = sorted(self._files(), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in latest[KEPT:]:
            path.unlink(missing_ok=True)


def derived_in(home: Home) -> MutableMapping[str, bytes]:
    """What is kept in a home; where there is none yet, nothing is, and none is made for it."""
    if not home.keys.is_dir():
        return {}
    return Derived(home.folder / "derived", audit_key(home.keys).derived("derived files"))
