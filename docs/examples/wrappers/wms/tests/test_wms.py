"""The contract suite on this bundle. One fixture; the tests are inherited."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from brownfield.testing import BundleCase, BundleContract
from warehouse.process import Warehouse

FOLDER = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    """The system: for your own, a test instance."""
    with Warehouse() as running:
        yield running


class TestWms(BundleContract):
    """Every test of `BundleContract`, on a warehouse that runs."""

    @pytest.fixture
    def case(self, warehouse: Warehouse) -> BundleCase:
        """The bundle, what it finds around it, and arguments that the system answers."""
        warehouse.knob("reset", state=True)
        return BundleCase(
            folder=FOLDER,
            environ={
                "WAREHOUSE_URL": warehouse.url,
                "BROWNFIELD_SECRET_WMS_USER": "wms-read",
                "BROWNFIELD_SECRET_WMS_PASSWORD": "read-secret",
            },
            reads={
                "get_item": {"ItemNo": "A-100"},
                "get_stock": {"sku": "A-100", "site": "LYON"},
                "get_hold": {"id": "H000001"},
            },
            writes=warehouse.writes,
        )
