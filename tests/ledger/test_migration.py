"""The tables' history (engines.md 4 and 6.10)."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from brownfield.ledger.migration import migrate as module
from brownfield.ledger.migration.migrate import OPTIONS, LedgerIsNewer, migrate
from brownfield.ledger.schema import metadata
from brownfield.ledger.store import Ledger


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
