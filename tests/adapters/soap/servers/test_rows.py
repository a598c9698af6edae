"""Long lists come while the server still sends."""

import pytest

from brownfield.runtime.reader import whole

from .relay import Relay
from .table import row_of

MANY = 50_000


@pytest.fixture
def through(connect, ledgers):
    """`through(stack)`: a relay to a stack's server, and a connection that goes by it."""
    relays = []

    def opened(stack):
        relays.append(Relay(ledgers(stack).port))
        return relays[-1], connect(stack, url=relays[-1].url)

    yield opened
    for one in relays:
        one.close()


@pytest.mark.parametrize("stack", ["gsoap", "jaxws"])
def test_the_first_row_is_there_before_the_last_was_sent(through, stack):
    """gSOAP's list has a wrapper, JAX-WS's has none: its rows stand in the reply itself."""
    relay, far = through(stack)
    rows = far.invoke("ListEntries", {"Number": "A-1", "MaxRows": MANY}).rows
    first, before = next(rows), len(relay.received)
    assert first == row_of(stack, "one entry").answer["items"][0]
    assert sum(1 for _ in rows) == MANY - 1
    assert before < len(relay.received) / 2


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_list_without_a_wrapper_of_any_length(connect, count):
    far = connect("jaxws")
    found = whole(far.invoke("ListEntries", {"Number": "A-1", "MaxRows": count}), "items")
    assert len(found["items"]) == count
