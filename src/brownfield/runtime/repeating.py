"""Work that a running server repeats until it is stopped, whatever goes wrong in between."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import chain, cycle

from brownfield.runtime.defect import report


async def repeat(work: Callable[[], Awaitable[object]], waits: Iterable[float], stopping: asyncio.Event,
                 failing: str) -> None:  # fmt: skip
    """Do work after each of these waits, until stopped. An error ends nothing.

    Args:
        work: What is repeated; on a thread (`asyncio.to_thread`) where it blocks.
        waits: Seconds; without end, where it is to go on.
        stopping: Ends a wait at once; work that was begun is finished.
        failing: What is logged of an error: `people could not be paged`.
    """
    for wait in waits:
        if await stopped_within(stopping, wait):
            return
        try:
            await work()
        except Exception as error:  # noqa: BLE001  whatever it is: the next time may succeed
            report(f"{failing}, it is tried again", error)


def every(seconds: float) -> Iterator[float]:
    """Waits of what is done at once, and from then on so often."""
    return chain([0.0], cycle([seconds]))


async def stopped_within(stopping: asyncio.Event, seconds: float) -> bool:
    """Whether it is set within so many seconds; returns as soon as it is."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)
    return stopping.is_set()
