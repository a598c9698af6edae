"""Collecting, as doors and the scheduler ask for it: `arriving` goes over the files, `committing` over the chunks."""

import asyncio
import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from brownfield.contract import Unavailable
from brownfield.ledger.arrival import Incoming
from brownfield.ledger.batch import (
    BatchFile,
    FileState,
    decide_file,
    files,
    finish_file,
    get_file,
    load_checkpoint,
)
from brownfield.ledger.count import file_counts
from brownfield.ledger.lease import release, take
from brownfield.ledger.quarantine import Quarantined, open_records, quarantined
from brownfield.rules.access import Ability, Identity
from brownfield.rules.problem import Problem, from_failure
from brownfield.runtime.arriving import Arriving
from brownfield.runtime.caller import Caller
from brownfield.runtime.kernel import Kernel, OpenWrapper, no_feed
from brownfield.runtime.lane import Lane
from brownfield.runtime.refusal import audited
from brownfield.runtime.surveying import Surveying
from brownfield.wrapper.bundle import Feed

log = logging.getLogger("brownfield.collecting")
LEASE = timedelta(hours=6)
_LISTED = "`brownfield batches` lists them."
WIDTH = 8
"""Feeds that are collected at once. Listing a slow drop takes minutes, and nothing else may wait for it."""


