"""The audit's writer: entries of calls that end together are committed together, each before its answer leaves."""

import asyncio
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from brownfield.ledger.audit import AuditKey, Entry, append, subject_token
from brownfield.ledger.store import Ledger
from brownfield.rules.problem import Problem

GROUP = 256
"""Entries of one commit at most."""


class _Ending:
    """What became of an entry, for a thread that looks when it is over: a future that nobody waits for.

    Attributes:
        problem: Why it is not durable; None when it is.
    """

    __slots__ = ("problem",)

    def __init__(self) -> None:
        self.problem: BaseException | None = Problem("ledger", "the audit entry was not written")

    def set_result(self, _: None) -> None:
        """It is durable."""
        self.problem = None

    def set_exception(self, problem: BaseException) -> None:
        """It is not."""
        self.problem = problem


Waiting = tuple[Entry, "Future[None] | _Ending"]
"""An entry, and where it is told what became of it."""


class Journal:
    """Appends to one chain of the audit.

    Whoever has its turn commits what waits, the entries of others too: calls that end together share a commit, and
    one that ends alone waits for nobody.

    Args:
        ledger: Where to.
        key: What the chain is made with.
        chain: The writer's id: `server`, `cli`.
    """

    def __init__(self, ledger: Ledger, key: AuditKey, chain: str) -> None:
        self._ledger = ledger
        self._key = key
        self._chain = chain
        self._waiting: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._turn = threading.Lock()
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._closed = False

    def commitment(self, value: str) -> str:
        """What stands in the audit instead of a personal value: it can be found again, not read."""
        return subject_token(self._key, value).hex()

    def add(self, connection: Connection, *entries: Entry) -> None:
        """Append within the caller's transaction: the state change and its entry commit together or not at all."""
        append(connection, self._key, self._chain, entries)

    async def write(self, entry: Entry) -> None:
        """Append and return once it is durable.

        Raises:
            Problem: `ledger`: it could not be written, so nothing may be answered.
        """
        await asyncio.wrap_future(self.post(entry))

    def commit(self, entry: Entry) -> None:
        """The same on a thread that may block: shorter by the way to another thread and back.

        Raises:
            Problem: `ledger`, as `write`.
        """
        ending = _Ending()
        self._put(entry, ending)
        # Whoever took it has had his turn by the end of ours.
        self._take_a_turn()
        if ending.problem:
            raise ending.problem

    def post(self, entry: Entry) -> Future[None]:
        """Have an entry appended soon. It is, whatever becomes of whoever waits for it.

        Raises:
            Problem: `ledger`: the journal is closed.
        """
        waiting: Future[None] = Future()
        # Running from the start: a caller that is cancelled cannot take back what happened.
        waiting.set_running_or_notify_cancel()
        self._put(entry, waiting)
        self._lane.submit(self._take_a_turn)
        return waiting

    def close(self) -> None:
        """Commit what waits, then take no more."""
        self._closed = True
        self._lane.shutdown()
        self._take_a_turn()

    def _put(self, entry: Entry, ending: "Future[None] | _Ending") -> None:
        if self._closed:
            raise Problem("ledger", "the audit is closed: this process is ending")
        self._waiting.put((entry, ending))

    def _take_a_turn(self) -> None:
        with self._turn:
            while group := self._group():  # handing the turn on takes longer: a twentieth fewer calls of eight clients
                self._settle(group)

    def _settle(self, group: list[Waiting]) -> None:
        failure = self._commit([entry for entry, _ in group])
        for entry, waiting in group:
            # One entry that cannot be stored must not take its neighbours with it.
            alone = failure is not None and failure.code == "internal" and len(group) > 1
            own = self._commit([entry]) if alone else failure
            if own is not None and own.code == "internal":
                own = self._commit([_bare(entry)])
            if own:
                waiting.set_exception(own)
            else:
                waiting.set_result(None)

    def _group(self) -> list[Waiting]:
        group: list[Waiting] = []
        with suppress(queue.Empty):
            while len(group) < GROUP:
                group.append(self._waiting.get_nowait())
        return group

    def _commit(self, entries: Sequence[Entry]) -> Problem | None:
        try:
            with self._ledger.inscribe() as way:
                append(way, self._key, self._chain, entries)
        except (SQLAlchemyError, OSError) as error:
            return Problem("ledger", f"the audit entry could not be written: {type(error).__name__}")
        except Exception as error:  # noqa: BLE001  whatever it is: others wait too, and nothing is answered
            return Problem("internal", f"the audit entry cannot be written: {type(error).__name__}")
        return None


def _bare(entry: Entry) -> Entry:
    """The entry without what a caller sent: that it happened is told even where its values cannot be."""
    return replace(entry, body={**entry.body, "arguments": {}}, subjects=())
