"""The stop button (R102)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from brownfield.ledger import schema
from brownfield.ledger.halt import Halt, active_halts, blocking, lift_halt, set_halt


def test_a_halt_holds_until_somebody_lifts_it(ledger, now):
    with ledger.write() as connection:
        assert set_halt(connection, "everything", "olga", "wrong prices", now)
    with ledger.write() as connection:
        assert active_halts(connection) == (Halt("everything", "olga", "wrong prices", now),)
        assert lift_halt(connection, "everything", "olga", now + timedelta(hours=1))
        assert active_halts(connection) == ()


def test_a_second_press_keeps_the_first_reason(ledger, now):
    with ledger.write() as connection:
        set_halt(connection, "everything", "olga", "first", now)
        assert not set_halt(connection, "everything", "paul", "second", now)
        assert [halt.reason for halt in active_halts(connection)] == ["first"]


def test_what_was_halted_may_be_halted_again_and_the_history_stays(ledger, now):
    with ledger.write() as connection:
        for _ in range(2):
            assert set_halt(connection, "wrapper:inventory", "olga", "again", now)
            assert lift_halt(connection, "wrapper:inventory", "paul", now)
        assert not lift_halt(connection, "wrapper:inventory", "paul", now)
        history = connection.execute(select(schema.halt.c.by, schema.halt.c.resumed_by)).all()
    assert history == [("olga", "paul")] * 2


@pytest.mark.parametrize(
    ("scope", "blocked"),
    [
        ("everything", True),
        ("identity:billing-agent", True),
        ("wrapper:inventory", True),
        ("operation:inventory.place_hold", True),
        ("identity:other-agent", False),
        ("wrapper:inventor", False),
        ("operation:inventory.release_hold", False),
        ("operation:other.place_hold", False),
    ],
)
def test_a_halt_blocks_exactly_its_scope(scope, blocked, now):
    halt = Halt(scope, "olga", "", now)
    found = blocking([halt], "billing-agent", "inventory", "place_hold")
    assert found == (halt if blocked else None)


@pytest.mark.parametrize("scope", ["", "all", "wrapper:", "identity", "operation:inventory", "operation:.x", "run:1"])
def test_a_scope_that_would_block_nothing_is_refused(scope, ledger, now):
    with ledger.write() as connection, pytest.raises(ValueError, match="is not everything"):
        set_halt(connection, scope, "olga", "", now)
