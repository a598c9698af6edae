"""What a server's way of sending costs on the wire."""

import time

import pytest

DELAYED = 0.040
"""Seconds that Linux holds an acknowledgement back, and a server that sends header and body apart waits for it."""


@pytest.mark.parametrize("stack", ["axis", "jaxws", "perl"])
def test_no_call_waits_for_a_delayed_acknowledgement(connect, stack):
    """The fastest of twenty tells: with the delay none is below it."""
    far = connect(stack)
    took = []
    for _ in range(20):
        began = time.monotonic()
        far.invoke("CountEntries", {"Number": "A-1"})
        took.append(time.monotonic() - began)
    assert min(took[1:]) < DELAYED * 0.75
