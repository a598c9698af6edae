"""`drift`: what is pinned against the live system, and whom a difference stops. It needs no server."""

from pathlib import Path
from typing import Annotated

import typer

from brownfield.edges.cli.bundle import File, Layout, Openapi, Wsdl, named, named_sources
from brownfield.edges.cli.ending import DRIFTED
from brownfield.edges.cli.session import Session
from brownfield.runtime import locking
from brownfield.runtime.kernel import find_bundles


def drift(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The bundle.")] = Path("wrappers"),
    wsdl: Wsdl = None,
    openapi: Openapi = None,
    file: File = None,
    layout: Layout = None,
    connection: Annotated[str, typer.Option(metavar="NAME", help="Which connection, if more than one fits.")] = "",
) -> None:
    """Compare what is pinned with the live system (--wsdl, --openapi, --file), else with the vendored files."""
    here = Session.of(context)
    sources = named_sources(wsdl, openapi, file, layout)
    bundles = find_bundles(named(folder))
    if sources and len(bundles) > 1:
        raise typer.BadParameter(f"{folder} holds {len(bundles)} bundles; name one", param_hint="FOLDER")
    with here.terminal.progress("Comparing …"):
        changes = [change for one in bundles for change in locking.drift(one, sources, here.around, connection)]
    broken = any(change.breaks != "nothing" for change in changes)
    documents = [
        {"subject": c.subject, "kind": c.kind, "breaks": c.breaks, "where": c.where, "words": c.words} for c in changes
    ]
    lines = [f"{c.words} ({c.kind}; breaks {c.breaks})" for c in changes] or ["No drift."]
    here.terminal.give({"drifted": bool(changes), "breaks": broken, "changes": documents}, lines)
    if not sources:
        here.terminal.note("Compared with the vendored files only; the live system is named with --wsdl or --file.")
    if broken:
        raise typer.Exit(DRIFTED)
