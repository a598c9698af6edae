"""Expecting: looks whether the files of feeds are there when they are due, and are as large as they should be."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from brownfield.ledger.lapse import Found, Taken, add_lapse, expected_since, lapses, taken, unchanged
from brownfield.rules.expectation import Calendar, Expectation, Window, punctuality, size
from brownfield.runtime.holiday import closed_days
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.repeating import every, repeat
from brownfield.wrapper.manifest import DAYS, ExpectTable

TICK = 15.0
"""Seconds between two looks."""
LOOK_BACK = timedelta(days=7)
"""How far back an expectation is still judged, and told."""
EARLIER = 10
"""Files that the usual size is taken from."""


class Expected:
    """One feed that is expected to deliver.

    Attributes:
        opened: Its wrapper.
        feed: Its name.
        rule: What is expected.
        snapshot: Whether its files are full extracts: one that is as it was yesterday has come.
        since: Since when, once that is known.
    """

    def __init__(self, opened: OpenWrapper, feed: str, table: ExpectTable, *, snapshot: bool) -> None:
        self.opened, self.feed, self.snapshot = opened, feed, snapshot
        self.rule = expectation(table)
        self.since: datetime | None = None

    def words(self, window: Window) -> str:
        """When the day's file was due: `2026-11-17, due by 04:00 (Europe/Paris)`."""
        return f"{window.day.isoformat()}, due by {self.rule.by:%H:%M} ({self.rule.zone.key})"


class Expecting:
    """Finds what is late, missing, empty or of an unusual size. Each is found once, and written into the audit.

    Args:
        kernel: What is open.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._stopping = asyncio.Event()
        self.feeds = [
            Expected(opened, name, feed.table.expect, snapshot=feed.table.snapshot is not None)
            for opened in kernel.wrappers.values()
            for name, feed in opened.bundle.feeds.items()
            if feed.table.expect is not None
        ]

    def stop(self) -> None:
        """Look no more. Call it on the loop that `run` is on."""
        self._stopping.set()

    async def run(self) -> None:
        """Look until stopped."""
        if self.feeds:
            work = partial(asyncio.to_thread, self.tick)
            await repeat(work, every(TICK), self._stopping, "expectations could not be judged")

    def tick(self) -> int:
        """Judge every feed; how many things were found."""
        now = self._kernel.clock.now()
        return sum(self._judge(feed, now) for feed in self.feeds)

    def told(self) -> list[dict[str, Any]]:
        """Per feed: when its next file is due, and what was found in the last days."""
        now = self._kernel.clock.now()
        return [self._told(feed, now) for feed in self.feeds]

    def _judge(self, feed: Expected, now: datetime) -> int:
        ledger, place, since = self._kernel.ledger, self._place(feed), self._since(feed, now)
        with ledger.read() as connection:
            files = taken(connection, *place, since, EARLIER)
            said = {(one.day, one.kind, one.file) for one in lapses(connection, *place, (since - LOOK_BACK).date())}
            same = unchanged(connection, *place, since - LOOK_BACK) if feed.snapshot else []
        seen = [*(file.seen_at for file in files), *same]
        found = [*_lateness(feed, seen, since, now), *_sizes(feed, files, since, now)]
        new = [one for one in found if (one.day, one.kind, one.file) not in said]
        if not new:
            return 0
        with ledger.write() as connection:
            ours = [one for one in new if add_lapse(connection, *place, one)]
            for one in ours:
                self._tell(connection, feed, one, files)
        return len(ours)

    def _since(self, feed: Expected, now: datetime) -> datetime:
        """From when on the feed is judged: never from before it was first expected to deliver."""
        if feed.since is None:
            with self._kernel.ledger.write() as connection:
                feed.since = expected_since(connection, *self._place(feed), now)
        return max(feed.since, now - LOOK_BACK)

    def _tell(self, connection: Connection, feed: Expected, found: Found, files: Sequence[Taken]) -> None:
        file = next((one for one in files if one.id == found.file), None)
        about = {"name": file.name, "sha256": file.sha256, "records": file.records} if file else {}
        body = {"day": found.day.isoformat(), "reason": found.reason} | ({"file": about} if file else {})
        entry = self._kernel.entry(f"batch.{found.kind}", body, wrapper=feed.opened.id, operation=feed.feed)
        self._kernel.journal.add(connection, entry)

    def _told(self, feed: Expected, now: datetime) -> dict[str, Any]:
        since = (now - LOOK_BACK).date()
        with self._kernel.ledger.read() as connection:
            found = lapses(connection, *self._place(feed), since)
        following = feed.rule.windows(now, now + timedelta(days=31))
        return {
            "feed": f"{feed.opened.id}.{feed.feed}",
            "next": following[0].due.isoformat(timespec="minutes") if following else None,
            "found": [{"day": one.day.isoformat(), "what": one.kind, "reason": one.reason} for one in found],
        }

    def _place(self, feed: Expected) -> tuple[str, str, str]:
        return self._kernel.environment, feed.opened.id, feed.feed


def expectation(table: ExpectTable) -> Expectation:
    """The rule that a manifest's table stands for."""
    days = frozenset(DAYS.index(day) for day in table.days)
    holiday, extra = closed_days(table.calendar), frozenset(table.closed)

    def closed(day: date) -> bool:
        return day in extra or holiday(day)

    return Expectation(
        by=table.by,
        zone=ZoneInfo(table.timezone),
        opens=table.opens,
        missing_after=table.missing_after,
        calendar=Calendar(days, closed, table.roll),
        least=table.least,
        most=table.most,
        deviation=table.deviation,
    )


def _lateness(feed: Expected, seen: Sequence[datetime], since: datetime, now: datetime) -> list[Found]:
    found = list[Found]()
    for window in feed.rule.windows(since, now):
        kind = punctuality(window, seen, now)
        if kind:
            found.append(Found(window.day, kind.value, 0, feed.words(window), now))
    return found


def _sizes(feed: Expected, files: Sequence[Taken], since: datetime, now: datetime) -> list[Found]:
    found, whole = list[Found](), [file for file in files if file.whole]
    for number, file in enumerate(whole):
        earlier = [one.records for one in whole[max(number - EARLIER, 0) : number]]
        odd = size(feed.rule, file.records, earlier) if file.seen_at >= since else None
        if odd:
            found.append(Found(feed.rule.day_of(file.seen_at), odd[0].value, file.id, odd[1], now))
    return found
