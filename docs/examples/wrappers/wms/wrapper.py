"""The warehouse in our words, where they differ from the system's."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from brownfield import Call, Fields, Money, Reply, Wrapper

Sku = Annotated[str, Field(pattern="^[A-Z]-[0-9]{3}$", description="Article number", examples=["A-100"])]
Site = Literal["LYON", "LILLE", "NICE"]
HoldId = Annotated[str, Field(pattern="^H[0-9]{6}$", description="Hold number")]


class Stock(BaseModel):
    """Units of one article at one site."""

    on_hand: int
    available: int


class Hold(BaseModel):
    """Units set aside for an order."""

    id: HoldId
    sku: Sku
    site: Site
    units: int
    order: str


wms = Wrapper("wms")


@wms.operation("get_stock")
def get_stock(warehouse: Call, /, sku: Sku, site: Site) -> Stock:
    """Units on hand and available of one article at one site."""
    reply = warehouse("GetStock", ItemNo=sku, Whse=site)
    return Stock(on_hand=reply["QtyOH"], available=reply["QtyAvail"])


@wms.operation("get_hold")
def get_hold(warehouse: Call, /, id: HoldId) -> Hold:  # noqa: A002
    """One hold."""
    return _hold(warehouse("GetHold", HoldNo=id))


@wms.operation("place_hold")
def place_hold(warehouse: Call, /, sku: Sku, site: Site, units: int, order: str) -> Hold:
    """Set units of one article aside for an order."""
    return _hold(warehouse("PlaceHold", ItemNo=sku, Whse=site, Units=units, OrderNo=order))


@wms.operation("release_hold")
def release_hold(warehouse: Call, /, id: HoldId) -> Hold:  # noqa: A002
    """Give the units of a hold back."""
    return _hold(warehouse("ReleaseHold", HoldNo=id))


@wms.impact("place_hold")
def hold_value(fields: Fields, before: Fields) -> Money | None:
    """What the hold keeps from being sold; when nearly all of it, nobody knows."""
    if fields["units"] > before["available"] // 2:
        return None
    return Money(minor=fields["units"] * 5000, currency="EUR")


def _hold(reply: Reply) -> Hold:
    fields = reply.fields
    return Hold(
        id=fields["HoldNo"],
        sku=fields["ItemNo"],
        site=fields["Whse"],
        units=fields["Units"],
        order=fields["OrderNo"],
    )
