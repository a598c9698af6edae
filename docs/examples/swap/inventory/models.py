"""What callers of the warehouse see: our words, exact types, no trace of SOAP."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

Sku = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]-[0-9]{3}$"), Field(description="Article number", examples=["A-100"])
]
Order = Annotated[
    str, StringConstraints(pattern=r"^[A-Z0-9-]{3,20}$"), Field(description="Order number", examples=["SO-7001"])
]
HoldId = Annotated[
    str, StringConstraints(pattern=r"^H[0-9]{6}$"), Field(description="Hold number", examples=["H000001"])
]
Units = Annotated[int, Field(ge=1, le=9999, description="How many units")]


class Site(StrEnum):
    """The warehouses."""

    LYON = "LYON"
    LILLE = "LILLE"
    NICE = "NICE"


class StockLevel(BaseModel):
    """Units of one article at one site."""

    sku: str
    site: Site
    on_hand: int
    held: int
    available: int
    counted_at: Annotated[str, Field(description="Local time at the warehouse, Europe/Paris, without offset")]


class HoldPreview(BaseModel):
    """What placing a hold would draw on: the state that an approver sees."""

    available: int
    unit_price: Decimal
    currency: str


class Hold(BaseModel):
    """Units of one article set aside for an order."""

    id: HoldId
    sku: Sku
    site: Site
    units: int
    order: Order
    status: Annotated[str, Field(description="ACTIVE or RELEASED")]


class Holds(BaseModel):
    """The holds of one order."""

    holds: list[Hold]


class StockCounted(BaseModel):
    """One line of the nightly count."""

    sku: str
    site: Site
    on_hand: int
    held: int
    unit_cost: Decimal
    counted_on: Annotated[str, Field(description="Date of the count, YYYY-MM-DD")]
