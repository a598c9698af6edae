"""`audit`: verify the chains and take them out, on the ledger itself. Whoever has the audit's key may."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Annotated

import typer

from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import table
from brownfield.ledger.audit import AuditKey, Verification, read_seals, verify_export
from brownfield.ledger.audit import export as export_lines
from brownfield.ledger.audit import verify as verify_chains
from brownfield.rules.problem import Problem
from brownfield.runtime import keeping

Day = Annotated[str | None, typer.Option(metavar="DATE", help="2026-11-21, or with a time and zone; UTC unless told.")]
_BROKEN = 65


def group() -> None:
    """The audit: hold it against its chains and seals, or take it out."""


def verify(
    context: typer.Context,
    exported: Annotated[Path | None, typer.Argument(metavar="EXPORT", help="An export, instead of the ledger.")] = None,
) -> None:
    """Follow every chain, link by link, and hold it against the seals. Exits with 65 when one is broken."""
    here = Session.of(context)
    with keeping.open_books(here.home, here.person) as books, here.terminal.progress("Verifying …"):
        keys = {books.audit.id: books.audit}
        if exported is None:
            with books.ledger.read() as connection:
                found = verify_chains(connection, keys, read_seals(books.home.seals, keys))
        else:
            found = _verify_export(exported, keys)
    _report(here, found)


def export(
    context: typer.Context,
    since: Day = None,
    until: Day = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: stdout. Never overwritten.")] = None,
) -> None:
    """Write entries as JSON lines that `audit verify FILE` can check without the database."""
    here = Session.of(context)
    begin = _instant(since, "--since") or datetime(1970, 1, 1, tzinfo=UTC)
    with keeping.open_books(here.home, here.person) as books:
        end = _instant(until, "--until") or books.clock.now() + timedelta(seconds=1)
        with books.ledger.write() as connection:
            books.note(connection, "audit.exported", {"since": begin.isoformat(), "until": end.isoformat()})
        with books.ledger.read() as connection, _opened(here, out) as file:
            lines = _write(file, export_lines(connection, begin, end))
    if out is not None:
        here.terminal.give({"file": str(out), "entries": lines}, [f"{out}: {lines} entries."])


def _verify_export(path: Path, keys: dict[str, AuditKey]) -> Verification:
    with path.open("rb") as file:
        try:
            return verify_export(file, keys)
        except (ValueError, KeyError, TypeError):
            raise Problem("invalid", f"{path} is not an export of the audit", next="Name one.") from None


def _report(here: Session, found: Verification) -> None:
    chains = [
        {"chain": c.chain, "entries": c.entries, "ok": c.ok, "broken_at": c.broken_at, "reason": c.reason}
        for c in found.chains
    ]
    rows = [(c.chain, c.entries, "good" if c.ok else f"BROKEN at {c.broken_at}: {c.reason}") for c in found.chains]
    words = [
        f"{found.entries} entries, all as they were written." if found.ok else "The audit is not as it was written."
    ]
    words += [said for said in (found.index, found.unsealed) if said]
    newest = found.sealed_at.isoformat(timespec="seconds") if found.sealed_at else None
    words += [f"Held against {found.seals} seals, the newest of {newest}."] if newest else []
    document = {"ok": found.ok, "entries": found.entries, "chains": chains, "index": found.index,
                "seals": found.seals, "sealed_at": newest, "unsealed": found.unsealed}  # fmt: skip
    here.terminal.give(document, [table(("chain", "entries", "state"), rows), *words])
    if not found.ok:
        raise typer.Exit(_BROKEN)


def _write(file: IO[bytes], lines: Iterable[bytes]) -> int:
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007  the count is the result
        file.write(line)
    file.flush()
    return count


@contextmanager
def _opened(here: Session, out: Path | None) -> Iterator[IO[bytes]]:
    """Stdout, or a new file for the owner alone; one that is not finished is taken away again."""
    if out is None:
        yield sys.stdout.buffer
        return
    handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file, here.terminal.progress(f"Writing {out} …"):
            yield file
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _instant(text: str | None, option: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text} is no date: write 2026-11-21", param_hint=option) from None
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at
