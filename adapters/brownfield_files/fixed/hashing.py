"""The sha256 of what is read, worked out in a thread of its own while the same bytes are looked at."""

from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from types import TracebackType
from typing import Any, Self


class Hashing:
    """A running hash. Leaving its block ends its thread.

    Args:
        digest: To go on from; from the start unless told.
    """

    def __init__(self, digest: Any = None) -> None:
        self._digest = digest.copy() if digest else sha256()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="hashing")
        self._last: Future[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:  # fmt: skip
        self._pool.shutdown()

    def add(self, raw: bytes) -> "Future[str]":
        """Go on with these bytes; the result is the sha256, in hex digits, of all up to them.

        It waits for the bytes before: only two pieces are in memory.
        """
        if self._last is not None:
            self._last.result()
        self._last = self._pool.submit(self._add, raw)
        return self._last

    def copy(self) -> Any:
        """The digest of all bytes so far."""
        if self._last is not None:
            self._last.result()
        return self._digest.copy()

    def _add(self, raw: bytes) -> str:
        self._digest.update(raw)
        return str(self._digest.hexdigest())
