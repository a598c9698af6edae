"""The warehouse as its callers saw it before: the same words, from the API of its next version."""

from decimal import Decimal

from brownfield import Call, Fields, Money, Record, Reply, Wrapper

from .kept import Item, Items, Limit, Movements, OldSite, OldSku
from .models import Hold, HoldId, HoldPreview, Holds, Order, Site, Sku, StockCounted, StockLevel, Units

inventory = Wrapper("inventory")


@inventory.operation("get_item")
def get_item(wms: Call, /, ItemNo: OldSku) -> Item:  # noqa: N803  the word that callers know
    """One article of the warehouse."""
    found = wms("getItem", number=ItemNo)
    return _old(found.fields, _ITEM)


@inventory.operation("list_items")
def list_items(wms: Call, /) -> Items:
    """Every article of the warehouse, in short."""
    return {"items": [_old(found, _ITEM) for found in _rows(wms("listItems"))]}


@inventory.operation("list_movements")
def list_movements(wms: Call, /, Whse: OldSite, MaxRows: Limit = 10_000) -> Movements:  # noqa: N803  as above
    """The latest stock movements of one site."""
    return {"items": [_old(found, _MOVEMENT) for found in _rows(wms("listMovements", site=Whse, limit=MaxRows))]}


@inventory.operation("get_stock")
def get_stock(wms: Call, /, sku: Sku, site: Site) -> StockLevel:
    """Units on hand, held and available for one SKU at one site."""
    reply = wms("getStock", number=sku, site=site)
    return StockLevel(
        sku=reply["itemNumber"],
        site=reply["site"],
        on_hand=reply["onHand"],
        held=reply["held"],
        available=reply["available"],
        counted_at=reply["countedAt"],
    )


@inventory.operation("get_hold")
def get_hold(wms: Call, /, id: HoldId) -> Hold:  # noqa: A002
    """One hold: what is set aside, where and for which order."""
    return _hold(wms("getHold", number=id).fields)


@inventory.operation("find_holds")
def find_holds(wms: Call, /, order: Order) -> Holds:
    """The holds of one order, released ones included."""
    return Holds(holds=[_hold(found) for found in _rows(wms("findHolds", order=order))])


@inventory.operation("preview_hold")
def preview_hold(wms: Call, /, sku: Sku, site: Site) -> HoldPreview:
    """What placing a hold would draw on: units available and their price."""
    stock, item = wms("getStock", number=sku, site=site), wms("getItem", number=sku)
    return HoldPreview(available=stock["available"], unit_price=Decimal(item["price"]), currency=item["currency"])


@inventory.operation("place_hold")
def place_hold(wms: Call, /, sku: Sku, site: Site, units: Units, order: Order) -> Hold:
    """Set units of one SKU aside for an order, so that nobody else can sell them."""
    return _hold(wms("placeHold", itemNumber=sku, site=site, quantity=units, order=order).fields)


@inventory.operation("release_hold")
def release_hold(wms: Call, /, id: HoldId) -> Hold:  # noqa: A002
    """Give the units of a hold back."""
    return _hold(wms("releaseHold", number=id).fields)


@inventory.impact("place_hold")
def hold_value(fields: Fields, before: Fields) -> Money:
    """Units times price: what the hold keeps from being sold."""
    cents = Decimal(before["unit_price"]) * fields["units"] * 100
    return Money(minor=int(cents.to_integral_value()), currency=before["currency"])


@inventory.impact("release_hold")
def release_value(_fields: Fields, _before: Fields) -> Money:
    """Giving units back commits no money."""
    return Money(minor=0, currency="EUR")


@inventory.feed("stock_count")
def stock_count(row: Record) -> StockCounted | None:
    """The stock of one article at one site, as counted at night."""
    day = f"{row['counted_date']:08d}"
    return StockCounted(
        sku=row["sku"],
        site=row["site"],
        on_hand=row["on_hand"],
        held=row["held"],
        unit_cost=Decimal(row["unit_cost"]),
        counted_on=f"{day[:4]}-{day[4:6]}-{day[6:]}",
    )


_ITEM = {
    "revision": "rev", "number": "ItemNo", "description": "Descr", "unit": "UoM", "price": "UnitPrice",
    "currency": "Currency", "weight": "WeightKg", "introduced": "Introduced", "discontinued": "DiscontinuedOn",
    "barcodes": "Barcodes",
}  # fmt: skip
_MOVEMENT = {
    "number": "MoveNo", "itemNumber": "ItemNo", "site": "Whse", "quantity": "Qty", "cost": "UnitCost",
    "movedAt": "MovedAt", "reason": "Reason",
}  # fmt: skip


def _old(found: Fields, names: dict[str, str]) -> dict[str, object]:
    """What was found, in the words that callers know."""
    return {names[name]: value for name, value in found.items()}


def _hold(found: Fields) -> Hold:
    return Hold(
        id=found["number"],
        sku=found["itemNumber"],
        site=found["site"],
        units=found["quantity"],
        order=found["order"],
        status=found["status"],
    )


def _rows(reply: Reply) -> list[Fields]:
    return list(reply.rows) if reply.rows is not None else list(reply["items"])
