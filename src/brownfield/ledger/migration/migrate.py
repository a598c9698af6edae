"""Bringing a ledger up to the tables that this code knows."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from brownfield.ledger.schema import metadata
from brownfield.ledger.store import Ledger

_LOCK = 0x6266_0000

OPTIONS: dict[str, Any] = {
    "target_metadata": metadata,
    "render_as_batch": True,
    "version_table": "bf_migration",
    "include_name": lambda name, kind, _parents: kind != "table" or (name or "").startswith("bf_"),
}
"""Only our own tables: without the filter, an engine's tables in the same file would be dropped (engines.md 4)."""


class LedgerIsNewer(Exception):
    """The ledger was written by a newer brownfield: install that one. Nothing was changed."""


def migrate(ledger: Ledger) -> None:
    """Apply what is missing, in one transaction: a migration that fails leaves the ledger as it was.

    Several processes may do it at once; the others wait and then find nothing to do.

    Raises:
        LedgerIsNewer: This code is too old for the ledger.
    """
    with ledger.write() as connection:
        _take_turns(connection)
        config = _config(connection)
        _check_known(connection, ScriptDirectory.from_config(config))
        command.upgrade(config, "head")


def _take_turns(connection: Connection) -> None:
    # SQLite has one writer anyhow: BEGIN IMMEDIATE.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _check_known(connection: Connection, script: ScriptDirectory) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    unknown = set(MigrationContext.configure(connection, opts=OPTIONS).get_current_heads()) - known
    if unknown:
        raise LedgerIsNewer(
            f"the ledger is at migration {', '.join(sorted(unknown))}, which this brownfield does not know:"
            " install the brownfield that wrote it, or a newer one"
        )
