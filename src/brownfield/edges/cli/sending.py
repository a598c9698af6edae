"""Approved writes that leave as files: `send`, and the files that were made."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from brownfield.edges.cli.calling import split
from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import onward, plain, table

Connection = Annotated[str, typer.Argument(metavar="WRAPPER.CONNECTION", help="As orders.entry is.")]
Sequence = Annotated[int, typer.Argument(metavar="SEQUENCE", min=0, help="The file's number, as `inputs` lists it.")]
Note = Annotated[str, typer.Option(help="Why, for the audit.")]
_BAD_INPUT, _NOT_NOW = 65, 75
_LEFT = "It was sent; `brownfield inputs` tells what became of it."


def send(
    context: typer.Context,
    connection: Connection,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the file, field by field.")] = False,
) -> None:
    """Have what is approved leave as a file for the batch job.

    Exits with 75 when the file is made and cannot leave now, with 65 when a write was denied.
    """
    here = Session.of(context)
    wrapper, name = split(connection)
    with here.terminal.risk(_LEFT):
        found = here.client().post(f"/v1/send/{wrapper}/{name}", {"dry_run": dry_run})
    here.terminal.give(found, list(_sent(found)))
    if found["file"] and found["file"]["state"] not in ("sent", "planned"):
        raise typer.Exit(_NOT_NOW)
    if found["denied"]:
        raise typer.Exit(_BAD_INPUT)


def inputs(
    context: typer.Context,
    connection: Annotated[str | None, typer.Option(metavar="WRAPPER.CONNECTION", help="Only of this one.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, latest first.")] = 50,
    after: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Go on there: the last list says where.")
    ] = None,
) -> None:
    """List the files that writes left in; show one; send one again; withdraw one that has not left."""
    if context.invoked_subcommand is not None:
        return
    here = Session.of(context)
    found = here.client().get("/v1/inputs", connection=connection, limit=limit, after=after)
    rows = [(f["connection"], _number(f), f["name"], f["state"], f["records"], _counts(f["proposals"]),
             f.get("sent_at", ""), _remark(f)) for f in found["inputs"]]  # fmt: skip
    columns = ("connection", "sequence", "file", "state", "records", "of them", "sent (UTC)", "reason")
    here.terminal.give(found, [table(columns, rows), *onward(found)] if rows else ["No files."])


def show(context: typer.Context, connection: Connection, sequence: Sequence) -> None:
    """Show one file: its records with their proposals, and every field beside its bytes."""
    here = Session.of(context)
    found = here.client().get(_path(connection, sequence))
    rows = [(r["record"], r["proposal"], r["state"], plain(r["arguments"]), _outcome(r)) for r in found["records"]]
    file = found["file"]
    told = f"{file['name']}, file {file['sequence']} of {file['connection']}: {file['state']}."
    columns = ("record", "proposal", "state", "arguments", "outcome")
    here.terminal.give(found, [told, table(columns, rows), _fields(found["fields"])])


def resend(context: typer.Context, connection: Connection, sequence: Sequence, note: Note) -> None:
    """Put a file once more, the same to the byte; say how you know that the job never took it."""
    _decide(context, connection, sequence, "resend", note)


def withdraw(context: typer.Context, connection: Connection, sequence: Sequence, note: Note) -> None:
    """Take back a file that has not left; its writes are approved again."""
    _decide(context, connection, sequence, "withdraw", note)


def _decide(context: typer.Context, connection: str, sequence: int, verb: str, note: str) -> None:
    here = Session.of(context)
    with here.terminal.risk(_LEFT):
        found = here.client().post(f"{_path(connection, sequence)}/{verb}", {"note": note})
    why = f" {found['reason']}." if found.get("reason") else ""
    here.terminal.give(found, [f"{found['name']} is {found['state']}.{why}"])


def _path(connection: str, sequence: int) -> str:
    wrapper, name = split(connection)
    return f"/v1/inputs/{wrapper}/{name}/{sequence}"


def _sent(found: dict[str, Any]) -> Iterator[RenderableType]:
    file = found["file"]
    if file is None:
        yield "Nothing is approved that could leave now."
    else:
        why = f" It cannot leave yet: {file['reason']}." if file.get("reason") else ""
        records = f"{file['records']:,} record{'s' * (file['records'] != 1)}"
        yield f"{file['name']}, file {file['sequence']}: {records}, {file['state']}.{why}"
    if found.get("fields"):
        yield _fields(found["fields"])
    for word in ("denied", "left"):
        for one in found[word]:
            yield f"{one['proposal']} ({one['operation']}) is {word}: {one['reason']}"


def _fields(fields: list[dict[str, Any]]) -> RenderableType:
    rows = [(f["record"], f["kind"], f["field"], f["offset"], f["picture"], f["bytes"], f["value"]) for f in fields]
    return table(("record", "type", "field", "offset", "picture", "bytes (hex)", "value"), rows)


def _counts(states: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in states.items())


def _number(file: dict[str, Any]) -> str:
    """The file's number. One that was withdrawn has none any more: the next file has it."""
    return str(file["sequence"]) if "sequence" in file else f"({file['gave_back']} given back)"


def _remark(file: dict[str, Any]) -> str:
    many = file.get("contradicted", 0)
    against = f"of {many} record{'s' * (many > 1)} the other thing was answered, too" if many else ""
    often = f"sent again {file['resent']} time{'s' * (file['resent'] > 1)}" if file.get("resent") else ""
    return "; ".join(filter(None, (file.get("reason", ""), often, against)))


def _outcome(record: dict[str, Any]) -> str:
    other = record.get("contradiction", "")
    return f"{record['outcome']}; the other thing was answered, too: {other}" if other else str(record["outcome"])
