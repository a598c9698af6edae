"""What systems answered a moment ago: bounded, and forgotten as soon as a wrapper writes."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

Result = TypeVar("Result")
Key = tuple[str, str]
"""A wrapper, and the fingerprint of all else that an answer depends on."""

ENTRIES = 10_000
"""Answers kept at most."""
BYTES = 64 * 1024 * 1024
"""Bytes of answers kept at most. One that takes more than an eighth of it is not kept."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """One answer.

    Attributes:
        document: The result, as JSON: nobody can change it.
        as_of: When the system was asked, UTC.
        at: The same in seconds of a clock that never steps back.
    """

    document: bytes
    as_of: datetime
    at: float


class Recent:
    """Answers by what was asked; those used longest ago go first. Used by several threads.

    Args:
        entries: How many at most.
        size: Bytes of them at most.
    """

    def __init__(self, entries: int = ENTRIES, size: int = BYTES) -> None:
        self._most, self._largest = entries, size
        self._kept: OrderedDict[Key, Remembered] = OrderedDict()
        self._bytes = 0
        self._writes: dict[str, int] = {}
        self._turn = threading.Lock()

    def find(self, key: Key) -> Remembered | None:
        """What was answered, however long ago."""
        with self._turn:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def writes(self, wrapper: str) -> int:
        """How often a wrapper's answers were forgotten: what was asked before that is not kept after it."""
        return self._writes.get(wrapper, 0)

    def keep(self, key: Key, answer: Remembered, writes: int) -> None:
        """Keep an answer, unless its wrapper has written since the system was asked.

        Args:
            key: What was asked.
            answer: What was answered.
            writes: What `writes` said when it was asked.
        """
        with self._turn:
            if self.writes(key[0]) != writes or len(answer.document) > self._largest // 8:
                return
            self._drop(key)
            self._kept[key] = answer
            self._bytes += len(answer.document)
            while len(self._kept) > self._most or self._bytes > self._largest:
                self._drop(next(iter(self._kept)))

    def forget(self, wrapper: str) -> None:
        """Forget what a wrapper's system answered: it may be otherwise by now."""
        with self._turn:
            self._writes[wrapper] = self.writes(wrapper) + 1
            for key in [key for key in self._kept if key[0] == wrapper]:
                self._drop(key)

    def around(self, wrapper: str, work: Callable[[], Result]) -> Result:
        """Do what may write, and forget before and after: nobody knows when in between it takes effect."""
        self.forget(wrapper)
        try:
            return work()
        finally:
            self.forget(wrapper)

    def _drop(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        self._bytes -= len(gone.document) if gone else 0
