"""The warehouse as its callers should see it, where that is not what the system says already."""

from decimal import Decimal

from brownfield import Call, Fields, Money, Record, Reply, Wrapper

from .models import Hold, HoldId, HoldPreview, Holds, Order, Site, Sku, StockCounted, StockLevel, Units

inventory = Wrapper("inventory")


@inventory.operation("get_stock")
def get_stock(wms: Call, /, sku: Sku, site: Site) -> StockLevel:
    """Units on hand, held and available for one SKU at one site."""
    reply = wms("GetStock", ItemNo=sku, Whse=site)
    return StockLevel(
        sku=reply["ItemNo"],
        site=reply["Whse"],
        on_hand=reply["QtyOH"],
        held=reply["QtyHeld"],
        available=reply["QtyAvail"],
        counted_at=reply["CountedAt"],
    )


@inventory.operation("get_hold")
def get_hold(wms: Call, /, id: HoldId) -> Hold:  # noqa: A002
    """One hold: what is set aside, where and for which order."""
    return _hold(wms("GetHold", HoldNo=id).fields)


@inventory.operation("find_holds")
def find_holds(wms: Call, /, order: Order) -> Holds:
    """The holds of one order, released ones included."""
    return Holds(holds=[_hold(found) for found in _rows(wms("FindHolds", OrderNo=order))])


@inventory.operation("preview_hold")
def preview_hold(wms: Call, /, sku: Sku, site: Site) -> HoldPreview:
    """What placing a hold would draw on: units available and their price."""
    stock, item = wms("GetStock", ItemNo=sku, Whse=site), wms("GetItem", ItemNo=sku)
    return HoldPreview(available=stock["QtyAvail"], unit_price=Decimal(item["UnitPrice"]), currency=item["Currency"])


@inventory.operation("place_hold")
def place_hold(wms: Call, /, sku: Sku, site: Site, units: Units, order: Order) -> Hold:
    """Set units of one SKU aside for an order, so that nobody else can sell them."""
    return _hold(wms("PlaceHold", ItemNo=sku, Whse=site, Units=units, OrderNo=order).fields)


@inventory.operation("release_hold")
def release_hold(wms: Call, /, id: HoldId) -> Hold:  # noqa: A002
    """Give the units of a hold back."""
    return _hold(wms("ReleaseHold", HoldNo=id).fields)


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


def _hold(found: Fields) -> Hold:
    return Hold(
        id=found["HoldNo"],
        sku=found["ItemNo"],
        site=found["Whse"],
        units=found["Units"],
        order=found["OrderNo"],
        status=found["Status"],
    )


def _rows(reply: Reply) -> list[Fields]:
    return list(reply.rows) if reply.rows is not None else list(reply["items"])
