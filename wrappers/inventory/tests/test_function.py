"""The wrapper's functions, called as the plain functions that they are."""

import pytest

from brownfield import Money, Reply


class Said:
    """A `Call` that answers what a test says, and remembers what it was asked."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def __call__(self, call, /, **fields):
        self.asked.append((call, fields))
        answer = self.answers[call]
        return Reply({}, iter(answer)) if isinstance(answer, list) else Reply(answer)


STOCK = {"ItemNo": "A-100", "Whse": "LYON", "QtyOH": 140, "QtyHeld": 12, "QtyAvail": 128,
         "CountedAt": "2026-11-21T03:00:00"}  # fmt: skip
HOLD = {"HoldNo": "H000001", "ItemNo": "A-100", "Whse": "LYON", "Units": 12, "OrderNo": "SO-1", "Status": "ACTIVE"}
OURS = {"id": "H000001", "sku": "A-100", "site": "LYON", "units": 12, "order": "SO-1", "status": "ACTIVE"}


@pytest.fixture
def functions(bundle):
    return bundle.wrapper.operations


def test_stock_is_told_in_our_words(functions):
    """R16: on hand, held and available of one article at one site."""
    wms = Said(GetStock=STOCK)
    level = functions["get_stock"](wms, sku="A-100", site="LYON")
    assert (level.on_hand, level.held, level.available) == (140, 12, 128)
    assert wms.asked == [("GetStock", {"ItemNo": "A-100", "Whse": "LYON"})]


@pytest.mark.parametrize(("name", "call", "given", "sent"), [
    ("get_hold", "GetHold", {"id": "H000001"}, {"HoldNo": "H000001"}),
    ("release_hold", "ReleaseHold", {"id": "H000001"}, {"HoldNo": "H000001"}),
    ("place_hold", "PlaceHold", {"sku": "A-100", "site": "LYON", "units": 12, "order": "SO-1"},
     {"ItemNo": "A-100", "Whse": "LYON", "Units": 12, "OrderNo": "SO-1"}),
])  # fmt: skip
def test_a_hold_is_the_same_thing_everywhere(functions, name, call, given, sent):
    """R16, R23: what is placed, read back and released has one shape, so that it can be compared."""
    wms = Said(**{call: HOLD})
    assert functions[name](wms, **given).model_dump() == OURS
    assert wms.asked == [(call, sent)]


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_the_holds_of_an_order_are_a_list(functions, rows):
    """An empty one too."""
    wms = Said(FindHolds=[HOLD] * rows)
    assert len(functions["find_holds"](wms, order="SO-1").holds) == rows


def test_a_preview_makes_no_write(functions):
    """R52, R69: it looks at stock and price, and that is all."""
    wms = Said(GetStock=STOCK, GetItem={"UnitPrice": "49.90", "Currency": "EUR"})
    preview = functions["preview_hold"](wms, sku="A-100", site="LYON")
    assert (preview.available, str(preview.unit_price)) == (128, "49.90")
    assert [call for call, _ in wms.asked] == ["GetStock", "GetItem"]


@pytest.mark.parametrize(("units", "price", "minor"), [(12, "49.90", 59880), (1, "0.01", 1), (3, "0.005", 2)])
def test_a_hold_is_worth_units_times_price(bundle, units, price, minor):
    """R62: in exact cents."""
    worth = bundle.wrapper.impacts["place_hold"]({"units": units}, {"unit_price": price, "currency": "EUR"})
    assert worth == Money(minor=minor, currency="EUR")


def test_what_is_not_known_is_not_guessed(bundle):
    """R62: without the state before there is no worth; brownfield takes that for the highest tier."""
    with pytest.raises(KeyError):
        bundle.wrapper.impacts["place_hold"]({"units": 1}, {})


def test_a_line_of_the_nightly_count_is_an_event(bundle):
    """R20: its date as people write it, its money as text."""
    row = {"sku": "A-100", "site": "LYON", "on_hand": 140, "held": 12, "unit_cost": "31.0500", "counted_date": 20261121}
    event = bundle.wrapper.feeds["stock_count"](row)
    assert event.model_dump(mode="json") == {
        "sku": "A-100", "site": "LYON", "on_hand": 140, "held": 12, "unit_cost": "31.0500", "counted_on": "2026-11-21",
    }  # fmt: skip
