"""Sending, or settling, and being killed at one of the steps.

A step is before a transaction of the ledger, before its commit and after it, and before each look at, write to, rename
in and removal from the job's folder.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runtime"))

from ordering import ordering

from brownfield.ledger.store import Ledger


def run(folder: Path, what: str, last: int) -> None:
    """In a process of its own: `send` or `settle`, killed at step `last`; it returns when there are not so many."""
    steps, armed = 0, False
    original = Ledger.write

    def step() -> None:
        nonlocal steps
        steps += armed
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"open", "os.rename", "os.remove"} and str(arguments[0]).startswith(str(folder / "in")):
            step()

    @contextmanager
    def write(ledger: Ledger) -> Iterator[Any]:
        step()
        with original(ledger) as connection:
            yield connection
            step()
        step()

    Ledger.write = write  # type: ignore[method-assign,assignment]
    sys.addaudithook(watch)
    with ordering(folder) as desk:
        armed = True
        asyncio.run(getattr(desk, what)())
        armed = False
