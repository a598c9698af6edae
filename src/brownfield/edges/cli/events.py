"""`events`: what batches said, from a position on."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import plain

_PAUSE = 1.0
"""Seconds before a stream that was cut is asked for again."""


def events(
    context: typer.Context,
    after: Annotated[int, typer.Option(min=0, metavar="N", help="The position to begin after.")] = 0,
    *,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as events come, until Ctrl-C.")] = False,
    feed: Annotated[str | None, typer.Option(metavar="WRAPPER.FEED", help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, unless --follow.")] = 500,
) -> None:
    """Show events; with --json one CloudEvent per line, each with the `position` to resume after."""
    here = Session.of(context)
    with here.terminal.risk("Nothing was changed; resume with --after and the last position shown."):
        found = _follow(here, after, feed) if follow else _page(here, after, feed, limit)
        for event in found:
            here.terminal.give(event, [_line(event)])


def _page(here: Session, after: int, feed: str | None, limit: int) -> list[dict[str, Any]]:
    page = here.client().get("/v1/events", after=after, feed=feed, limit=limit)
    found: list[dict[str, Any]] = page["events"]
    more = f" There may be more: the same with --after {page['position']}." if len(found) == limit else ""
    here.terminal.note(f"Position {page['position']}.{more}")
    return found


def _follow(here: Session, after: int, feed: str | None) -> Iterator[dict[str, Any]]:
    """The stream, asked for again from the last position whenever it ends while a server is running."""
    while True:
        with here.client() as client:
            for event in client.stream("/v1/events/stream", after=after, feed=feed):
                after = int(event.get("position", after))
                yield event
        time.sleep(_PAUSE)


def _line(event: dict[str, Any]) -> str:
    shown = (event.get("position"), event.get("time"), event.get("type"), event.get("subject"))
    return "  ".join([*map(str, shown), plain(event.get("data"))])
