"""The contract suite, against the warehouse's REST API."""

from pathlib import Path

import pytest

from brownfield.contract import Opening, Rejected
from brownfield.testing import CallAdapterContract, CallCase
from brownfield_rest import adapter

DOCUMENT = Path(__file__).parents[3] / "fixtures" / "warehouse" / "wms.openapi.json"
SECRETS = {"user": "wms-read", "password": "read-secret"}


def opened(endpoint: str) -> Opening:
    settings = adapter.settings(openapi=DOCUMENT, endpoint=endpoint, auth="basic", code="Code")
    return Opening("wms", DOCUMENT.parent, settings, SECRETS.__getitem__)


class TestWarehouse(CallAdapterContract):
    @pytest.fixture
    def connection(self, warehouse):
        return CallCase(
            adapter=adapter,
            opening=opened(warehouse.url),
            read=("getItem", {"number": "A-100"}),
            rejected=("getItem", {"number": "Z-999"}),
            rows=("listMovements", {"site": "LYON", "limit": 50}),
            slow=("slowReport", {"site": "LYON", "seconds": "5"}),
            unreachable=opened("http://127.0.0.1:9/"),
            optional=("httpcore2", "yaml"),
        )


@pytest.fixture
def wms(warehouse):
    far = adapter.open(opened(warehouse.url))
    yield far
    far.close()


def test_numbers_keep_their_digits(wms):
    """49.9000 is sent by the warehouse as a JSON number, and is no float here."""
    item = wms.invoke("getItem", {"number": "A-100"})
    assert item["price"] == "49.9000"
    assert item["weight"] == "2.350"
    assert item["revision"] == 1


def test_null_and_absent_are_two_things(wms):
    assert wms.invoke("getItem", {"number": "A-120"})["discontinued"] is None
    assert "discontinued" not in wms.invoke("getItem", {"number": "A-100"}).fields


def test_a_refusal_has_the_code_the_words_and_the_declared_detail(wms):
    with pytest.raises(Rejected) as refusal:
        wms.invoke("getItem", {"number": "Z-999"})
    assert (refusal.value.code, refusal.value.message) == ("WMS-1404", "No item Z-999")
    assert refusal.value.detail == {"Code": "WMS-1404", "Field": "ItemNo", "Value": "Z-999"}


def test_the_reader_may_not_write(wms, warehouse):
    fields = {"itemNumber": "A-100", "site": "LYON", "quantity": 1, "order": "SO-1"}
    with pytest.raises(Rejected) as refusal:
        wms.invoke("placeHold", fields)
    assert refusal.value.code == "WMS-0403"
    assert warehouse.writes() == []
