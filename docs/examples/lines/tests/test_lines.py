"""The contract suite on the adapter `lines`. One fixture; the tests are inherited."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from brownfield_lines import LinesSettings, adapter
from terminal import PIN, terminal

from brownfield.contract import Limits, Opening
from brownfield.testing import CallAdapterContract, CallCase

COMMANDS = Path(__file__).parent / "contract" / "terminal.json"


def opening(port: int) -> Opening[LinesSettings]:
    """A connection to the terminal on that port."""
    settings = LinesSettings(commands=COMMANDS, host="127.0.0.1", port=port)
    return Opening("terminal", COMMANDS.parent, settings, {"pin": PIN}.__getitem__, Limits(deadline=5))


class TestLines(CallAdapterContract):
    """Every test of `CallAdapterContract`, on a terminal that runs."""

    @pytest.fixture
    def connection(self) -> Iterator[CallCase]:
        """The adapter, a system that answers it, and what to ask."""
        with terminal() as port:
            yield CallCase(
                adapter=adapter,
                opening=opening(port),
                read=("STOCK", {"Sku": "A-100", "Site": "LYON"}),
                rejected=("STOCK", {"Sku": "Z-999", "Site": "LYON"}),
                slow=("REPORT", {}),
                unreachable=opening(1),
            )
