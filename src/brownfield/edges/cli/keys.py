"""`keys`: who may come in, and what for."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import table
from brownfield.rules.access import Identity, Role
from brownfield.runtime import keeping
from brownfield.wrapper.duration import duration

Name = Annotated[str, typer.Argument(metavar="NAME", help="The identity: billing-agent.")]
Operations = Annotated[list[str], typer.Argument(metavar="WRAPPER.OPERATION…", help="Operations or feeds.")]
Wrappers = Annotated[Path, typer.Option(metavar="DIR", help="The bundles that grants are held against.")]
Expires = Annotated[str | None, typer.Option(metavar="90d", help="How long the key is good. Default: until revoked.")]


def group() -> None:
    """Keys and grants. On the ledger itself: a running server sees every change with its next call."""


def create(
    context: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option(help="What it is for. An agent never approves.")],
    person: Annotated[str, typer.Option(help="The human behind it, by mail address; approvals count by person.")],
    grant: Annotated[
        list[str] | None, typer.Option(metavar="WRAPPER.OPERATION,…", help="What it may reach. Again for more.")
    ] = None,
    expires: Expires = None,
    wrappers: Wrappers = Path("wrappers"),
) -> None:
    """Make an identity and its first key. The key is printed on stdout, once: KEY=$(brownfield keys create …)."""
    from brownfield.runtime.assembly import find_settings  # noqa: PLC0415  it brings the whole runtime with it

    here = Session.of(context)
    environment = find_settings(wrappers).environment
    wanted = keeping.checked(_words(grant or []), role, wrappers)
    identity = Identity("", name, role, person, environment)
    with keeping.open_books(here.home, here.person) as books:
        made = keeping.create(books, identity, wanted, _length(expires, "--expires"))
    _show_once(here, made, {"grants": [".".join(pair) for pair in wanted]})


def listing(context: typer.Context) -> None:
    """List every key with its holder, grants and end. The keys themselves are not kept."""
    here = Session.of(context)
    with keeping.open_books(here.home, here.person) as books:
        found, now = keeping.listing(books), books.clock.now()
    documents = [
        {"prefix": key.prefix, "name": key.identity.name, "role": key.identity.role.value,
         "person": key.identity.person, "environment": key.environment, "state": keeping.state(key, now),
         "created_at": _time(key.created_at), "expires_at": _time(key.expires_at), "revoked_at": _time(key.revoked_at),
         "grants": [".".join(pair) for pair in granted]} for key, granted in found
    ]  # fmt: skip
    columns = ("prefix", "name", "role", "person", "environment", "state", "created_at", "expires_at", "grants")
    rows = ([_cell(document[column]) for column in columns] for document in documents)
    here.terminal.give({"keys": documents}, [table(columns, rows)] if documents else ["No keys."])


def revoke(
    context: typer.Context, prefix: Annotated[str, typer.Argument(help="As `list` shows it, or the key itself.")]
) -> None:
    """Make a key useless at once."""
    here = Session.of(context)
    with keeping.open_books(here.home, here.person) as books:
        row = keeping.revoke(books, books.ring.prefix(prefix) or prefix)
    words = f"The key {row.prefix} of {row.identity.name} is revoked."
    here.terminal.give({"prefix": row.prefix, "name": row.identity.name, "state": "revoked"}, [words])


def rotate(
    context: typer.Context,
    name: Name,
    overlap: Annotated[str, typer.Option(metavar="24h", help="How long the old keys stay good.")] = "24h",
    expires: Expires = None,
) -> None:
    """Make a new key for an identity; the old ones stay good for a while, so that no call fails."""
    here = Session.of(context)
    length = _length(overlap, "--overlap") or timedelta()
    with keeping.open_books(here.home, here.person) as books:
        made, old = keeping.rotate(books, name, length, _length(expires, "--expires"))
    _show_once(here, made, {"replaces": [key.prefix for key in old]})
    here.terminal.note(*(f"The key {key.prefix} stays good for {overlap}." for key in old))


def grant(context: typer.Context, name: Name, operations: Operations, wrappers: Wrappers = Path("wrappers")) -> None:
    """Let an identity reach operations or feeds. Only what the manifest exposes can be granted."""
    here = Session.of(context)
    with keeping.open_books(here.home, here.person) as books:
        added = keeping.grant(books, name, wrappers, _words(operations))
    _tell(here, name, "granted", added)


def ungrant(context: typer.Context, name: Name, operations: Operations) -> None:
    """Take grants back."""
    here = Session.of(context)
    with keeping.open_books(here.home, here.person) as books:
        taken = keeping.ungrant(books, name, _words(operations))
    _tell(here, name, "taken back", taken)


def _tell(here: Session, name: str, verb: str, changed: list[keeping.Grant]) -> None:
    names = [".".join(pair) for pair in changed]
    words = f"{name}: {verb} {', '.join(names)}." if names else f"{name}: nothing has changed."
    here.terminal.give({"name": name, verb.replace(" ", "_"): names}, [words])


def _show_once(here: Session, made: keeping.Made, more: dict[str, Any]) -> None:
    end = f", good until {_time(made.expires_at)}" if made.expires_at else ""
    identity = made.identity
    here.terminal.note(f"A key of {identity.name} ({identity.role}) for {identity.environment}{end}. "
                       "It is shown this once and not kept; put it into BROWNFIELD_KEY:")  # fmt: skip
    document = {"key": made.key, "prefix": made.prefix, "name": identity.name, "role": identity.role.value,
                "environment": identity.environment, "expires_at": _time(made.expires_at), **more}  # fmt: skip
    here.terminal.bare(document, made.key)


def _words(given: Iterable[str]) -> list[str]:
    return [word.strip() for words in given for word in words.split(",") if word.strip()]


def _length(text: str | None, option: str) -> timedelta | None:
    try:
        return duration(text) if text is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _time(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "")
