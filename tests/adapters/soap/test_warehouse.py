"""The warehouse in a box: a Spyne server that nobody on our side wrote the WSDL of."""

import sys
from pathlib import Path

import jsonschema_rs
import pytest

from brownfield.contract import Drifted, Limits, Opening, Rejected, Uncertain
from brownfield_soap import adapter

FIXTURES = Path(__file__).parents[3] / "fixtures"
sys.path.insert(0, str(FIXTURES))

from warehouse.process import Warehouse  # noqa: E402

PASSWORDS = {"read": "read-secret", "write": "write-secret"}
READS = [
    ("Ping", {}),
    ("GetItem", {"ItemNo": "A-100"}),
    ("GetStock", {"ItemNo": "A-100", "Whse": "LYON"}),
    ("ListItems", {}),
    ("ListMovements", {"Whse": "LYON", "MaxRows": 50}),
    ("FindHolds", {"OrderNo": "SO-1"}),
]


@pytest.fixture(scope="module", params=["1.1", "1.2"])
def warehouse(request):
    with Warehouse(soap=request.param) as running:
        running.file = FIXTURES / "warehouse" / ("wms.wsdl" if request.param == "1.1" else "wms12.wsdl")
        yield running


@pytest.fixture
def connect(warehouse):
    opened = []

    def opening(role="read", deadline=10.0, **settings):
        login = {"Login": {"User": f"wms-{role}", "Password": {"secret": "password"}}}
        given = {"wsdl": warehouse.file, "endpoint": warehouse.url, "headers": login, **settings}
        secret = {"password": PASSWORDS[role]}.__getitem__
        made = adapter.open(
            Opening("wms", warehouse.file.parent, adapter.settings(**given), secret, Limits(deadline=deadline))
        )
        opened.append(made)
        return made

    yield opening
    for one in opened:
        one.close()
    warehouse.knob("reset")


@pytest.mark.parametrize(("operation", "fields"), READS)
def test_every_reply_is_what_the_contract_describes(connect, operation, fields):
    """Schema and reply agree."""
    wms = connect()
    reply = wms.invoke(operation, fields)
    whole = dict(reply.fields) if reply.rows is None else {**reply.fields, "items": list(reply.rows)}
    described = wms.describe().operations[operation]
    jsonschema_rs.Draft202012Validator(described.output).validate(whole)
    assert (reply.rows is not None) is (described.rows is not None)


def test_ten_thousand_rows_come_as_rows(connect):
    rows = connect().invoke("ListMovements", {"Whse": "LYON"}).rows
    assert sum(1 for _ in rows) == 10_000


def test_a_price_keeps_its_zeros_and_an_array_is_plain(connect):
    item = connect().invoke("GetItem", {"ItemNo": "A-100"})
    assert item["UnitPrice"] == "49.9000"
    assert item["Barcodes"] == ["300000000000"]
    assert "DiscontinuedOn" not in item.fields


def test_a_hold_is_placed_read_back_and_released_by_the_writer(connect):
    wms = connect("write")
    hold = wms.invoke("PlaceHold", {"ItemNo": "A-100", "Whse": "LYON", "Units": 1, "OrderNo": "SO-9"})
    assert hold["ReleasedAt"] is None
    assert wms.invoke("GetHold", {"HoldNo": hold["HoldNo"]})["Status"] == "ACTIVE"
    assert wms.invoke("ReleaseHold", {"HoldNo": hold["HoldNo"]})["Status"] == "RELEASED"


def test_the_reader_may_not_write(connect, warehouse):
    before = len(warehouse.writes())
    with pytest.raises(Rejected) as caught:
        connect().invoke("PlaceHold", {"ItemNo": "A-100", "Whse": "LYON", "Units": 1, "OrderNo": "SO-9"})
    assert caught.value.code == "WMS-0403"
    assert len(warehouse.writes()) == before


def test_a_fault_gives_the_systems_own_code_and_detail(connect):
    with pytest.raises(Rejected) as caught:
        connect().invoke("GetItem", {"ItemNo": "Z-999"})
    assert caught.value.code == "WMS-1404"
    assert caught.value.detail == {"Code": "WMS-1404", "Field": "ItemNo", "Value": "Z-999"}


@pytest.mark.parametrize("security", ["username-token", "username-token-digest"])
def test_a_username_token_opens_the_door(connect, security):
    wms = connect(headers={}, security=security, user="wms-read")
    assert wms.invoke("GetItem", {"ItemNo": "A-100"})["Currency"] == "EUR"


def test_a_write_whose_answer_comes_too_late_is_uncertain_and_was_made_once(connect, warehouse):
    warehouse.knob("delay", operation="PlaceHold", after=1.5)
    before = len(warehouse.writes())
    with pytest.raises(Uncertain):
        connect("write", deadline=0.6).invoke(
            "PlaceHold", {"ItemNo": "A-100", "Whse": "LYON", "Units": 1, "OrderNo": "SO-8"}
        )
    assert len(warehouse.writes()) == before + 1


def test_a_dropped_answer_is_uncertain(connect, warehouse):
    warehouse.knob("drop", operation="GetItem")
    with pytest.raises(Uncertain):
        connect().invoke("GetItem", {"ItemNo": "A-100"})


def test_a_page_instead_of_an_answer_is_drift(connect, warehouse):
    warehouse.knob("reply", operation="GetItem", body="<html>maintenance</html>", content_type="text/html")
    with pytest.raises(Drifted):
        connect().invoke("GetItem", {"ItemNo": "A-100"})


def test_the_served_wsdl_drafts_the_same_contract_as_the_file(connect, warehouse):
    drafted = adapter.draft["wsdl"]({"wsdl": warehouse.wsdl})
    assert drafted.contract == connect().describe()
