"""Bytes as attachments (MTOM), to and from a server that means it."""

import base64
import random

import pytest

from .relay import Relay
from .table import ROWS, VALUES


@pytest.fixture
def relay(ledgers):
    made = Relay(ledgers("jaxws-mtom").port)
    yield made
    made.close()


@pytest.mark.parametrize("size", [3, 1_000_000])
def test_bytes_go_as_attachments_and_come_back_the_same(connect, relay, size):
    text = base64.b64encode(random.Random(size).randbytes(size)).decode()
    values = {**VALUES, "Data": text}
    assert connect("jaxws-mtom", url=relay.url).invoke("Echo", {"Values": values}).fields == values
    for wire in (bytes(relay.sent), bytes(relay.received)):
        assert b":Include " in wire
        assert text[-60:].encode() not in wire


def test_without_attachments_the_same_bytes_stand_in_the_text(connect, ledgers):
    """The rows of the table are the same for both."""
    assert connect("jaxws").invoke("Echo", ROWS["values"].fields).fields == VALUES
