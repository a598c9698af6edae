"""Proposals: seen, decided on, undone, settled. What is approved is shown first, and its hash is sent."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer
from rich.console import RenderableType

from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import onward, plain, table
from brownfield.rules.amount import spoken
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import State
from brownfield.wrapper.money import Money

Id = Annotated[str, typer.Argument(metavar="ID", help="The proposal: p-…")]
Note = Annotated[str, typer.Option(help="Why, for the audit.")]
_SHOWN = ("operation", "environment", "state", "arguments", "before", "impact", "tier", "needed", "decisions",
          "proposer", "person", "reason", "undo_of", "expires_at", "result", "reading", "outcome", "reference",
          "hash")  # fmt: skip
"""What a person must see to decide, in the order of reading."""


def proposals(
    context: typer.Context,
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, latest first.")] = 100,
    after: Annotated[str | None, typer.Option(metavar="ID", help="Go on after this one, the last of a list.")] = None,
) -> None:
    """List proposals; `show` one; say how one ended."""
    if context.invoked_subcommand is not None:
        return
    here = Session.of(context)
    answer = here.client().get("/v1/proposals", state=state, limit=limit, after=after)
    rows = [
        (p["proposal"], p["state"], p.get("operation"), plain(p.get("arguments", {})), p.get("proposer"),
         p.get("expires_at")) for p in answer["proposals"]
    ]  # fmt: skip
    columns = ("proposal", "state", "operation", "arguments", "asked by", "expires")
    here.terminal.give(answer, [table(columns, rows), *onward(answer)] if rows else ["No proposals."])


def show(context: typer.Context, id: Id) -> None:  # noqa: A002
    """Show one proposal whole."""
    here = Session.of(context)
    found = here.client().get(_path(id))
    here.terminal.give(found, _whole(found))


def approve(
    context: typer.Context,
    id: Id,  # noqa: A002
    note: Note = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. For scripts.")] = False,
    hash: Annotated[  # noqa: A002
        str | None, typer.Option(metavar="HASH", help="Only if it is still what you saw under this hash.")
    ] = None,
) -> None:
    """Show a proposal, ask, and approve exactly what was shown."""
    here = Session.of(context)
    client = here.client()
    found = client.get(_path(id))
    here.terminal.note(*_whole(found))
    if hash not in (None, found["hash"]):
        raise Problem("stale", f"{id} is not what you saw: its hash is {found['hash']}. Nothing was approved.")
    if not yes and not _agreed(here, id):
        here.terminal.note("Nothing was approved.")
        raise typer.Exit(1)
    _decide(here, id, "approve", {"hash": found["hash"], "note": note})


def decline(context: typer.Context, id: Id, note: Note) -> None:  # noqa: A002
    """Decline a proposal; say why."""
    here = Session.of(context)
    found = here.client().get(_path(id))
    _decide(here, id, "decline", {"hash": found["hash"], "note": note})


def undo(context: typer.Context, id: Id, reason: Annotated[str, typer.Option(help="Why.")]) -> None:  # noqa: A002
    """Propose the reverse of a write that was done. It needs its own approval."""
    _decide(Session.of(context), id, "undo", {"reason": reason})


def done_by_hand(
    context: typer.Context,
    id: Id,  # noqa: A002
    reference: Annotated[str, typer.Option(help="Under which the system knows it.")],
) -> None:
    """Say that you made an approved write yourself."""
    _decide(Session.of(context), id, "done-by-hand", {"reference": reference})


def resolve(
    context: typer.Context,
    id: Id,  # noqa: A002
    outcome: Annotated[Literal["done", "failed"], typer.Option(help="What the system shows.")],
    note: Note,
) -> None:
    """Say what a write did of which nobody was sure, after looking into the system."""
    _decide(Session.of(context), id, "resolve", {"outcome": outcome, "note": note})


def _decide(here: Session, id: str, verb: str, body: dict[str, Any]) -> None:  # noqa: A002
    with here.terminal.risk(f"The request was sent; `brownfield proposals show {id}` tells whether it was taken."):
        found = here.client().post(f"{_path(id)}/{verb}", body)
    waiting = found.get("needed", 0) - sum(d.get("decision") == "approved" for d in found.get("decisions", ()))
    more = f" It needs {waiting} more." if found["state"] == "proposed" and waiting > 0 else ""
    here.terminal.give(found, [f"{found['proposal']} is {found['state']}.{more}"])


def _path(id: str) -> str:  # noqa: A002
    return f"/v1/proposals/{quote(id, safe='')}"


def _agreed(here: Session, id: str) -> bool:  # noqa: A002
    if not here.terminal.interactive:
        raise typer.BadParameter("nobody can be asked here: say --yes, best with --hash", param_hint="--yes")
    return typer.confirm(f"Approve {id}?", default=False, err=True)


def _whole(found: dict[str, Any]) -> Iterator[RenderableType]:
    yield f"Proposal {found['proposal']}"
    yield table(("", ""), ((name.replace("_", " "), _shown(name, found)) for name in _SHOWN if name in found or
                           name in ("before", "impact")))  # fmt: skip


def _shown(name: str, found: dict[str, Any]) -> str:
    value = found.get(name)
    if name == "impact":
        return spoken(Money.model_validate(value)) if value else "not known"
    if name == "before":
        return plain(value) if value else "was not read"
    if name == "decisions":
        return "; ".join(f"{d['decision']} by {d['person']}" for d in value or ()) or "none yet"
    return plain(value)
