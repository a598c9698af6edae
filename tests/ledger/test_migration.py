"""The tables' history (engines.md 4 and 6.10)."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from textwrap import dedent

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from brownfield.ledger.instant import micros
from brownfield.ledger.lapse import expected_since, lapses
from brownfield.ledger.migration import migrate as module
from brownfield.ledger.migration.migrate import OPTIONS, LedgerIsNewer, migrate
from brownfield.ledger.schema import metadata
from brownfield.ledger.store import Ledger

PUBLISHED = {
    "0001_spine": "1dbaf99eff809c88",
    "0002_arrival": "712e5b34015efa2e",
    "0003_expectation": "93620d503a8b7b66",
    "0004_chunk": "1279004420918adf",
    "0005_snapshot": "674649ff42a3c453",
    "0006_name": "2cd002e02026d5dd",
    "0007_input": "97f66154bc9c87fa",
    "0008_entry": "23dd80dc33595bec",
    "0009_lapse": "ddcf872b2895f28c",
    "0010_contradiction": "79f13a08e6ca494f",
}
"""sha256 of the migrations that ledgers may have passed, the first 16 digits."""


@pytest.fixture
def empty(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path}/empty.db")
    yield ledger
    ledger.close()


def tables(ledger):
    with ledger.read() as connection:
        return set(inspect(connection).get_table_names())


def test_autogenerate_proposes_nothing(ledger):
    with ledger.read() as connection:
        connection.execute(text("SELECT 1"))
        context = MigrationContext.configure(connection, opts={**OPTIONS, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_a_strangers_table_in_the_file_is_left_alone(ledger):
    with ledger.write() as connection:
        connection.execute(text("CREATE TABLE dbos_workflow (id TEXT)"))
        assert compare_metadata(MigrationContext.configure(connection, opts=OPTIONS), metadata) == []


def test_a_migrated_ledger_holds_our_tables_and_no_others(ledger):
    ours = {name for name in tables(ledger) if name != "sqlite_sequence"}
    assert ours == {table.name for table in metadata.sorted_tables} | {"bf_migration"}


def test_a_published_migration_is_never_edited():
    """Once edited in place, ledgers that had passed it lacked its tables. What is new is a new one, and a row above."""
    folder = Path(module.__file__).parent / "versions"
    found = {path.stem: sha256(path.read_bytes()).hexdigest()[:16] for path in sorted(folder.glob("0*.py"))}
    assert found == PUBLISHED


def test_what_a_feed_owed_before_the_tables_had_their_names_is_known_after(empty, monkeypatch):
    at = datetime(2026, 11, 17, 4, tzinfo=UTC)
    row = {"environment": "sandbox", "wrapper": "inventory", "feed": "stock", "file": 0, "at": micros(at)}
    with monkeypatch.context() as patch:
        upgrade = module.command.upgrade
        patch.setattr(module.command, "upgrade", lambda config, _: upgrade(config, "0005"))
        migrate(empty)
    with empty.write() as connection:
        old = "INSERT INTO bf_finding VALUES (:environment, :wrapper, :feed, :day, :kind, :file, :reason, :at)"
        connection.execute(text(old), row | {"day": "", "kind": "watched", "reason": ""})
        connection.execute(text(old), row | {"day": "2026-11-17", "kind": "late", "reason": "due by 04:00"})
    migrate(empty)
    with empty.write() as connection:
        assert expected_since(connection, "sandbox", "inventory", "stock", at + timedelta(days=3)) == at
        (found,) = lapses(connection, "sandbox", "inventory", "stock", date(2026, 11, 1))
    assert (found.kind, found.reason) == ("late", "due by 04:00")


def test_migrating_twice_changes_nothing(ledger):
    with ledger.read() as connection:
        before = connection.execute(text("PRAGMA schema_version")).scalar()
    migrate(ledger)
    with ledger.read() as connection:
        assert connection.execute(text("PRAGMA schema_version")).scalar() == before


def test_a_newer_ledger_is_refused_and_untouched(ledger):
    with ledger.write() as connection:
        connection.execute(text("UPDATE bf_migration SET version_num = '0099'"))
    with pytest.raises(LedgerIsNewer, match=r"0099.*install the brownfield that wrote it"):
        migrate(ledger)
    with ledger.read() as connection:
        assert connection.execute(text("SELECT version_num FROM bf_migration")).scalar() == "0099"


def test_a_migration_that_fails_leaves_nothing(empty, monkeypatch):
    def fail(config, revision):
        upgrade(config, revision)
        raise RuntimeError("half way")

    upgrade = module.command.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(module.command, "upgrade", fail)
        with pytest.raises(RuntimeError, match="half way"):
            migrate(empty)
    assert tables(empty) == set()
    migrate(empty)
    assert "bf_entry" in tables(empty)


def test_four_processes_may_migrate_at_once(tmp_path):
    script = dedent(f"""
        from brownfield.ledger.migration.migrate import migrate
        from brownfield.ledger.store import Ledger
        migrate(Ledger("sqlite:///{tmp_path}/shared.db"))
    """)

    def run(_):
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
        )

    with ThreadPoolExecutor(4) as pool:
        for finished in pool.map(run, range(4)):
            assert finished.returncode == 0, finished.stderr
