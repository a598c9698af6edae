"""Polling: while `up` runs, locations are looked at as often as their feeds say, and what is complete is taken at once.

A look is a listing, and costs little where nothing has come. So nothing has to tell us that a file came: what tells
(inotify) sees no network share and no other machine, and may say too much or too little.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from brownfield.rules.problem import Problem
from brownfield.runtime.collecting import Collecting
from brownfield.runtime.defect import report
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.repeating import stopped_within
from brownfield.wrapper.bundle import Feed

SHARE = 10
"""A look that takes long is followed by a wait of so many times that: a huge folder is not listed all the time."""
PATIENT = timedelta(minutes=1)
"""The longest wait after looks that failed."""


@dataclass
class Polled:
    """One feed whose location is looked at.

    Attributes:
        opened: Its wrapper.
        feed: The feed.
        every: How often.
        wait: Until the next look.
        failing: Why the last look failed; empty when it did not.
    """

    opened: OpenWrapper
    feed: Feed
    every: timedelta
    wait: timedelta
    failing: str = ""

    @property
    def name(self) -> str:
        """`inventory.stock_count`."""
        return f"{self.opened.id}.{self.feed.name}"

    def looked(self, took: timedelta) -> None:
        """Wait for the next look."""
        self.failing, self.wait = "", max(self.every, SHARE * took)

    def failed(self, reason: str) -> None:
        """Wait longer each time; a person is told once."""
        self.failing, self.wait = reason, max(self.every, min(2 * self.wait, PATIENT))


class Polling:
    """Looks at the locations of feeds that say `poll`.

    Args:
        kernel: What is open.
        collecting: Takes what is complete.
    """

    def __init__(self, kernel: Kernel, collecting: Collecting) -> None:
        self._kernel, self._collecting = kernel, collecting
        self._stopping = asyncio.Event()
        self.feeds = [
            Polled(opened, feed, feed.table.poll, feed.table.poll)
            for opened in kernel.wrappers.values()
            for feed in opened.bundle.feeds.values()
            if feed.table.poll is not None
        ]

    def stop(self) -> None:
        """Look no more. Call it on the loop that `run` is on."""
        self._stopping.set()

    async def run(self) -> None:
        """Look until stopped; a feed that takes long holds no other back."""
        await asyncio.gather(*(self._follow(polled) for polled in self.feeds))

    def told(self) -> list[dict[str, Any]]:
        """Per feed: how often its location is looked at, and why that fails."""
        return [{"feed": one.name, "every_seconds": one.every.total_seconds(), "failing": one.failing or None}
                for one in self.feeds]  # fmt: skip

    async def look(self, polled: Polled) -> None:
        """Look once, and take what is complete."""
        begun = self._kernel.clock.ticks()
        try:
            await self._collecting.lane.run(self._collecting.run, polled.opened, polled.feed)
            polled.looked(timedelta(seconds=self._kernel.clock.ticks() - begun))
        except Problem as problem:
            if problem.code != "busy":  # somebody else is at it
                polled.failed(problem.cause)
        except Exception as error:  # noqa: BLE001  whatever it is: the next look may succeed
            if not polled.failing:
                report(f"{polled.name} could not be looked at, it is tried again", error)
            polled.failed(type(error).__name__)

    async def _follow(self, polled: Polled) -> None:
        while not await stopped_within(self._stopping, polled.wait.total_seconds()):
            await self.look(polled)
