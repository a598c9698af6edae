"""Read-only, proven on every stack: the suite that a bundle inherits, held against the server's own log of writes."""

import pytest

from brownfield.contract import Rejected
from brownfield.runtime.connection import WriteCall
from brownfield.runtime.home import Settings
from brownfield.runtime.kernel import open_wrapper
from brownfield.testing import BundleCase, BundleContract
from servers.stack import STACKS

from .conftest import surroundings
from .table import row_of

SAMPLES = {
    "get_account": "an account", "find_account": "not found", "list_entries": "three entries", "list_owners": "owners",
    "count_entries": "a number", "echo": "values", "slow_report": "a report",
}  # fmt: skip
"""For every exposed read the row of the table that it is driven with."""
WRITES = ("PlaceEntry", "CancelEntry", "GetNextVoucher")


@pytest.fixture(scope="module", params=STACKS)
def ledger(request, ledgers):
    return ledgers(request.param)


class TestLedger(BundleContract):
    """R11, R5: every exposed read of every server is driven, and nothing is written."""

    @pytest.fixture
    def case(self, ledger, connection):
        return BundleCase(
            folder=ledger.bundle,
            environ={"LEDGER_URL": ledger.url},
            reads={read: row_of(ledger.name, name).fields for read, name in SAMPLES.items()},
            writes=ledger.writes,
            disturb=lambda: connection.adapter.invoke("GetNextVoucher", {}),
        )


@pytest.fixture
def opened(ledger):
    wrapper = open_wrapper(ledger.bundle, Settings(environment="sandbox"), surroundings(ledger.url))
    yield wrapper
    wrapper.close()


@pytest.fixture
def connection(opened):
    (only,) = opened.calls.values()
    return only


def test_the_trap_is_not_exposed(opened):
    """R5: its name says Get, nobody declared it, so it is no operation of ours."""
    assert "get_next_voucher" not in opened.bundle.operations
    assert set(opened.bundle.operations) == set(SAMPLES)


@pytest.mark.parametrize("call", WRITES)
def test_an_undeclared_call_cannot_be_made(ledger, connection, call):
    """Neither by a read nor by a write."""
    before = ledger.writes()
    for way in (connection.reader(), WriteCall(connection)):
        with pytest.raises(Rejected, match="does not declare"):
            way(call)
    assert ledger.writes() == before


@pytest.mark.parametrize("call", WRITES)
def test_a_declared_write_cannot_be_reached_from_a_read(ledger, connection, call):
    """Declared for what it does, the trap is shut for every read, and open once to a write."""
    connection.calls = connection.calls.model_copy(update={"write": list(WRITES)})
    before = ledger.writes()
    with pytest.raises(Rejected, match="does not declare"):
        connection.reader()(call)
    assert ledger.writes() == before


def test_a_write_is_made_once(ledger, connection):
    """And the trap is one: a second call of the same write operation is refused before it is sent."""
    connection.calls = connection.calls.model_copy(update={"write": list(WRITES)})
    before, write = len(ledger.writes()), WriteCall(connection)
    write("GetNextVoucher")
    with pytest.raises(Rejected, match="one write call"):
        write("GetNextVoucher")
    assert len(ledger.writes()) == before + 1
