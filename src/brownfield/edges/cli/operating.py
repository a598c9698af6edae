"""Operating: `status`, `halt`, `resume`, `ask`, `collect`."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from brownfield.edges.cli.calling import split
from brownfield.edges.cli.client import NotRunning, Unanswered
from brownfield.edges.cli.ending import Told
from brownfield.edges.cli.session import Session
from brownfield.edges.cli.status import reached, stray, told
from brownfield.edges.cli.terminal import table
from brownfield.rules.problem import Problem
from brownfield.wrapper.duration import duration
from brownfield.wrapper.manifest import MANIFEST

Scope = Annotated[
    str, typer.Argument(metavar="SCOPE", help="everything, identity:NAME, wrapper:ID or operation:ID.NAME.")
]
_BETWEEN = 0.1
"""Seconds between two looks whether a server answers."""
_BAD_INPUT = 65
_NOT_NOW = 75
_LOST, _TAKEN = frozenset({"refused", "held"}), frozenset({"archived", "committed"})
_AGAIN = frozenset({"seen before", "had been put away"})


def status(
    context: typer.Context,
    wait: Annotated[
        str, typer.Option(metavar="DURATION", help="Wait until a server answers, at most so long: 30s, 2m.")
    ] = "0s",
) -> None:
    """Say what is running, what your key may call, what is halted, and what waits for somebody."""
    here = Session.of(context)
    try:
        patience = duration(wait).total_seconds()
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--wait") from None
    found = _answered(here, time.monotonic() + patience)
    here.terminal.give(found, told(here.address(), found))


def _answered(here: Session, end: float) -> Any:
    while True:
        try:
            return here.client().get("/v1/status")
        except NotRunning:
            if time.monotonic() >= end:
                raise
            time.sleep(_BETWEEN)


def halt(
    context: typer.Context,
    scope: Scope = "everything",
    reason: Annotated[str, typer.Option(help="Shown to whoever is stopped.")] = "",
) -> None:
    """Stop at once: when this returns, no call and no write in the scope begins."""
    here = Session.of(context)
    with here.terminal.risk("The halt was sent; `brownfield status` tells whether it holds."):
        found = here.client().post("/v1/halt", {"scope": scope, "reason": reason})
    here.terminal.give(found, [f"Halted: {scope}.", f"Lift it with: brownfield resume {scope}"])


def resume(context: typer.Context, scope: Scope = "everything") -> None:
    """Lift a halt."""
    here = Session.of(context)
    with here.terminal.risk("It was sent; `brownfield status` tells whether the halt still holds."):
        found = here.client().post("/v1/resume", {"scope": scope})
    going = [f"{one['operation']} ({one['proposal']})" for one in found.get("goes_on", ())]
    words = "1 approved write goes on" if len(going) == 1 else f"{len(going)} approved writes go on"
    here.terminal.give(found, [f"Resumed: {scope}.", *([f"{words}: {', '.join(going)}."] if going else [])])


def ask(context: typer.Context, question: Annotated[list[str], typer.Argument(help="In plain words.")]) -> None:
    """Ask the audit: "what did the agent do with SKU A-100 today", "which files were refused yesterday".

    The first line of the answer says how the question was read. Times, names, values and words such as refused, held,
    late, corrected, replayed, written off, sent and withdrawn are understood.
    """
    here = Session.of(context)
    found = here.client().post("/v1/ask", {"question": " ".join(question)})
    lines = [found["reading"], found["summary"], *found["story"], str(found["complete"])]
    here.terminal.give(found, lines)


def collect(
    context: typer.Context,
    feed: Annotated[str, typer.Argument(metavar="WRAPPER.FEED", help="As inventory.stock_count is.")],
    wrappers: Annotated[Path, typer.Option(help="The bundles, when no server is running.")] = Path("wrappers"),
    *,
    replay: Annotated[
        bool, typer.Option("--replay", help="Take again what was taken in or set aside, and lies there once more.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    expect: Annotated[int, typer.Option(min=0, help="Exit with 75 when fewer files than this were taken in.")] = 0,
) -> None:
    """Take in the batch files that have arrived: through the server if one is running, else here and alone.

    Exits with 65 when a file was refused or is held, else with 75 when fewer were taken in than are expected.
    """
    here = Session.of(context)
    wrapper, name = split(feed)
    left = "Chunks that were committed stay; the next collect goes on after them, and no event comes twice."
    with here.terminal.risk(left), here.terminal.progress(f"Collecting {feed} …", lambda: _reached(here, feed)):
        if here.home.address():
            asked = {"replay": replay, "dry_run": dry_run}
            answer = _ask_for(here, feed, f"/v1/collect/{wrapper}/{name}", asked)
        else:
            answer = _collect_alone(here, wrappers, wrapper, name, replay=replay, dry_run=dry_run)
    found = answer["files"]
    here.terminal.give(answer, _collected(answer))
    if any(file["state"] in _LOST for file in found):
        raise typer.Exit(_BAD_INPUT)
    taken = [file["name"] for file in found if file["state"] in _TAKEN and file.get("note") not in _AGAIN]
    if len(taken) < expect and not dry_run:
        here.terminal.note(f"Expected {expect} of {feed}, and {len(taken)} were taken in.")
        raise typer.Exit(_NOT_NOW)


def _ask_for(here: Session, feed: str, path: str, asked: dict[str, bool]) -> Any:
    """The server's collect. One that was not answered is asked for again: no file gives its events twice."""
    try:
        return here.client().post(path, asked)
    except Told:
        raise
    except Problem as problem:
        if problem.code == "uncertain":
            raise Unanswered(f"the server took the collect of {feed} and ended before it said how that went") from None
        raise


def _collected(answer: dict[str, Any]) -> Iterator[RenderableType]:
    rows = [(f["name"], f["state"], f.get("records"), f.get("events"), f.get("quarantined"), f.get("note", ""),
             f.get("reason", ""))
            for f in answer["files"]]  # fmt: skip
    columns = ("file", "state", "records", "events", "quarantined", "note", "reason")
    yield table(columns, rows) if rows else "No file has arrived."
    yield from map(stray, answer.get("strays", ()))


def _reached(here: Session, feed: str) -> str:
    """How far the server's collect is, for somebody who watches."""
    found = here.client().get("/v1/status")["collecting"] if here.home.address() else []
    return next((reached(one) for one in found if one["feed"] == feed), f"Collecting {feed} …")


def _collect_alone(
    here: Session, folder: Path, wrapper: str, feed: str, *, replay: bool, dry_run: bool
) -> dict[str, Any]:
    from brownfield.runtime.assembly import open_assembly  # noqa: PLC0415  most commands need none of it

    # Its own bundle where that is told by its folder: one job's environment need not have the variables of all.
    own = folder / wrapper
    with open_assembly(own if (own / MANIFEST).exists() else folder, here.environ, chain="cli") as assembly:
        caller = assembly.guard.admit(here.key)

        async def run() -> list[dict[str, Any]]:
            try:
                if dry_run:
                    return await assembly.collecting.plan(caller, wrapper, feed)
                return await assembly.collecting.collect(caller, wrapper, feed, replay=replay)
            finally:
                assembly.collecting.stop()  # Ctrl-C: the thread ends after its chunk, and only then does asyncio.run

        return {"files": asyncio.run(run()), "strays": assembly.collecting.strays(wrapper, feed)}
