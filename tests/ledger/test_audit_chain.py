"""Appending to the audit (R49, R98, R99)."""

import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from sqlalchemy import select

from brownfield.ledger import schema
from brownfield.ledger.audit import append, subject_token, verify


def rows(ledger):
    with ledger.read() as connection:
        return connection.execute(select(schema.entry).order_by(schema.entry.c.id)).all()


def test_an_entry_says_in_its_bytes_all_that_its_row_says(ledger, write, entry, now):
    """R98: tool, parameters, timestamp, response."""
    noted = {"arguments": {"sku": "A1"}, "outcome": "ok"}
    write(entry(body=noted, identity="agent", wrapper="inventory", operation="get_stock", proposal="p1"))
    (row,) = rows(ledger)
    assert orjson.loads(row.body) == {
        "chain": "server",
        "key_id": "k1",
        "seq": 1,
        "event": "read.done",
        "at": row.at,
        "identity": "agent",
        "wrapper": "inventory",
        "operation": "get_stock",
        "proposal": "p1",
        "subjects": [],
        "prev": bytes(32).hex(),
        "body": noted,
    }


def test_the_mac_covers_the_very_bytes_stored_and_the_mac_before(ledger, write, entry, key):
    write(entry(), entry())
    first, second = rows(ledger)
    secret = hmac.digest(key.secret, b"brownfield audit link", hashlib.sha256)
    assert first.mac == hmac.digest(secret, bytes(32) + first.body, hashlib.sha256)
    assert second.mac == hmac.digest(secret, first.mac + second.body, hashlib.sha256)


def test_numbers_are_gapless_within_a_chain_and_ids_come_back_in_order(write, entry, ledger):
    assert write(entry(), entry(), entry()) == [1, 2, 3]
    assert write(entry(), chain="cli") == [4]
    assert write(entry()) == [5]
    assert write() == []
    assert [(row.chain, row.seq) for row in rows(ledger)] == [
        ("server", 1),
        ("server", 2),
        ("server", 3),
        ("cli", 1),
        ("server", 4),
    ]


def test_an_entry_lives_and_dies_with_its_transaction(ledger, key, entry, write):
    """R49: the state change and its entry commit together or not at all."""
    write(entry())

    def half():
        with ledger.write() as connection:
            append(connection, key, "server", [entry()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    write(entry())
    with ledger.read() as connection:
        assert verify(connection, {"k1": key}).entries == 2


def test_writers_of_one_chain_take_turns(ledger, write, entry, key):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(entry(), entry()), range(50)))
    with ledger.read() as connection:
        found = verify(connection, {"k1": key})
    assert found.ok
    assert found.entries == 100


def test_a_group_larger_than_one_statement_may_bind(write, entry, ledger, key):
    assert len(write(*[entry(subjects=[f"A{n}", n]) for n in range(5000)])) == 5000
    with ledger.read() as connection:
        assert verify(connection, {"k1": key}).ok


def test_what_json_cannot_hold_is_refused_before_anything_is_written(write, entry, ledger):
    with pytest.raises(TypeError):
        write(entry(), entry(body={"when": object()}))
    assert rows(ledger) == []


def test_a_subject_is_committed_to_and_not_readable(ledger, write, entry):
    """R60: a bare hash of an account number is no protection, and the value itself is nowhere."""
    write(entry(subjects={"account": "ACC-4471-X", "nested": [{"site": "PAR1"}], "none": None, "flag": True, "": ""}))
    with ledger.read() as connection:
        tokens = connection.scalars(select(schema.subject.c.token)).all()
        raw = connection.connection.driver_connection.serialize()
    assert len(tokens) == 2
    assert hashlib.sha256(b"acc-4471-x").digest()[:16] not in tokens
    assert b"acc-4471-x" not in raw.lower()


def test_case_and_space_around_a_subject_do_not_count(key):
    assert subject_token(key, " Straße ") == subject_token(key, "STRASSE")
    assert subject_token(key, 4471) == subject_token(key, "4471")
    assert subject_token(key, "4471") != subject_token(key, "4472")


def test_the_secret_shows_in_no_trace(key):
    assert "sss" not in repr(key)
