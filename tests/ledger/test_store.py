"""What the store promises of transactions."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import bindparam, select, text
from sqlalchemy.exc import IntegrityError

from brownfield.ledger import lease, schema
from brownfield.ledger.prepared import Prepared


def test_no_update_is_lost(ledger):
    """R86: 400 read-modify-write increments by 8 threads are 400 (the default engine made them 100, engines.md 4)."""
    with ledger.write() as connection:
        connection.execute(schema.lease.insert().values(resource="counter", holder="", fence=0, until=0))

    def increment(_):
        with ledger.write() as connection:
            fence = connection.execute(select(schema.lease.c.fence)).scalar_one()
            connection.execute(schema.lease.update().values(fence=fence + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(400)))
    with ledger.read() as connection:
        assert connection.execute(select(schema.lease.c.fence)).scalar_one() == 400


def test_a_transaction_that_raises_leaves_nothing(ledger, now):
    def half():
        with ledger.write() as connection:
            lease.take(connection, "collect", "a", ttl=now - now, now=now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with ledger.read() as connection:
        assert connection.execute(select(schema.lease)).all() == []


def test_a_reader_sees_one_moment(ledger):
    with ledger.read() as reader:
        reader.execute(select(schema.lease)).all()
        with ledger.write() as connection:
            connection.execute(schema.lease.insert().values(resource="r", holder="", fence=0, until=0))
        assert reader.execute(select(schema.lease)).all() == []


def test_a_commit_is_on_disk_when_it_returns(ledger):
    """trust.md 4.1: with synchronous=NORMAL a power cut lost acknowledged rows."""
    with ledger.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_an_error_does_not_repeat_what_was_to_be_stored(ledger):
    """R60: somebody logs every error's text, and the values may be personal."""
    values = {"resource": "CANARY-jane-doe", "holder": "", "fence": 0, "until": 0}
    with ledger.write() as connection:
        connection.execute(schema.lease.insert().values(**values))
        with pytest.raises(IntegrityError) as error:
            connection.execute(schema.lease.insert().values(**values))
    assert "CANARY" not in str(error.value)


def test_a_prepared_statement_fails_as_any_other(ledger):
    """R60: the driver's own error would be no failure of the ledger to whoever waits for one."""
    add = Prepared(schema.lease.insert().values({column: bindparam(column.name) for column in schema.lease.c}))
    values = {"resource": "CANARY-jane-doe", "holder": "", "fence": 0, "until": 0}
    with ledger.write() as connection:
        assert add.rows(connection, **values) == []
        with pytest.raises(IntegrityError) as error:
            add.rows(connection, **values)
    assert "CANARY" not in str(error.value)


def test_an_inscription_is_whole_or_nothing(ledger):
    """R49, R86: as any transaction; and it takes its turn as every writer does."""
    add = Prepared(schema.lease.insert().values({column: bindparam(column.name) for column in schema.lease.c}))

    def inscribe(name, *, fails=False):
        with ledger.inscribe() as way:
            add.rows(way, resource=name, holder="", fence=0, until=0)
            if fails:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        inscribe("half", fails=True)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(inscribe, map(str, range(50))))
    with ledger.read() as connection:
        assert len(connection.execute(select(schema.lease)).all()) == 50
