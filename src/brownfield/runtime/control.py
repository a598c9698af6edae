"""Stopping and looking: halts that hold at once, and the state of everything on one page."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from brownfield.ledger.arrival import queued, waiting
from brownfield.ledger.batch import BatchFile, FileState, files, under_way
from brownfield.ledger.conflict import Moved
from brownfield.ledger.count import proposal_counts
from brownfield.ledger.firing import last_firing
from brownfield.ledger.halt import Halt, active_halts, blocking, lift_halt, set_halt
from brownfield.ledger.identity import identities
from brownfield.ledger.input import Contradiction, Input, contradicted_since, contradictions, unfinished
from brownfield.ledger.proposal import listing
from brownfield.ledger.quarantine import open_by_feed
from brownfield.rules.access import Ability, Role, covers
from brownfield.rules.problem import Problem
from brownfield.rules.progress import Progress
from brownfield.rules.proposal import State
from brownfield.runtime.caller import Caller
from brownfield.runtime.expecting import Expecting
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.polling import Polling
from brownfield.runtime.refusal import audited
from brownfield.runtime.scheduler import Schedule
from brownfield.runtime.surveying import Surveying
from brownfield.wrapper.bundle import Feed, Operation
from brownfield.wrapper.manifest import nearest

HELD = 50
"""Held files that the status tells, latest first."""
LATELY = timedelta(hours=24)
"""How long the status tells of a refused file; nobody has to decide on it."""
REMEMBERED = timedelta(days=30)
"""How long the status tells of an answer that contradicts; nothing ends it, for nobody decides on it here."""


class Control:
    """Halts, resumes and tells.

    Args:
        kernel: What is open.
        schedules: What is due when.
        expecting: Which files are.
        polling: Which locations are looked at.
    """

    def __init__(self, kernel: Kernel, schedules: Sequence[Schedule], expecting: Expecting,
                 polling: Polling) -> None:  # fmt: skip
        self._kernel = kernel
        self._schedules = schedules
        self._expecting = expecting
        self._polling = polling

    def halt(self, caller: Caller, scope: str, reason: str = "") -> dict[str, Any]:
        """Stop everything in `scope`: once this returns, no call and no write of it begins.

        Args:
            caller: Must be able to halt.
            scope: `everything`, `identity:NAME`, `wrapper:ID` or `operation:ID.NAME`.
            reason: Shown to whoever is stopped.

        Raises:
            Problem: `invalid` scope, `not-found` when it names nothing, or `conflict` when it is halted already.
        """
        with audited(self._kernel, caller, "halt"):
            caller.demand(Ability.HALT)
        self._demand_known(scope)
        return self._change(caller, "halt.set", scope, reason)

    def resume(self, caller: Caller, scope: str) -> dict[str, Any]:
        """Lift a halt, and say which approved writes go on now.

        Raises:
            Problem: `conflict` when there is none.
        """
        with audited(self._kernel, caller, "resume"):
            caller.demand(Ability.HALT)
        return self._change(caller, "halt.lifted", scope, "") | {"goes_on": self._going_on(scope)}

    def _demand_known(self, scope: str) -> None:
        """A halt of a name that is not there would stop nothing, and somebody would believe that it did."""
        kind, _, name = scope.partition(":")
        known = {"wrapper": list(self._kernel.wrappers), "operation": [
            f"{opened.id}.{one}" for opened in self._kernel.wrappers.values()
            for one in (*opened.bundle.operations, *opened.bundle.feeds)
        ]}  # fmt: skip
        if kind == "identity":
            with self._kernel.ledger.read() as connection:
                known["identity"] = [identity.name for identity in identities(connection)]
        whole = bool(name) and (kind != "operation" or "." in name)  # else it is no scope at all
        if kind in known and whole and name not in known[kind]:
            near = nearest(name, known[kind])
            remedy = f"Did you mean {kind}:{near}?" if near else "`brownfield status` has the names."
            raise Problem("not-found", f"there is no {kind} `{name}`; nothing was halted", next=remedy)

    def _going_on(self, scope: str) -> list[dict[str, Any]]:
        """The approved writes that this halt held back and no other one does."""
        with self._kernel.ledger.read() as connection:
            waiting = listing(connection, states={State.APPROVED}, limit=1000)
            halts = active_halts(connection)
        lifted = [Halt(scope, "", "", self._kernel.clock.now())]
        live = {opened.id for opened in self._kernel.wrappers.values() if opened.bundle.manifest.mode == "live"}
        return [
            {"proposal": one.id, "operation": f"{one.wrapper}.{one.operation}", "proposer": one.proposer}
            for one in waiting
            if one.wrapper in live
            and blocking(lifted, one.proposer, one.wrapper, one.operation)
            and not blocking(halts, one.proposer, one.wrapper, one.operation)
        ]

    def _refused(self, connection: Connection) -> list[BatchFile]:
        """The files that were refused lately, latest first; one more than are told."""
        since = self._kernel.clock.now() - LATELY
        latest = files(connection, state=FileState.REFUSED, limit=HELD + 1)
        return [file for file in latest if file.settled_at and file.settled_at >= since]

    def status(self, caller: Caller) -> dict[str, Any]:
        """Systems, halts, files that wait or are held, proposals, and what is due when."""
        with self._kernel.ledger.read() as connection:
            counts = proposal_counts(connection)
            lying = waiting(connection, self._kernel.environment) if caller.may(Ability.OVERSEE) else []
            begun = under_way(connection, self._kernel.environment) if caller.may(Ability.OVERSEE) else []
            behind = queued(connection, self._kernel.environment) if caller.may(Ability.OVERSEE) else {}
            held = files(connection, state=FileState.HELD, limit=HELD + 1) if caller.may(Ability.OVERSEE) else []
            lost = self._refused(connection) if caller.may(Ability.OVERSEE) else []
            unread = open_by_feed(connection, self._kernel.environment) if caller.may(Ability.OVERSEE) else {}
            unsent = unfinished(connection, self._kernel.environment) if caller.may(Ability.OVERSEE) else []
            against = self._contradicted(connection) if caller.may(Ability.OVERSEE) else []
        return {
            "environment": self._kernel.environment,
            "ledger": self._kernel.around.ledger() if caller.may(Ability.OVERSEE) else None,
            "identity": caller.identity.name,
            "role": caller.identity.role.value,
            "systems": [self._system(caller, opened) for opened in self._kernel.wrappers.values()
                        if caller.may(Ability.OVERSEE) or self._seen(caller, opened)],
            "halts": [{"scope": h.scope, "by": h.by, "reason": h.reason, "at": h.at.isoformat(timespec="seconds")}
                      for h in caller.halts if caller.may(Ability.OVERSEE) or self._concerns(caller, h)],
            "collecting": [progress_body(file, progress, behind) for file, progress in begun],
            "waiting": [{"feed": feed, "files": count, "oldest": file.name, "waits_for": file.waits_for,
                         "since": file.watch.first_at.isoformat(timespec="seconds")} for feed, file, count in lying],
            "held": [{"id": file.id, "feed": f"{file.wrapper}.{file.feed}", "file": file.name, "reason": file.reason,
                      "since": file.settled_at.isoformat(timespec="seconds") if file.settled_at else None}
                     for file in held[:HELD]],
            "more_held": len(held) > HELD,
            "refused": [{"id": file.id, "feed": f"{file.wrapper}.{file.feed}", "file": file.name, "reason": file.reason}
                        for file in lost[:HELD]],
            "more_refused": len(lost) > HELD,
            "strays": Surveying(self._kernel).told() if caller.may(Ability.OVERSEE) else [],
            "unread": [{"feed": feed, "records": count} for feed, count in unread.items()],
            "unsent": [{"connection": f"{one.place.wrapper}.{one.place.connection}", "sequence": one.sequence,
                        "file": one.name, "state": one.step.value, "reason": one.reason} for one in unsent],
            "contradicted": [contradicted_body(file, found) for file, found in against],
            "proposals": counts if caller.may(Ability.OVERSEE) else {},
            "schedules": [self._schedule(one) for one in self._schedules] if caller.may(Ability.OVERSEE) else [],
            "expected": self._expecting.told() if caller.may(Ability.OVERSEE) else [],
            "polled": self._polling.told() if caller.may(Ability.OVERSEE) else [],
        }  # fmt: skip

    def _contradicted(self, connection: Connection) -> list[tuple[Input, list[Contradiction]]]:
        since = self._kernel.clock.now() - REMEMBERED
        files = contradicted_since(connection, self._kernel.environment, since)
        found = contradictions(connection, [file.id for file in files])
        return [(file, found[file.id]) for file in files]

    def _concerns(self, caller: Caller, halt: Halt) -> bool:
        """Whether a halt stops this caller; what others are stopped from, and why, is not theirs to know."""
        seen = [(opened.id, name) for opened in self._kernel.wrappers.values() for name in self._seen(caller, opened)]
        return any(blocking([halt], caller.identity.name, *place) for place in (("", ""), *seen))

    def _schedule(self, schedule: Schedule) -> dict[str, Any]:
        now = self._kernel.clock.now()
        with self._kernel.ledger.read() as connection:
            last = last_firing(connection, schedule.name, now)
        due = schedule.next(now)
        return {
            "schedule": schedule.name,
            "next": due.isoformat(timespec="minutes") if due else None,
            "last": last.due_at.isoformat(timespec="minutes") if last else None,
            "outcome": last.outcome if last else None,
        }

    def _change(self, caller: Caller, event: str, scope: str, reason: str) -> dict[str, Any]:
        kernel, now = self._kernel, self._kernel.clock.now()
        try:
            with kernel.ledger.write() as connection:
                if event == "halt.set":
                    changed = set_halt(connection, scope, caller.identity.person, reason, now)
                else:
                    changed = lift_halt(connection, scope, caller.identity.person, now)
                if not changed:
                    said = "halted already" if event == "halt.set" else "not halted"
                    raise Problem("conflict", f"{scope} is {said}", next="`brownfield status` has what is halted.")
                body = {"scope": scope, "reason": reason}
                kernel.journal.add(connection, kernel.entry(event, body, caller.identity, trace=caller.trace))
        except (ValueError, Moved) as error:
            raise Problem("invalid", str(error)) from error
        return {"scope": scope, "halted": event == "halt.set", "by": caller.identity.person, "reason": reason}

    def _sightings(self, opened: OpenWrapper) -> list[dict[str, Any]]:
        """What the last looks at the live systems saw; `not looked yet` where none was taken."""
        found = []
        for name, table in opened.bundle.manifest.connections.items():
            if table.drift is None:
                continue
            seen = self._kernel.sightings.get((opened.id, name))
            found.append({
                "connection": name,
                "every_s": table.drift.every.total_seconds(),
                "at": seen.at.isoformat(timespec="seconds") if seen else None,
                "outcome": seen.outcome if seen else "not looked yet",
                "changes": [change.words for change in seen.changes] if seen else [],
                "cause": seen.words if seen else "",
            })  # fmt: skip
        return found

    def _seen(self, caller: Caller, opened: OpenWrapper) -> set[str]:
        """The operations and feeds that are not hidden from somebody who does not oversee."""
        agent = caller.identity.role is Role.AGENT
        exposed: list[Operation | Feed] = [*opened.bundle.operations.values(), *opened.bundle.feeds.values()]
        return {one.name for one in exposed
                if (one.table.agents or not agent) and covers(caller.grants, opened.id, one.name)}  # fmt: skip

    def _system(self, caller: Caller, opened: OpenWrapper) -> dict[str, Any]:
        manifest, overseer = opened.bundle.manifest, caller.may(Ability.OVERSEE)
        names = {*opened.bundle.operations, *opened.bundle.feeds} if overseer else self._seen(caller, opened)
        operations = {o.name: o.effect for o in opened.bundle.operations.values() if o.name in names}
        return {
            "id": opened.id, "title": opened.title, "mode": manifest.mode, "class": opened.source_class,
            "system_of_record": manifest.scope.system_of_record, "owner": manifest.scope.owner,
            "page": manifest.scope.page, "operations": operations, "feeds": sorted(opened.bundle.feeds.keys() & names),
            "under_way": {name: calls.under_way for name, calls in opened.calls.items() if calls.under_way},
            "stopped": sorted({*(c for calls in opened.calls.values() for c in calls.drifted),
                               *(subject for stops in opened.stops.values() for subject in tuple(stops))}),
            "drift": self._sightings(opened) if overseer else [],
        }  # fmt: skip


def progress_body(file: BatchFile, progress: Progress, behind: Mapping[str, int]) -> dict[str, Any]:
    """A file that is being collected: how far it is, how many seconds are left at its pace, how many wait behind it."""
    feed, left = f"{file.wrapper}.{file.feed}", progress.left
    return {"id": file.id, "feed": feed, "file": file.name, "records": file.records, "percent": progress.percent,
            "seconds_left": None if left is None else round(left.total_seconds()),
            "files_behind": behind.get(feed, 0)}  # fmt: skip


def contradicted_body(file: Input, found: Sequence[Contradiction]) -> dict[str, Any]:
    """A file of which something else was answered than what is known: how many records, and the last such answer."""
    last = max(found, key=lambda one: one.at)
    return {"connection": f"{file.place.wrapper}.{file.place.connection}", "sequence": file.sequence,
            "file": file.name, "records": len(found), "last": last.line,
            "at": last.at.isoformat(timespec="seconds")}  # fmt: skip
