"""Long lists come while the server still sends."""

import pytest

import brownfield_soap
from brownfield.contract import Limits, Opening
from brownfield.runtime.reader import whole

from .relay import Relay
from .table import row_of

MANY = 5_000


@pytest.fixture
def through(connect, ledgers):
    """`through(stack)`: a relay to a stack's server, and a connection that goes by it."""
    relays = []

    def opened(stack):
        relays.append(Relay(ledgers(stack).port, held_after=100_000))
        return relays[-1], connect(stack, url=relays[-1].url)

    yield opened
    for one in relays:
        one.go.set()
        one.close()


@pytest.fixture
def alone(ledgers):
    """`alone(stack)`: a connection with one socket."""
    opened = []

    def connection(stack):
        ledger = ledgers(stack)
        (wsdl,) = ledger.bundle.glob("contract/*.wsdl")
        settings = brownfield_soap.adapter.settings(wsdl=wsdl, endpoint=ledger.url)
        limits = Limits(concurrency=1, deadline=10.0)
        opened.append(brownfield_soap.adapter.open(Opening("ledger", ledger.bundle, settings, str, limits)))
        return opened[-1]

    yield connection
    for one in opened:
        one.close()


@pytest.mark.parametrize("stack", ["gsoap", "jaxws"])
def test_the_first_row_is_there_before_the_last_was_sent(through, stack):
    """gSOAP's list has a wrapper, JAX-WS's has none: its rows stand in the reply itself."""
    relay, far = through(stack)
    rows = far.invoke("ListEntries", {"Number": "A-1", "MaxRows": MANY}).rows
    assert next(rows) == row_of(stack, "one entry").answer["items"][0]
    passed = len(relay.received)
    relay.go.set()
    assert sum(1 for _ in rows) == MANY - 1
    assert passed < len(relay.received) / 2


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_list_without_a_wrapper_of_any_length(connect, count):
    far = connect("jaxws")
    found = whole(far.invoke("ListEntries", {"Number": "A-1", "MaxRows": count}), "items")
    assert len(found["items"]) == count


@pytest.mark.parametrize(("stack", "count"), [("jaxws", 3), ("jaxws", 20_000), ("gsoap", 20_000)])
def test_who_calls_again_while_he_reads_rows_does_not_wait_for_himself(alone, stack, count):
    """With one socket, as a server wants it that serves one at a time: the rows are read on, then the call is made."""
    far = alone(stack)
    rows = far.invoke("ListEntries", {"Number": "A-1", "MaxRows": count}).rows
    ids = []
    for row in rows:
        ids.append(row["Id"])
        if row["Id"] <= 2:
            assert far.invoke("CountEntries", {"Number": "A-1"})["value"] == 3
    assert ids == list(range(1, count + 1))
