"""A migrated ledger in a real file, copied from one that was migrated once."""

import shutil
from datetime import UTC, datetime

import pytest

from brownfield.ledger.audit import AuditKey, Entry, append
from brownfield.ledger.migration.migrate import migrate
from brownfield.ledger.store import Ledger

NOW = datetime(2026, 11, 17, 14, 5, tzinfo=UTC)
KEY = AuditKey("k1", b"s" * 32)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    ledger = Ledger(f"sqlite:///{path}")
    migrate(ledger)
    ledger.close()
    return path


@pytest.fixture
def path(migrated, tmp_path):
    return shutil.copy(migrated, tmp_path / "ledger.db")


@pytest.fixture
def ledger(path):
    ledger = Ledger(f"sqlite:///{path}")
    yield ledger
    ledger.close()


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def key():
    return KEY


@pytest.fixture
def write(ledger, now):
    """Append entries, each in its own commit or all in one."""

    def write(*entries, chain="server", key=KEY):
        with ledger.write() as connection:
            return append(connection, key, chain, entries)

    return write


@pytest.fixture
def entry(now):
    """Make an entry out of what a test is about."""

    def entry(event="read.done", at=now, body=None, **more):
        return Entry(event, at, body or {"outcome": "ok"}, **more)

    return entry
