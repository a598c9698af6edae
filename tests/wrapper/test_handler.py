"""A function as an operation: annotations become schemas, values cross exactly."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import jsonschema_rs
import pytest
from pydantic import BaseModel, StringConstraints

from brownfield import Call
from brownfield.contract import Drifted
from brownfield.wrapper.finding import BundleError
from brownfield.wrapper.handler import bind

Sku = Annotated[str, StringConstraints(pattern=r"^[A-Z]-[0-9]{3}$")]


class Site(StrEnum):
    LYON = "LYON"


class Price(BaseModel):
    amount: Decimal
    since: date


def price(wms: Call, /, sku: Sku, on: date, site: Site = Site.LYON, least: Decimal | None = None) -> Price:
    """The price of one article.

    More for the reader of the code.
    """
    return Price(amount=least or Decimal("49.9000"), since=on)


def test_the_signature_becomes_schemas():
    """R25, R27: typed schemas and a description for each operation."""
    handler = bind("price", price)
    assert handler.connections == ("wms",)
    assert handler.input["required"] == ["sku", "on"]
    assert handler.input["additionalProperties"] is False
    assert handler.description == "The price of one article."
    assert handler.output["properties"]["amount"]["type"] == "string"
    jsonschema_rs.validator_for(handler.input)
    jsonschema_rs.validator_for(handler.output)


def test_decimals_and_dates_cross_exactly():
    handler = bind("price", price)
    arguments = handler.arguments({"sku": "A-100", "on": "2026-11-21", "least": "0.10"})
    assert arguments == {"sku": "A-100", "on": date(2026, 11, 21), "site": Site.LYON, "least": Decimal("0.10")}
    assert handler.document(price(None, **arguments)) == {"amount": "0.10", "since": "2026-11-21"}


@pytest.mark.parametrize("wrong", [{"amount": "much", "since": "2026-11-21"}, None, {"amount": "1"}])
def test_a_result_that_is_not_what_the_function_declares_is_drift(wrong):
    with pytest.raises(Drifted):
        bind("price", price).document(wrong)


def test_the_function_stays_a_function_that_a_test_can_call():
    assert price(None, "A-100", date(2026, 11, 21)).amount == Decimal("49.9000")


def test_a_parameter_without_annotation_is_refused():
    def bare(wms, /, sku) -> Price: ...

    with pytest.raises(BundleError, match="has no annotation"):
        bind("bare", bare)


def test_a_list_is_no_result():
    def many(wms: Call, /) -> list[Price]: ...

    with pytest.raises(BundleError, match="put the list in a field"):
        bind("many", many)
