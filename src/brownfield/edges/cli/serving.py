"""`up`, and the two halves that it will be parted into: `serve` and `work`; `mcp` over stdio."""

import asyncio
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from brownfield.edges.cli.ending import USAGE
from brownfield.edges.cli.session import Session
from brownfield.rules.problem import Problem
from brownfield.wrapper.manifest import nearest


def up(
    context: typer.Context,
    wrappers: Annotated[Path, typer.Argument(help="A folder of bundles, or one bundle.")] = Path("wrappers"),
) -> None:
    """Run everything on this machine: doors, worker, scheduler, on an embedded ledger. Ctrl-C ends it."""
    from brownfield.edges.http import serve as run  # noqa: PLC0415  no other command needs a web server

    here = Session.of(context)
    signal.signal(signal.SIGTERM, _end)
    with here.terminal.risk("A write that was under way and is not settled shows as `unknown`; none is repeated."):
        run(wrappers, here.environ, here.terminal.tell)


def serve(context: typer.Context) -> None:
    """Not there yet, for it needs PostgreSQL: the doors alone, without write secrets. Use `up`."""
    _not_yet(context, "serve")


def work(context: typer.Context) -> None:
    """Not there yet, for it needs PostgreSQL: the worker, scheduler and relay alone. Use `up`."""
    _not_yet(context, "work")


def mcp(context: typer.Context, wrapper: Annotated[str, typer.Argument(metavar="WRAPPER", help="Its id.")]) -> None:
    """One wrapper as an MCP server over stdio, through the running server, with the key in BROWNFIELD_KEY."""
    from brownfield.edges.mcp import serve_stdio  # noqa: PLC0415  no other command needs it

    here = Session.of(context)
    known = [system["id"] for system in here.client().get("/v1/status")["systems"]]
    if wrapper not in known:  # said now: an MCP client shows nothing of a path that is not there
        near = nearest(wrapper, known)
        raise Problem("not-found", f"there is no wrapper {wrapper} for this key",
                      next=f"Did you mean {near}?" if near else "`brownfield status` has the names.")  # fmt: skip
    asyncio.run(serve_stdio(here.address(), here.key, wrapper))


def _end(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM is how a service is told to end: that is no failure, and everything is closed on the way out."""
    raise typer.Exit


def _not_yet(context: typer.Context, command: str) -> None:
    detail = f"`{command}` waits for the ledger on PostgreSQL, which is not there yet."
    next_step = "brownfield up wrappers/   # runs everything on one machine"
    document = {"title": "Not there yet", "code": "usage", "detail": detail, "next": next_step}
    Session.of(context).terminal.complain(document, [detail, f"Next: {next_step}"])
    raise typer.Exit(USAGE)
