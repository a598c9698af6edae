"""What `status` shows, a section for each thing that may want somebody."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from brownfield.edges.cli.terminal import table

_NAMES = 3
"""Names of refused files that are told, the latest."""


def told(address: str, found: dict[str, Any]) -> Iterator[RenderableType]:
    """The status of a server as a person reads it; what is not there takes no line."""
    yield f"{address}, {found['environment']}; you are {found['identity']} ({found['role']})."
    for section in (_systems, _files, _inputs, _looks, _times):
        yield from section(found)
    if found.get("proposals"):
        yield "Proposals: " + ", ".join(f"{count} {state}" for state, count in found["proposals"].items())


def reached(one: dict[str, Any]) -> str:
    """How far a file is: `STK1.DAT: 43 %, 1,200 records, about 2 m left; 3 files wait behind it`."""
    left, behind = one["seconds_left"], one["files_behind"]
    about = "" if left is None else f", about {left // 60} m left" if left >= 90 else f", about {left} s left"
    files = f"; {behind} file{'s' if behind > 1 else ''} behind it" if behind else ""
    return f"{one['file']}: {one['percent']} %, {one['records']:,} records{about}{files}"


def stray(one: dict[str, Any]) -> str:
    """`inventory.nightly: 7 files lie there that no feed takes: NOTES.txt, … and 2 more, the oldest changed 2026-…`."""
    files, more, unread = one["files"], one["files"] - len(one["names"]), one.get("unread")
    lie = "lay" if unread else "lies" if files == 1 else "lie"
    names = ", ".join(one["names"]) + (f" and {more:,} more" if more else "")
    since = f", the oldest changed {one['since']} (its own clock)" if one["since"] else ""
    looked = f"; looked at {_minute(one['looked'])}" if one.get("looked") else ""
    now = f", and at {_minute(unread)} it could not be read" if unread else ""
    count = "1 file" if files == 1 else f"{files:,} files"
    return f"{one['connection']}: {count} {lie} there that no feed takes (`match`): {names}{since}{looked}{now}."


def _minute(at: str) -> str:
    """`2026-11-21 21:03 UTC`, of an instant in UTC."""
    return f"{at[:10]} {at[11:16]} UTC"


def _systems(found: dict[str, Any]) -> Iterator[RenderableType]:
    for stopped in found.get("halts", ()):
        reason = stopped.get("reason") or "no reason given"
        yield f"HALTED: {stopped['scope']} by {stopped['by']} since {stopped['at']}: {reason}"
    rows = [(s["id"], s["title"], s["mode"], s["owner"], ", ".join(f"{n} ({e})" for n, e in s["operations"].items()),
             ", ".join(s["feeds"]), ", ".join(s["stopped"])) for s in found["systems"]]  # fmt: skip
    yield table(("wrapper", "system", "mode", "owner", "operations", "feeds", "stopped by drift"), rows)


def _files(found: dict[str, Any]) -> Iterator[RenderableType]:
    for one in found.get("collecting", ()):
        yield f"Collecting {one['feed']}: {reached(one)}."
    if found.get("waiting"):
        lying = [(w["feed"], w["files"], w["oldest"], w["since"], w["waits_for"]) for w in found["waiting"]]
        yield table(("feed", "files waiting", "oldest", "since (UTC)", "it waits for"), lying)
    if found.get("held"):
        held = [(h["id"], h["feed"], h["file"], h["since"], h["reason"]) for h in found["held"]]
        yield table(("held", "feed", "file", "since (UTC)", "because"), held)
        yield "Each needs a person: brownfield batches resume ID, or brownfield batches refuse ID."
        if found.get("more_held"):
            yield "These are the latest, and not all: brownfield batches --state held"
    if found.get("refused"):
        yield _refused(found["refused"], more=found.get("more_refused", False))
    yield from map(stray, found.get("strays", ()))
    for one in found.get("unread", ()):
        yield (f"{one['feed']}: {_records(one)} could not be read and wait for a person:"
               f" brownfield batches --feed {one['feed']}.")  # fmt: skip


def _refused(files: list[dict[str, Any]], *, more: bool) -> str:
    names = ", ".join(one["file"] for one in files[:_NAMES]) + (", …" if len(files) > _NAMES else "")
    were = "1 file was" if len(files) == 1 and not more else f"{'More than ' * more}{len(files)} files were"
    return f"{were} refused in the last 24 hours: {names}. See why: brownfield batches --state refused"


def _inputs(found: dict[str, Any]) -> Iterator[RenderableType]:
    for one in found.get("unsent", ()):
        why = one["reason"] or "nothing is known to be in its way"
        yield f"{one['connection']}: {one['file']} is {one['state']} and has not left: {why}."
    for one in found.get("contradicted", ()):
        yield (f"{one['connection']}: of {_records(one)} of {one['file']} the other thing was answered, too, last"
               f" {one['at']}: {one['last']}. Nothing was changed; look into the system, and at:"
               f" brownfield inputs show {one['connection']} {one['sequence']}")  # fmt: skip


def _looks(found: dict[str, Any]) -> Iterator[RenderableType]:
    looks = [(f"{s['id']}.{d['connection']}", d["at"], d["outcome"], "; ".join(d["changes"]) or d["cause"])
             for s in found["systems"] for d in s.get("drift", ())]  # fmt: skip
    if looks:
        yield table(("live system", "looked at (UTC)", "it is", "because"), looks)


def _times(found: dict[str, Any]) -> Iterator[RenderableType]:
    if found.get("schedules"):
        due = [(s["schedule"], s["next"], s["last"], s["outcome"]) for s in found["schedules"]]
        yield table(("schedule", "next due (UTC)", "last due", "its outcome"), due)
    for one in found.get("polled", ()):
        if one["failing"]:
            yield f"{one['feed']}: its location cannot be looked at: {one['failing']}"
    for feed in found.get("expected", ()):
        yield f"{feed['feed']}: its next file is due {feed['next'] or 'at no known time'}."
        yield from (f"  {one['day']}: {one['what'].replace('_', ' ')}, {one['reason']}" for one in feed["found"])


def _records(one: dict[str, Any]) -> str:
    return f"{one['records']:,} record{'s' * (one['records'] > 1)}"
