"""Paging: whoever a manifest names under `page` is told what needs a person, by a command of this installation.

The audit is what is followed, so nothing is told that is not in it, and a page outlives a restart.
"""

import asyncio
import subprocess
from functools import partial
from zoneinfo import ZoneInfo

import orjson

from brownfield.ledger.notice import GIVEN_UP, SENT, WAITING, Notice, due_notices, follow, note_attempt
from brownfield.rules.paging import PAGED, pause
from brownfield.rules.sentence import Entry, sentence
from brownfield.runtime.kernel import Kernel
from brownfield.runtime.repeating import every, repeat

TICK = 5.0
"""Seconds between two looks at the audit."""
LONGEST = 30.0
"""Seconds that the command may take."""


class Paging:
    """Runs the command `page` of `brownfield.toml` for every entry that needs a person; without one it does nothing.

    Args:
        kernel: What is open.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._position: int | None = None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin no further page. Call it on the loop that `run` is on."""
        self._stopping.set()

    async def run(self) -> None:
        """Follow the audit until stopped."""
        if self._kernel.settings.page:
            work = partial(asyncio.to_thread, self.tick)
            await repeat(work, every(TICK), self._stopping, "people could not be paged")

    def tick(self) -> int:
        """Page people of all that is due; how many of them were told."""
        now = self._kernel.clock.now()
        with self._kernel.ledger.write() as connection:
            self._position = follow(connection, PAGED, self._position, now)
            due = due_notices(connection, now)
        return sum(self._page(notice) for notice in due if not self._stopping.is_set())

    def _page(self, notice: Notice) -> bool:
        kernel, entry = self._kernel, notice.entry
        failure = self._call(notice)
        wait = pause(notice.attempts + 1) if failure else None
        outcome = SENT if not failure else WAITING if wait else GIVEN_UP
        now = kernel.clock.now()
        with kernel.ledger.write() as connection:
            note_attempt(connection, notice, outcome, now + wait if wait else now)
            if outcome != WAITING:
                body = {
                    "to": self._contact(notice),
                    "of": entry.event,
                    "entry": entry.id,
                    "attempts": notice.attempts + 1,
                }
                told = body | ({"cause": failure} if failure else {})
                word = "page.sent" if outcome == SENT else "page.failed"
                kernel.journal.add(connection, kernel.entry(word, told, wrapper=entry.wrapper,
                                                            operation=entry.operation))  # fmt: skip
        return outcome == SENT

    def _call(self, notice: Notice) -> str:
        """Run the command with the facts on its standard input; why it failed, or nothing."""
        try:
            ended = subprocess.run(  # noqa: S603  the installation's own command, no shell
                self._kernel.settings.page, input=self._facts(notice), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, timeout=LONGEST, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"the command took longer than {LONGEST:g} s"
        except OSError as error:
            return f"the command could not be started: {error.strerror}"
        return f"the command ended with {ended.returncode}" if ended.returncode else ""

    def _facts(self, notice: Notice) -> bytes:
        entry, settings = notice.entry, self._kernel.settings
        told = Entry(entry.event, entry.at, entry.identity, entry.wrapper, entry.operation, entry.proposal, entry.body)
        return orjson.dumps({
            "to": self._contact(notice), "event": entry.event, "system": entry.body.get("system", ""),
            "wrapper": entry.wrapper, "operation": entry.operation, "environment": settings.environment,
            "at": entry.at.isoformat(timespec="seconds"), "entry": entry.id,
            "sentence": sentence(told, ZoneInfo(settings.timezone)),
        })  # fmt: skip

    def _contact(self, notice: Notice) -> str:
        opened = self._kernel.wrappers.get(notice.entry.wrapper or "")
        return opened.bundle.manifest.scope.page if opened else ""
