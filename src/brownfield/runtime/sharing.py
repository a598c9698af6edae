"""Reads that callers share: an answer of a moment ago, and one call for many who ask the same at once.

Both are off unless the manifest says so. Whoever asks has passed the guard, and has an entry of his own.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from brownfield.contract import Fields, Unavailable, fingerprint
from brownfield.rules.freshness import Cached, is_fresh, may_stand_in
from brownfield.rules.problem import Problem
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.reader import read
from brownfield.runtime.recent import Key, Remembered
from brownfield.wrapper.bundle import Operation

Flight = asyncio.Task[Remembered]


@dataclass(frozen=True, slots=True)
class Shared:
    """An answer, and how it came.

    Attributes:
        data: The result; each caller has one of his own.
        as_of: When the system was asked, UTC.
        cached: Empty when it was asked for this caller, or for one who asked at the same time.
    """

    data: dict[str, Any]
    as_of: datetime
    cached: Cached = ""

    @property
    def told(self) -> dict[str, str]:
        """What the audit and the caller are told of how it came; nothing when the system was asked."""
        return {"cache": self.cached} if self.cached else {}


class Sharing:
    """Answers reads whose manifest says `cache` or `single_flight`."""

    def __init__(self, kernel: Kernel) -> None:
        self._recent = kernel.recent
        self._clock = kernel.clock
        self._environment = kernel.environment
        self._flights: dict[tuple[Key, int], Flight] = {}

    async def read(self, opened: OpenWrapper, operation: Operation, arguments: Fields) -> Shared:
        """The result of a read, from what was answered before where the manifest lets it.

        Raises:
            Problem: See `reader.read`.
            Failure: See `reader.read`; `Unavailable` only when there is no answer that may stand in.
        """
        key, table = self._key(opened, operation, arguments), operation.table.cache
        kept = self._recent.find(key) if table else None
        if table and kept and is_fresh(self._age(kept), table.fresh.total_seconds()):
            return Shared(orjson.loads(kept.document), kept.as_of, "fresh")
        try:
            found = await self._asked(key, opened, operation, arguments)
        except Unavailable:
            kept = self._recent.find(key) if table else None
            if not table or not kept or not may_stand_in(self._age(kept), *table.seconds):
                raise
            return Shared(orjson.loads(kept.document), kept.as_of, "stale")
        return Shared(orjson.loads(found.document), found.as_of)

    async def _asked(self, key: Key, opened: OpenWrapper, operation: Operation, arguments: Fields) -> Remembered:
        if not operation.table.single_flight:
            return await self._ask(key, opened, operation, arguments)
        # A read that began before a write says nothing of what it did: whoever asks after it has a flight of his own.
        which = key, self._recent.writes(opened.id)
        if which not in self._flights:
            self._flights[which] = asyncio.create_task(self._ask(key, opened, operation, arguments))
            self._flights[which].add_done_callback(lambda flight: self._landed(which, flight))
        limit = opened.calls[operation.table.via].limits.deadline
        try:
            # Shielded: who gives up takes nothing away from the others.
            return await asyncio.wait_for(asyncio.shield(self._flights[which]), limit)
        except TimeoutError:
            raise Problem("deadline", f"{operation.table.via} did not answer within {limit:g} s") from None

    async def _ask(self, key: Key, opened: OpenWrapper, operation: Operation, arguments: Fields) -> Remembered:
        as_of, at, writes = self._clock.now(), self._clock.ticks(), self._recent.writes(opened.id)
        document = await read(opened, operation, arguments)
        found = Remembered(orjson.dumps(document), as_of, at)
        if operation.table.cache:
            self._recent.keep(key, found, writes)
        return found

    def _landed(self, which: tuple[Key, int], flight: Flight) -> None:
        del self._flights[which]
        if not flight.cancelled():
            flight.exception()  # seen, also when everybody who waited has gone

    def _key(self, opened: OpenWrapper, operation: Operation, arguments: Fields) -> Key:
        """All that an answer depends on: nothing of a caller does, for what is hidden is hidden from all of them."""
        return opened.id, fingerprint([self._environment, operation.name, arguments])

    def _age(self, kept: Remembered) -> float:
        return self._clock.ticks() - kept.at
