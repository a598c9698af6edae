"""Lanes: threads kept for one kind of work, so that a flood of another kind cannot keep it waiting."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """Runs blocking work on threads of its own.

    Args:
        name: Of its threads.
        width: How much of it runs at once.
    """

    def __init__(self, name: str, width: int) -> None:
        self._pool = ThreadPoolExecutor(width, thread_name_prefix=name)

    async def run(self, work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """What `work` gives; raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **more))
