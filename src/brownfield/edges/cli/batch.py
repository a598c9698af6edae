"""Batch files: listed, resumed or refused when they are held, and their unreadable records mended."""

import json
from typing import Annotated, Any

import typer

from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import onward, table
from brownfield.ledger.batch import FileState
from brownfield.rules.problem import Problem

Id = Annotated[int, typer.Argument(metavar="ID", min=0, help="The file's number, as `batches` lists it.")]
Record = Annotated[int, typer.Argument(metavar="RECORD", min=0, help="The record's number, as `records` lists it.")]
Note = Annotated[str, typer.Option(help="Why, for the audit.")]
_BAD_INPUT = 65
_NOT_TAKEN = frozenset({FileState.HELD, FileState.REFUSED})
_NONE_OPEN = "No record of it is open in quarantine."
_HEX = 96
"""Digits of a record that a table shows."""
_LEFT = "It was sent; `brownfield batches` tells what became of it."


def batches(
    context: typer.Context,
    feed: Annotated[str | None, typer.Option(metavar="WRAPPER.FEED", help="Only of this feed.")] = None,
    state: Annotated[FileState | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, latest first.")] = 50,
    after: Annotated[
        int | None, typer.Option(metavar="ID", min=0, help="Go on after this one, the last of a list.")
    ] = None,
) -> None:
    """List batch files; decide on held ones; mend records that could not be read."""
    if context.invoked_subcommand is not None:
        return
    here = Session.of(context)
    found = here.client().get("/v1/batches", feed=feed, state=state, limit=limit, after=after)
    rows = [(f["id"], f["feed"], f["name"], f["state"], f["records"], f["events"], f["quarantined"],
             f.get("open", 0), f.get("reason", "")) for f in found["batches"]]  # fmt: skip
    columns = ("id", "feed", "file", "state", "records", "events", "quarantined", "open", "reason")
    here.terminal.give(found, [table(columns, rows), *onward(found)] if rows else ["No batch files."])


def resume(context: typer.Context, id: Id, note: Note = "") -> None:  # noqa: A002
    """Take in what is left of a held file; as many records as before may be unreadable.

    Exits with 65 when it is held again, or was refused.
    """
    found = _post(context, f"{id}/resume", {"note": note})
    told = f"File {id} goes on as file {found['id']}: {found['state']}, {found['events']} events."
    Session.of(context).terminal.give(found, [told, *([found["reason"]] if found.get("reason") else [])])
    if found["state"] in _NOT_TAKEN:
        raise typer.Exit(_BAD_INPUT)


def refuse(context: typer.Context, id: Id, note: Note) -> None:  # noqa: A002
    """Say that a held file is not wanted; say why. It stays in set-aside."""
    found = _post(context, f"{id}/refuse", {"note": note})
    Session.of(context).terminal.give(found, [f"File {id} is refused. Events that it gave before it was held stay."])


def records(
    context: typer.Context,
    id: Id,  # noqa: A002
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, by their numbers.")] = 1000,
    after: Annotated[int | None, typer.Option(metavar="RECORD", min=0, help="Go on after this one.")] = None,
) -> None:
    """List a file's records that could not be read, with reason and bytes."""
    here = Session.of(context)
    found = here.client().get(f"/v1/batches/{id}/quarantine", limit=limit, after=after)
    here.terminal.give(found, [*_listed(found["quarantined"]), *onward(found)])


def correct(
    context: typer.Context,
    id: Id,  # noqa: A002
    record: Record,
    fields: Annotated[str | None, typer.Option(metavar="JSON", help="All its fields, as the layout has them.")] = None,
    raw: Annotated[str | None, typer.Option(metavar="HEX", help="All its bytes, corrected.")] = None,
    note: Note = "",
) -> None:
    """Make a record's one event: of corrected fields, or of corrected bytes."""
    if (fields is None) == (raw is None):
        raise Problem("invalid", "give --fields or --raw; to read it again as it is, use `batches replay`")
    try:
        given = {"raw": raw} if fields is None else {"fields": json.loads(fields)}
    except ValueError as error:
        raise Problem("invalid", f"--fields is not JSON: {error}. Nothing was sent.") from error
    found = _post(context, f"{id}/quarantine/{record}/correct", {**given, "note": note})
    Session.of(context).terminal.give(found, [f"Record {record} of file {id} became its event."])


def replay(context: typer.Context, id: Id, note: Note = "") -> None:  # noqa: A002
    """Read a file's open records again, after a layout or a function was mended.

    Exits with 65 when some still cannot be read.
    """
    found = _post(context, f"{id}/replay", {"note": note})
    ended = found["quarantined"]
    left = sum(record["state"] == "open" for record in ended)
    told = f"{len(ended) - left} became events, {left} still cannot be read and stay open."
    more = ["So many are read at once, and there are more: run it again."] if found.get("more") else []
    Session.of(context).terminal.give(found, [*_listed(ended), told, *more] if ended else [_NONE_OPEN])
    if left or more:
        raise typer.Exit(_BAD_INPUT)


def write_off(context: typer.Context, id: Id, record: Record, note: Note) -> None:  # noqa: A002
    """Say that a record is not needed; say why."""
    found = _post(context, f"{id}/quarantine/{record}/write-off", {"note": note})
    Session.of(context).terminal.give(found, [f"Record {record} of file {id} is written off."])


def _post(context: typer.Context, path: str, body: dict[str, Any]) -> dict[str, Any]:
    here = Session.of(context)
    with here.terminal.risk(_LEFT):
        found: dict[str, Any] = here.client().post(f"/v1/batches/{path}", body)
    return found


def _listed(found: list[dict[str, Any]]) -> list[Any]:
    rows = [(r["record"], r["state"], r["offset"], r["field"], r["reason"], _short(r["raw"])) for r in found]
    columns = ("record", "state", "offset", "field", "reason", "bytes (hex)")
    return [table(columns, rows)] if rows else ["No record of it is in quarantine."]


def _short(raw: str) -> str:
    return raw if len(raw) <= _HEX else f"{raw[:_HEX]}… ({len(raw) // 2} bytes; --json has all)"
