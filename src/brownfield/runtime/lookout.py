"""The lookout: while `up` runs, live descriptions are held against the pin, and what they stop is stopped at once."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from brownfield.contract import Failure
from brownfield.rules.comparison import compare
from brownfield.rules.drift import Change, Sighting
from brownfield.rules.problem import Problem
from brownfield.runtime.drifting import declared, live_contract, stops_of, touches
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.repeating import repeat
from brownfield.wrapper.finding import BundleError
from brownfield.wrapper.manifest import DriftTable

FIRST = timedelta(minutes=1)
"""The first look comes within this time: a restart must not forget for long what has drifted."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One connection that is looked at."""

    opened: OpenWrapper
    name: str
    table: DriftTable


class Lookout:
    """Looks at every live system that a manifest says is to be watched.

    Args:
        kernel: What is open.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._stopping = asyncio.Event()
        self.watched = [
            Watched(opened, name, table.drift)
            for opened in kernel.wrappers.values()
            for name, table in opened.bundle.manifest.connections.items()
            if table.drift is not None
        ]

    def stop(self) -> None:
        """Look no more. Call it on the loop that `run` is on."""
        self._stopping.set()

    async def run(self) -> None:
        """Look until stopped. One system that hangs holds no look at another back."""
        await asyncio.gather(*(self._follow(watched) for watched in self.watched))

    def look(self, watched: Watched) -> Sighting:
        """Look once, and stop and let go on what the live system says. Blocks."""
        before = self._kernel.sightings.get((watched.opened.id, watched.name))
        sighting = self._sighting(watched, before.changes if before else ())
        self._kernel.sightings[watched.opened.id, watched.name] = sighting
        stops = stops_of(watched.opened.bundle, watched.name, sighting.changes)
        held = watched.opened.stops[watched.name]
        if held != stops:
            self._kernel.recent.forget(watched.opened.id)  # what was answered before may be of what is stopped now
        held.update(stops)  # what stops is stopped before anything is let go
        for subject in held.keys() - stops.keys():
            del held[subject]
        self._note(watched, sighting)
        return sighting

    async def _follow(self, watched: Watched) -> None:
        look, waits = partial(asyncio.to_thread, self.look, watched), _waits(watched.table.every)
        await repeat(look, waits, self._stopping, f"the look at {watched.opened.id}.{watched.name} failed")

    def _sighting(self, watched: Watched, before: tuple[Change, ...]) -> Sighting:
        bundle, around = watched.opened.bundle, self._kernel.around
        try:
            live = live_contract(bundle, watched.name, declared(bundle, watched.name, around), around)
        except (Problem, Failure, BundleError) as error:
            return Sighting(self._kernel.clock.now(), "unreachable", before, str(error))
        changes = compare(bundle.contracts[watched.name], live)
        return Sighting(self._kernel.clock.now(), "drifted" if changes else "same", changes)

    def _note(self, watched: Watched, sighting: Sighting) -> None:
        bundle, kernel = watched.opened.bundle, self._kernel
        touched = touches(bundle, {watched.name: sighting.changes})
        body = {
            "connection": watched.name,
            "outcome": sighting.outcome,
            "changes": [change.words for change in sighting.changes][:50],
            "stopped": [touch.name for touch in touched if touch.state == "stopped"],
            "warned": [touch.name for touch in touched if touch.state == "warned"],
            **({"cause": sighting.words} if sighting.words else {}),
        }
        with kernel.ledger.write() as connection:
            kernel.journal.add(connection, kernel.entry("drift.checked", body, wrapper=watched.opened.id))


def _waits(every: timedelta) -> Iterator[float]:
    """Seconds between looks, not quite the same each time: so that not all systems are looked at at once."""
    yield min(every, FIRST).total_seconds() * random.random()  # noqa: S311  no secret
    while True:
        yield every.total_seconds() * random.uniform(0.95, 1.05)  # noqa: S311  no secret