class Collecting:
    """Turns the files of a feed into events.

    Args:
        kernel: What is open.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._holder = f"collector-{secrets.token_hex(6)}"
        self._kept: dict[str, int] = {}
        """Leases that could not be given up because the ledger was busy or full; the next collect does."""
        self._surveying = Surveying(kernel)
        self.stopping = threading.Event()
        self.lane = Lane("collect", WIDTH)

    async def collect(self, caller: Caller, wrapper: str, feed: str, *, replay: bool = False) -> list[dict[str, Any]]:
        """Collect what has arrived. With `replay`, also take again a file that was set aside or collected before.

        What is not complete yet is told after what was taken, with what it waits for.

        Raises:
            Problem: The location cannot be read, or another process is collecting this feed.
        """
        opened, found = await asyncio.to_thread(self._demand, caller, wrapper, feed)
        return await self.lane.run(self.run, opened, found, who=caller.identity, replay=replay)

    def strays(self, wrapper: str, feed: str) -> list[dict[str, Any]]:
        """What the last look saw beside the files of a feed that may be collected, and that no feed takes."""
        return self._surveying.told(wrapper, self._kernel.feed(wrapper, feed)[1].table.via)

    def _demand(self, caller: Caller, wrapper: str, feed: str) -> tuple[OpenWrapper, Feed]:
        with audited(self._kernel, caller, feed, wrapper):
            caller.demand(Ability.COLLECT, wrapper, feed)
            return self._kernel.feed(wrapper, feed)

    def run(self, opened: OpenWrapper, feed: Feed, *, who: Identity | None = None,
            replay: bool = False) -> list[dict[str, Any]]:  # fmt: skip
        """The same without a caller: for the scheduler and for a command line without a server. Blocks."""
        with self._turn(opened, feed):
            run = Arriving(self._kernel, opened, feed, who, self.stopping)
            try:
                taken = [file_body(file, note) for file, note in run.files(replay=replay)]
                self._surveying.look(opened, feed, asked=who is not None)
                return taken + [incoming_body(opened, feed, file) for file in run.waiting]
            except Unavailable as failure:
                self._surveying.lose(opened, feed)
                raise from_failure(failure, system=opened.title) from failure

    async def plan(self, caller: Caller, wrapper: str, feed: str) -> list[dict[str, Any]]:
        """What `collect` would do now. Nothing is claimed, kept or put away.

        Raises:
            Problem: The location cannot be read.
        """
        opened, found = await asyncio.to_thread(self._demand, caller, wrapper, feed)
        return await self.lane.run(self._plan, opened, found, caller.identity)

    def _plan(self, opened: OpenWrapper, feed: Feed, who: Identity) -> list[dict[str, Any]]:
        try:
            planned = list(Arriving(self._kernel, opened, feed, who, self.stopping).plan())
            self._surveying.look(opened, feed, asked=True)
        except Unavailable as failure:
            self._surveying.lose(opened, feed)
            raise from_failure(failure, system=opened.title) from failure
        name = f"{opened.id}.{feed.name}"
        return [{"feed": name, "name": file, "size": size, "state": "planned", "note": note}
                | ({"reason": reason} if reason else {}) for file, size, note, reason in planned]  # fmt: skip

    async def resume(self, caller: Caller, file_id: int, note: str = "") -> dict[str, Any]:
        """Take in what is left of a held file; as many records as before may be unreadable.

        Raises:
            Problem: `not-found`; `conflict`: it is not held, or the layout has changed since.
        """
        opened, feed, file = await asyncio.to_thread(self._held, caller, file_id)
        return await self.lane.run(self._resume, opened, feed, file, caller.identity, note)

    def _resume(self, opened: OpenWrapper, feed: Feed, file: BatchFile, who: Identity, note: str) -> dict[str, Any]:
        with self._turn(opened, feed):
            return file_body(*Arriving(self._kernel, opened, feed, who, self.stopping).resume(file, note))

    def refuse(self, caller: Caller, file_id: int, note: str = "") -> dict[str, Any]:
        """Say that a held file is not wanted. It stays set aside; events of it that were stored stay stored.

        Raises:
            Problem: `not-found`; `conflict`: it is not held.
        """
        opened, feed, file = self._held(caller, file_id)
        with self._kernel.ledger.write() as connection:
            refused = decide_file(connection, file.id, FileState.REFUSED, note or file.reason)
            body = {"file": {"name": file.name, "sha256": file.sha256}, "reason": refused.reason}
            entry = self._kernel.entry("batch.refused", body, caller.identity, trace=caller.trace, wrapper=opened.id,
                                       operation=feed.name, about={"name": file.name})  # fmt: skip
            self._kernel.journal.add(connection, entry)
        return file_body(refused)

    def _held(self, caller: Caller, file_id: int) -> tuple[OpenWrapper, Feed, BatchFile]:
        with self._kernel.ledger.read() as connection:
            file = get_file(connection, file_id)
        if file is None:
            caller.demand(Ability.OVERSEE)
            raise Problem("not-found", f"there is no batch file {file_id}", next=_LISTED)
        opened, feed = self._demand(caller, file.wrapper, file.feed)
        if file.state is not FileState.HELD:
            raise Problem("conflict", f"file {file_id} is not held: it is {file.state.value}")
        return opened, feed, file

    def batches(self, caller: Caller, feed: str | None = None, limit: int = 50, *, state: FileState | None = None,
                after: int | None = None) -> list[dict[str, Any]]:  # fmt: skip
        """The files of a feed (`inventory.stock_count`) or of all, latest first; those that follow the one `after`."""
        caller.demand(Ability.OVERSEE)
        wrapper, _, name = (feed or "").partition(".")
        with self._kernel.ledger.read() as connection:
            found = files(connection, wrapper=wrapper or None, feed=name or None, state=state, before=after,
                          limit=limit)  # fmt: skip
            unread = open_records(connection, [file.id for file in found])
            if feed and not (found or self._is_known(connection, wrapper, name)):
                raise no_feed(wrapper, name)
        return [file_body(file) | {"open": unread.get(file.id, 0)} for file in found]

    def _is_known(self, connection: Connection, wrapper: str, name: str) -> bool:
        """Whether there is such a wrapper, or feed of it, or was one that files came for."""
        opened = self._kernel.wrappers.get(wrapper)
        if opened and (not name or name in opened.bundle.feeds):
            return True
        return bool(files(connection, wrapper=wrapper, feed=name or None, limit=1))

    def quarantined(self, caller: Caller, file_id: int, limit: int = 1000, after: int = -1) -> list[dict[str, Any]]:
        """The records of a file that could not be read, whole, as hex; those with a number above `after`.

        Raises:
            Problem: `not-found`.
        """
        caller.demand(Ability.OVERSEE)
        with self._kernel.ledger.read() as connection:
            file = get_file(connection, file_id)
            if file is None:
                raise Problem("not-found", f"there is no batch file {file_id}", next=_LISTED)
            kept = quarantined(connection, file_id, after=after, limit=limit)
        body = {"file": {"name": file.name, "sha256": file.sha256}}
        entry = self._kernel.entry("quarantine.read", body, caller.identity, trace=caller.trace, wrapper=file.wrapper,
                                   operation=file.feed)  # fmt: skip
        self._kernel.journal.post(entry).result()
        return [record_body(item) for item in kept]

    def orphans(self) -> None:
        """Hold the open files of feeds that are declared no longer: nobody would ever end them."""
        with self._kernel.ledger.write() as connection:
            for file in files(connection, state=FileState.COLLECTING, limit=1000):
                opened = self._kernel.wrappers.get(file.wrapper)
                if file.environment == self._kernel.environment and not (opened and file.feed in opened.bundle.feeds):
                    self._give_up(connection, file)

    def _give_up(self, connection: Connection, file: BatchFile) -> None:
        reason = "its feed is declared no longer"
        records, (events, bad) = load_checkpoint(connection, file.id).record, file_counts(connection, file.id)
        held = finish_file(connection, file.id, FileState.HELD, reason, records=records, events=events,
                           quarantined=bad, now=self._kernel.clock.now())  # fmt: skip
        body = {"file": {"name": held.name, "sha256": held.sha256, "records": records, "events": events},
                "reason": reason}  # fmt: skip
        entry = self._kernel.entry("batch.held", body, wrapper=file.wrapper, operation=file.feed)
        self._kernel.journal.add(connection, entry)

    def stop(self) -> None:
        """End after the chunk that is being committed; what is left is taken up again next time."""
        self.stopping.set()

    @contextmanager
    def _turn(self, opened: OpenWrapper, feed: Feed) -> Iterator[None]:
        if opened.feeds[feed.table.via].stops:
            raise Problem("drifted", f"the layout of {feed.name} is not the locked one; nothing was collected")
        resource, kernel = f"feed:{opened.id}.{feed.name}", self._kernel
        with kernel.ledger.write() as connection:
            if resource in self._kept:
                release(connection, resource, self._holder, self._kept[resource])
            fence = take(connection, resource, self._holder, ttl=LEASE, now=kernel.clock.now())
        if fence is None:
            raise Problem("busy", f"{opened.id}.{feed.name} is being collected already", retry_after=5.0)
        self._kept.pop(resource, None)
        try:
            yield
        finally:
            self._kept[resource] = fence
            with kernel.ledger.write() as connection:
                release(connection, resource, self._holder, fence)
            del self._kept[resource]


def record_body(item: Quarantined) -> dict[str, Any]:
    """A record in quarantine as every door gives it."""
    damage = item.damage
    shown = {
        "record": damage.number, "offset": damage.offset, "field": damage.field, "code": damage.code,
        "reason": damage.reason, "raw": damage.raw.hex(), "state": item.state.value,
    }  # fmt: skip
    decided = {"decided_by": item.decided_by, "note": item.note,
               "decided_at": item.decided_at.isoformat(timespec="seconds") if item.decided_at else None}  # fmt: skip
    return shown | {name: value for name, value in decided.items() if value}


def incoming_body(opened: OpenWrapper, feed: Feed, file: Incoming) -> dict[str, Any]:
    """A file that still lies in the drop, as every door gives it."""
    return {
        "feed": f"{opened.id}.{feed.name}", "name": file.name, "size": file.watch.sighting.size,
        "state": file.step.value, "reason": file.waits_for, "note": "waiting",
        "seen_at": file.watch.first_at.isoformat(timespec="seconds"),
    }  # fmt: skip


def file_body(file: BatchFile, note: str = "") -> dict[str, Any]:
    """A batch file as every door gives it."""
    shown = {
        "id": file.id, "feed": f"{file.wrapper}.{file.feed}", "name": file.name, "size": file.size,
        "sha256": file.sha256, "state": file.state.value, "reason": file.reason, "records": file.records,
        "events": file.events, "quarantined": file.quarantined, "replay": file.replay, "note": note,
        "resumes": file.resumes,
        "seen_at": file.seen_at.isoformat(timespec="seconds"),
        "settled_at": file.settled_at.isoformat(timespec="seconds") if file.settled_at else None,
    }  # fmt: skip
    return {name: value for name, value in shown.items() if value not in {None, ""}}
