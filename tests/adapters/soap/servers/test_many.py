"""Many callers of one connection."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from brownfield.runtime.reader import whole
from servers.stack import STACKS

THREADS, CALLS = 8, 6


@pytest.mark.parametrize("stack", STACKS)
def test_everybody_gets_his_own_answer(connect, stack):
    """From servers that keep sockets, that close them, and that serve one at a time."""
    far = connect(stack)

    def ask(rows):
        fields = {"Number": "A-1", "MaxRows": rows}
        return [len(whole(far.invoke("ListEntries", fields), "items")["items"]) for _ in range(CALLS)]

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(ask, range(THREADS))) == [[rows] * CALLS for rows in range(THREADS)]
