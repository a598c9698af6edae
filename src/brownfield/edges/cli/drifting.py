"""`drift`: what is pinned against the live system, and whom a difference stops. It needs no server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from brownfield.edges.cli.bundle import File, Layout, Openapi, Wsdl, named, named_sources
from brownfield.edges.cli.ending import DRIFTED
from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import plain, table
from brownfield.ledger.audit.strange import StrangeFault
from brownfield.runtime import drifting
from brownfield.runtime.drifting import Drift
from brownfield.runtime.fault import recorded_faults
from brownfield.runtime.kernel import find_bundles


def drift(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A bundle, or a folder of bundles.")] = Path("wrappers"),
    wsdl: Wsdl = None,
    openapi: Openapi = None,
    file: File = None,
    layout: Layout = None,
    connection: Annotated[str, typer.Option(metavar="NAME", help="Which connection, if more than one fits.")] = "",
) -> None:
    """Say how the live system differs from what is pinned, and for whom that breaks.

    The live system is what --wsdl, --openapi or --file names, else what the manifest says under `drift`, else the
    vendored files. Ends with 76 when a difference breaks something.

    Example: brownfield drift wrappers/wms --wsdl http://wms.example.com/service?wsdl
    """
    here = Session.of(context)
    sources = named_sources(wsdl, openapi, file, layout)
    if file and not layout:
        raise typer.BadParameter("say which layout describes the file now", param_hint="--layout")
    bundles = find_bundles(named(folder))
    if sources and len(bundles) > 1:
        raise typer.BadParameter(f"{folder} holds {len(bundles)} bundles; name one", param_hint="FOLDER")
    with here.terminal.progress("Comparing …"):
        found = [drifting.drift(one, sources, here.around, connection) for one in bundles]
    faults = [fault for one in found for fault in recorded_faults(here.home, one.wrapper)]
    broken = any(one.breaks for one in found)
    here.terminal.give(_document(found, faults, broken=broken), list(_lines(found, faults)))
    if not sources and not any(one.live for one in found):
        here.terminal.note(
            "Compared with the vendored files only; name the live system with --wsdl, --openapi, --file."
        )
    if broken:
        raise typer.Exit(DRIFTED)


def _document(found: list[Drift], faults: list[StrangeFault], *, broken: bool) -> dict[str, Any]:
    changes = [
        {"wrapper": one.wrapper, "connection": name, "subject": c.subject, "kind": c.kind, "breaks": c.breaks,
         "where": c.where, "words": c.words}
        for one in found for name, changes in one.changes.items() for c in changes
    ]  # fmt: skip
    operations = [
        {"wrapper": one.wrapper, "name": t.name, "effect": t.effect, "state": t.state, "because": list(t.because)}
        for one in found for t in one.touches
    ]  # fmt: skip
    told = [
        {"wrapper": f.wrapper, "operation": f.operation, "fault": f.fault, "count": f.count,
         "first": f.first.isoformat(timespec="seconds"), "last": f.last.isoformat(timespec="seconds")} for f in faults
    ]  # fmt: skip
    notes = [note for one in found for note in one.notes]
    return {"drifted": bool(changes), "breaks": broken, "changes": changes, "operations": operations, "faults": told,
            "notes": notes}  # fmt: skip


def _lines(found: list[Drift], faults: list[StrangeFault]) -> Iterator[RenderableType]:
    changes = [change for one in found for each in one.changes.values() for change in each]
    yield from (f"{c.words} ({c.kind}; breaks {c.breaks})" for c in changes)
    yield from (f"To read it: {note}" for one in found for note in one.notes)
    if not changes:
        yield "No drift."
    else:
        rows = [
            (f"{one.wrapper}.{t.name}", t.effect, t.state, "; ".join(t.because)) for one in found for t in one.touches
        ]
        yield table(("operation", "effect", "state", "because"), rows)
    if faults:
        yield "Recorded faults: what the systems said at run time and no contract declares."
        met = [(f"{f.wrapper}.{f.operation}", plain(f.fault), str(f.count), f"{f.first:%Y-%m-%d %H:%M}Z",
                 f"{f.last:%Y-%m-%d %H:%M}Z") for f in faults]  # fmt: skip
        yield table(("operation", "fault", "times", "first", "last"), met)
