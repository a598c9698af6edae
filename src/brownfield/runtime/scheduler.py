"""The scheduler: a clock for feeds, reads and files. A unique row (schedule, due time) decides who fires."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from brownfield.contract import Failure, Fields
from brownfield.ledger.firing import claim_firing, end_firing, last_firing
from brownfield.ledger.halt import active_halts, blocking
from brownfield.rules.misfire import Misfire, by_the_wall, due, earliest, weekdays
from brownfield.rules.problem import Problem
from brownfield.rules.redaction import commit
from brownfield.runtime.collecting import Collecting
from brownfield.runtime.defect import report
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.reader import read
from brownfield.runtime.repeating import every, repeat
from brownfield.runtime.sending import Sending
from brownfield.wrapper.manifest import ScheduleTable

TICK = 1.0
"""Seconds between two looks at the clock."""
LOOK_BACK = timedelta(days=7)
"""How far back a missed due time is still looked for."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One schedule of the manifest, ready to be asked when it is due."""

    name: str
    opened: OpenWrapper
    table: ScheduleTable

    @property
    def what(self) -> str:
        """The feed, operation or connection that it is for."""
        return self.table.feed or self.table.operation or self.table.send or ""

    @property
    def zone(self) -> ZoneInfo:
        """Where its cron is read."""
        return ZoneInfo(self.table.timezone)

    def times(self, after: datetime, until: datetime) -> list[datetime]:
        """The due times in (after, until], UTC. One per local wall time on the night that has an hour twice."""
        found: list[datetime] = []
        moment = self.next(after)
        while moment is not None and moment <= until:
            found.append(earliest(moment, self.zone) if by_the_wall(self.table.cron) else moment)
            moment = self.next(moment)
        return sorted({time for time in found if after < time <= until})

    def next(self, after: datetime) -> datetime | None:
        """The first time after an instant that the cron names, UTC."""
        # In UTC, because local arithmetic forgets which of the two 02:30 it is, and never gets past them.
        begin = after.astimezone(UTC) + timedelta(microseconds=1)
        moment: datetime | None = self._trigger.get_next_fire_time(None, begin)
        return moment.astimezone(UTC) if moment else None

    @property
    def _trigger(self) -> CronTrigger:
        return CronTrigger.from_crontab(weekdays(self.table.cron), timezone=self.zone)


class Scheduler:
    """Fires what is due, once, whoever else looks at the same clock.

    Args:
        kernel: What is open.
        collecting: Collects feeds.
        sending: Sends files.
    """

    def __init__(self, kernel: Kernel, collecting: Collecting, sending: Sending) -> None:
        self._kernel = kernel
        self._collecting = collecting
        self._sending = sending
        self._holder = f"scheduler-{secrets.token_hex(6)}"
        self._started = kernel.clock.now()
        self._stopping = asyncio.Event()
        self.schedules = [
            Schedule(f"{opened.id}.{name}", opened, table)
            for opened in kernel.wrappers.values()
            for name, table in opened.bundle.manifest.schedules.items()
        ]

    def stop(self) -> None:
        """Fire nothing more. `run` returns once what runs has ended. Call it on the scheduler's loop."""
        self._stopping.set()

    async def run(self) -> None:
        """Look at the clock until stopped; a long run of one schedule holds no other back."""
        await asyncio.gather(*(self._follow(schedule) for schedule in self.schedules))

    async def tick(self) -> int:
        """Fire everything that is due now; the number of runs that were ours."""
        return sum(await asyncio.gather(*(self._serve(schedule) for schedule in self.schedules)))

    async def _follow(self, schedule: Schedule) -> None:
        serve = partial(self._serve, schedule)
        await repeat(serve, every(TICK), self._stopping, f"{schedule.name} could not go on")

    async def _serve(self, schedule: Schedule) -> int:
        ours = await asyncio.to_thread(self._due, schedule)
        for time in ours:
            outcome = await self._outcome(schedule)
            await asyncio.to_thread(self._end, schedule, time, outcome)
        return len(ours)

    def _due(self, schedule: Schedule) -> list[datetime]:
        """The due times that are ours to run."""
        now, table = self._kernel.clock.now(), schedule.table
        with self._kernel.ledger.read() as connection:
            last, halts = last_firing(connection, schedule.name, now), active_halts(connection)
        if blocking(halts, "", schedule.opened.id, schedule.what):
            return []  # what comes due meanwhile is judged as missed when the halt is lifted
        after = max(last.due_at, now - LOOK_BACK) if last else self._started
        plan = due(schedule.times(after, now), now, Misfire(table.misfire.grace, table.misfire.catch_up))
        for time in plan.missed:
            self._claim(schedule, time, "schedule.missed")
        return [time for time in plan.fire if self._claim(schedule, time, "schedule.fired")]

    def _end(self, schedule: Schedule, time: datetime, outcome: str) -> None:
        with self._kernel.ledger.write() as connection:
            end_firing(connection, schedule.name, time, outcome, self._kernel.clock.now())

    def _claim(self, schedule: Schedule, time: datetime, event: str) -> bool:
        kernel, now = self._kernel, self._kernel.clock.now()
        with kernel.ledger.write() as connection:
            if not claim_firing(connection, schedule.name, time, self._holder, now):
                return False
            if event == "schedule.missed":
                end_firing(connection, schedule.name, time, "missed", now)
            body = {"schedule": schedule.name, "due": time.isoformat(timespec="seconds")}
            entry = kernel.entry(event, body, wrapper=schedule.opened.id, operation=schedule.what)
            kernel.journal.add(connection, entry)
        return True

    async def _outcome(self, schedule: Schedule) -> str:
        table = schedule.table
        work: Callable[[Schedule], Awaitable[str]] = (
            self._collect if table.feed else self._send if table.send else self._read
        )
        try:
            return await work(schedule)
        except (Problem, Failure) as problem:
            return f"failed: {problem}"
        except Exception as error:  # noqa: BLE001  the run has failed, the schedule goes on
            report(f"a defect in a run of {schedule.name}", error)
            return f"failed: {type(error).__name__}"

    async def _collect(self, schedule: Schedule) -> str:
        feed = schedule.opened.bundle.feeds[schedule.table.feed or ""]
        files = await self._collecting.lane.run(self._collecting.run, schedule.opened, feed)
        counts = Counter(_ending(file) for file in files)
        more = [f"{counts[word]} {word}" for word in ("waiting", "held", "refused") if counts[word]]
        return ", ".join([f"{len(files) - counts['waiting']} files", *more])

    async def _send(self, schedule: Schedule) -> str:
        made = await self._sending.make(schedule.opened, schedule.what)
        file = made["file"]
        more = [f"{len(made[word])} {word}" for word in ("denied", "left") if made[word]]
        return ", ".join([f"{file['name']}: {file['records']} records" if file else "nothing to send", *more])

    async def _read(self, schedule: Schedule) -> str:
        operation = schedule.opened.bundle.operations[schedule.table.operation or ""]
        schedule.opened.validators[operation.name].check_arguments(schedule.table.args)
        await read(schedule.opened, operation, schedule.table.args)
        told = commit(schedule.table.args, operation.table.personal, self._kernel.journal.commitment)
        body = {"arguments": told, "origin": "schedule", "schedule": schedule.name}
        entry = self._kernel.entry("read.done", body, about=schedule.table.args, wrapper=operation.wrapper,
                                   operation=operation.name)  # fmt: skip
        await self._kernel.journal.write(entry)
        return "done"


def _ending(file: Fields) -> str:
    return "waiting" if file.get("note") == "waiting" else str(file["state"])
