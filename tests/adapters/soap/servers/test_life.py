"""Servers come and go, and so do the sockets that were kept."""

import threading
import time

import pytest

import brownfield_soap
from brownfield.contract import Failure, Unavailable, Uncertain
from brownfield.wrapper.bundle import open_bundle
from servers.stack import STACKS

COUNT = ("CountEntries", {"Number": "A-1"})


@pytest.fixture(params=STACKS)
def stack(request):
    return request.param


@pytest.fixture
def ledger(ledgers, stack):
    """A server that is up again when the test is over."""
    running = ledgers(stack)
    yield running
    running.kill()
    running.start()


def test_what_is_served_is_what_is_pinned(ledgers, stack):
    """R19: also after a restart: nothing in a WSDL that a server makes changes by itself, so drift is drift."""
    (pinned,) = open_bundle(ledgers(stack).bundle).contracts.values()
    assert brownfield_soap.adapter.draft["wsdl"]({"wsdl": ledgers(stack).wsdl}).contract == pinned


def test_a_server_that_was_restarted_is_called_as_before(connect, ledger, stack):
    """A kept socket that is dead is not taken for the server; while it is down, nothing was sent."""
    far = connect(stack)
    before = far.invoke(*COUNT).fields
    ledger.kill()
    with pytest.raises(Unavailable, match="Nothing was sent"):
        far.invoke(*COUNT)
    ledger.start()
    assert far.invoke(*COUNT).fields == before
    assert brownfield_soap.adapter.draft["wsdl"]({"wsdl": ledger.wsdl}).contract == far.describe()


def test_a_server_that_dies_in_a_call_leaves_it_uncertain(connect, ledger, stack):
    """R18: it may have been carried out."""
    far = connect(stack)
    far.invoke(*COUNT)
    found: list[Failure] = []

    def ask():
        try:
            far.invoke("SlowReport", {"Seconds": 8})
        except Failure as failure:
            found.append(failure)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.3)
    ledger.kill()
    asking.join(5)
    assert [type(failure) for failure in found] == [Uncertain]
