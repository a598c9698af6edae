"""Watching: which files lie in a drop, which of them are complete, and claiming those."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import Connection

from brownfield.contract import Arrival, Fields
from brownfield.contract.watched import Sighting, WatchedFeed
from brownfield.ledger.arrival import (
    Incoming,
    Whose,
    advance,
    claimed,
    incoming,
    last_identified,
    look_again,
    sight,
)
from brownfield.ledger.batch import BatchFile
from brownfield.rules.access import Identity
from brownfield.rules.arrival import WATCHED, Kind, Step, Watch, is_given_up, waits_for, watch
from brownfield.runtime.kernel import Kernel
from brownfield.wrapper.manifest import FeedTable

MOST = 1000
"""Files that are watched at once. A folder with more is gone through a thousand at a time, marked ones first."""


class Watching:
    """The files of one feed, until they are claimed.

    Args:
        kernel: What is open.
        adapter: Lists and claims.
        whose: The feed.
        table: What it says about complete files.
        who: Who asked for it; None for the scheduler.
    """

    def __init__(self, kernel: Kernel, adapter: WatchedFeed, whose: Whose, table: FeedTable,
                 who: Identity | None) -> None:  # fmt: skip
        self._kernel, self._adapter, self._whose, self._table, self._who = kernel, adapter, whose, table, who

    def look(self) -> list[Incoming]:
        """List the location once, and claim what is complete; what is still waited for."""
        everything = sorted(self._unclaimed(self._adapter.sightings()), key=_order)
        listed = {sighting.name: sighting for sighting in everything[:MOST]}
        self._note(listed, {sighting.name for sighting in everything})
        self._judge(listed)
        for file in self._lying(Step.READY):
            if file.name in listed and self._adapter.claim(listed[file.name]):
                self._advance([file], Step.CLAIMED)
        return self._lying(*WATCHED)

    def _unclaimed(self, sightings: Iterable[Sighting]) -> list[Sighting]:
        """Those that were not claimed before: where nothing may be moved, a file lies there for ever."""
        found = list(sightings)
        names = [sighting.name for sighting in found if sighting.stays]
        before: set[tuple[str, str]] = set()
        with self._kernel.ledger.read() as connection:
            for start in range(0, len(names), MOST):
                before |= claimed(connection, self._whose, names[start : start + MOST])
        return [one for one in found if not (one.stays and (one.name, one.stamp) in before)]

    def plan(self) -> list[tuple[Sighting, str]]:
        """What lies there, each with what it would still be waited for; nothing is kept and nothing is claimed."""
        now, ready = self._kernel.clock.now(), self._table.ready
        with self._kernel.ledger.read() as connection:
            before = {row.name: row.watch for row in incoming(connection, self._whose, WATCHED)}
        found = []
        for sighting in sorted(self._unclaimed(self._adapter.sightings()), key=_order)[:MOST]:
            seen = watch(before.get(sighting.name), sighting, now)
            waits = waits_for(seen, ready, now)
            if not waits and not is_given_up(seen, ready, now) and (flaw := self._adapter.flaw(sighting)):
                waits = f"it is not whole yet: {flaw}"
            found.append((sighting, waits))
        return found

    def staged(self, arrivals: Iterable[Arrival]) -> None:
        """Take note of what is at hand now, what a killed run claimed and could not say included."""
        with self._kernel.ledger.read() as connection:
            rows = incoming(connection, self._whose, (Step.READY, Step.CLAIMED))
        by_name = {row.name: row for row in rows if row.step is Step.READY}
        by_name |= {row.name: row for row in rows if row.step is Step.CLAIMED}
        for arrival in arrivals:
            row = by_name.pop(arrival.name, None) or _holder(by_name, arrival.name)
            if row is None:
                continue
            if row.step is Step.READY:
                self._advance([row], Step.CLAIMED)
            with self._kernel.ledger.write() as connection:
                advance(connection, row.id, Step.STAGED, self._kernel.clock.now(), sha256=arrival.sha256)
                self._tell(connection, Step.STAGED, row, {"sha256": arrival.sha256, "size": arrival.size})

    def identified(self, connection: Connection, arrival: Arrival, kind: Kind, file: int) -> None:
        """Tie an arrival to the number that it was given, in the transaction that gives it."""
        for row in incoming(connection, self._whose, (Step.STAGED,)):
            if _is_of(row.name, arrival.name):
                advance(connection, row.id, Step.IDENTIFIED, self._kernel.clock.now(), kind=kind.value, file=file)
                return

    def was_identified(self, arrival: Arrival, same: BatchFile) -> bool:
        """Whether this is a file that was decided on before, and that a kill kept from being put away.

        Of an archive the first member decides on the step; of the others it is known by the file that was begun.
        """
        with self._kernel.ledger.read() as connection:
            staged = incoming(connection, self._whose, (Step.STAGED,))
            holder = last_identified(connection, self._whose, _holders(arrival.name))
        if any(_is_of(row.name, arrival.name) for row in staged):
            return False
        if holder is None or holder.name == arrival.name:
            return True
        return same.name == arrival.name and same.seen_at >= holder.watch.first_at

    def _note(self, listed: Mapping[str, Sighting], names: set[str]) -> None:
        now, table = self._kernel.clock.now(), self._table
        with self._kernel.ledger.write() as connection:
            before = {row.name: row for row in incoming(connection, self._whose, WATCHED)}
            new = [watch(None, sighting, now) for name, sighting in listed.items() if name not in before]
            sight(connection, self._whose, [(one, waits_for(one, table.ready, now)) for one in new], now)
            for one in new:
                self._say(connection, Step.SEEN, one.sighting.name, {"size": one.sighting.size})
            for row in before.values():
                if row.name not in names:
                    advance(connection, row.id, Step.GONE, now)
                    self._tell(connection, Step.GONE, row)
                elif row.name in listed:
                    self._look_again(connection, row, watch(row.watch, listed[row.name], now))

    def _look_again(self, connection: Connection, row: Incoming, seen: Watch) -> None:
        now = self._kernel.clock.now()
        waits = waits_for(seen, self._table.ready, now)
        if seen.sighting.marked is False and waits == row.waits_for and seen.changed_at == row.watch.changed_at:
            return  # it waits for its marker, however often it is seen meanwhile
        look_again(connection, row.id, seen, waits)
        if row.step is Step.READY and seen.changed_at == now:
            advance(connection, row.id, Step.SEEN, now)
            self._tell(connection, Step.SEEN, row, {"waits_for": "it changed after it had looked complete"})

    def _judge(self, listed: Mapping[str, Sighting]) -> None:
        """Ask of each file that has nothing to wait for whether it looks whole; that is a look into the file."""
        now, ready = self._kernel.clock.now(), []
        for row in self._lying(Step.SEEN):
            if row.waits_for or row.name not in listed:
                continue
            seen = replace(row.watch, sighting=listed[row.name])
            flaw = "" if is_given_up(seen, self._table.ready, now) else self._adapter.flaw(seen.sighting)
            if flaw:
                with self._kernel.ledger.write() as connection:
                    look_again(connection, row.id, row.watch, f"it is not whole yet: {flaw}")
            else:
                ready.append(row)
        self._advance(ready, Step.READY)

    def _lying(self, *steps: Step) -> list[Incoming]:
        with self._kernel.ledger.read() as connection:
            return incoming(connection, self._whose, steps)

    def _advance(self, rows: list[Incoming], step: Step) -> None:
        with self._kernel.ledger.write() as connection:
            for row in rows:
                advance(connection, row.id, step, self._kernel.clock.now())
                self._tell(connection, step, row)

    def _tell(self, connection: Connection, step: Step, row: Incoming, more: Fields | None = None) -> None:
        self._say(connection, step, row.name, {"size": row.watch.sighting.size} | dict(more or {}))

    def _say(self, connection: Connection, step: Step, name: str, facts: Fields) -> None:
        said = {word: facts[word] for word in ("waits_for",) if word in facts}
        file = {"name": name} | {word: value for word, value in facts.items() if word not in said}
        entry = self._kernel.entry(f"batch.{step.value}", {"file": file} | said, self._who, about={"name": name},
                                   wrapper=self._whose.wrapper, operation=self._whose.feed)  # fmt: skip
        self._kernel.journal.add(connection, entry)


def _order(sighting: Sighting) -> tuple[bool, str, str]:
    """Files whose marker is missing last, so that a heap of them keeps nobody waiting; then the oldest first."""
    return sighting.marked is False, str(sighting.modified or ""), sighting.name


def _is_of(claimed: str, name: str) -> bool:
    """Whether an arrival is the file that was claimed, or a member of it."""
    return name == claimed or name.startswith(f"{claimed}/")


def _holders(name: str) -> list[str]:
    """The names under which what is called so may have been claimed: its own, or that of an archive."""
    parts = name.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _holder(rows: dict[str, Incoming], name: str) -> Incoming | None:
    found = next((row for row in rows if _is_of(row, name)), None)
    return rows.pop(found) if found else None
