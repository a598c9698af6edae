"""A warehouse of two items in memory, and the call adapter that speaks to it."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs
from pydantic import BaseModel, ConfigDict

from brownfield.contract import (
    Contract,
    Failure,
    FaultShape,
    Fields,
    JsonSchema,
    Opening,
    OperationShape,
    Rejected,
    Reply,
    Unavailable,
)

SKU: JsonSchema = {"type": "string", "pattern": "^[A-Z]-[0-9]{3}$", "examples": ["A-100"]}
UNITS: JsonSchema = {"type": "integer", "minimum": 1}
PRICE: JsonSchema = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$"}


def closed(properties: Mapping[str, JsonSchema]) -> JsonSchema:
    """The schema of an object with exactly these fields."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


_STOCK = closed({"Sku": SKU, "OnHand": {"type": "integer"}, "Price": PRICE})
_HOLD = closed({"Id": {"type": "string"}, "Sku": SKU, "Units": UNITS, "Order": {"type": "string"}})
_NO = FaultShape(name="CannedFault", detail=closed({"Value": {"type": "string"}}))


def _shape(documentation: str, given: Mapping[str, JsonSchema], answer: JsonSchema, **more: Any) -> OperationShape:
    return OperationShape(input=closed(given), output=answer, faults=(_NO,), documentation=documentation, **more)


CONTRACT = Contract(
    operations={
        "GetStock": _shape("Units on hand of one item.", {"Sku": SKU}, _STOCK),
        "ListStock": _shape("Every item.", {}, closed({"Rows": {"type": "array", "items": _STOCK}}), rows="Rows"),
        "GetHold": _shape("One hold.", {"Id": {"type": "string"}}, _HOLD),
        "PlaceHold": _shape(
            "Set units aside for an order.", {"Sku": SKU, "Units": UNITS, "Order": {"type": "string"}}, _HOLD
        ),
        "ReleaseHold": _shape("Give up a hold.", {"Id": {"type": "string"}}, _HOLD),
    }
)
"""What the system offers: three reads, and two writes of which each reverses the other."""


def _first_day() -> dict[str, dict[str, Any]]:
    return {
        "A-100": {"Sku": "A-100", "OnHand": 140, "Price": "49.90"},
        "B-200": {"Sku": "B-200", "OnHand": 0, "Price": "0.10"},
    }


@dataclass
class CannedSystem:
    """The system itself: what it knows, what was asked of it, and how it misbehaves.

    Attributes:
        stock: Items by SKU.
        holds: Holds by id.
        calls: Every call that reached it, in order.
        writes: Every change of state, in order: the system's own log.
        down: Nobody answers.
        delays: Seconds before a call takes effect, by operation.
        fails: What a call raises instead of its effect, by operation.
        fails_after: What a call raises after its effect, by operation: the answer that got lost.
        password: What a connection must give; None when it needs none.
    """

    stock: dict[str, dict[str, Any]] = field(default_factory=_first_day)
    holds: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, Fields]] = field(default_factory=list)
    writes: list[tuple[str, Fields]] = field(default_factory=list)
    down: bool = False
    delays: dict[str, float] = field(default_factory=dict)
    fails: dict[str, Failure] = field(default_factory=dict)
    fails_after: dict[str, Failure] = field(default_factory=dict)
    password: str | None = None
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def answer(self, operation: str, fields: Fields) -> dict[str, Any]:
        """What the system answers to one call.

        Raises:
            Failure: What `fails` or `fails_after` says, or `Rejected` when the system itself says no.
        """
        with self._one_at_a_time:
            self.calls.append((operation, dict(fields)))
            if operation in self.fails:
                raise self.fails[operation]
            found = self._effects[operation](fields)
            if operation in self.fails_after:
                raise self.fails_after[operation]
            return found

    @property
    def _effects(self) -> Mapping[str, Callable[[Fields], dict[str, Any]]]:
        return {
            "GetStock": lambda fields: dict(_known(self.stock, fields["Sku"], "CAN-404")),
            "ListStock": lambda _: {"Rows": [dict(item) for item in self.stock.values()]},
            "GetHold": lambda fields: dict(_known(self.holds, fields["Id"], "CAN-405")),
            "PlaceHold": self._place,
            "ReleaseHold": self._release,
        }

    def _place(self, fields: Fields) -> dict[str, Any]:
        item = _known(self.stock, fields["Sku"], "CAN-404")
        if item["OnHand"] < fields["Units"]:
            raise Rejected(f"Only {item['OnHand']} units are on hand.", code="CAN-201", detail={"Value": fields["Sku"]})
        item["OnHand"] -= fields["Units"]
        hold = {"Id": f"H-{len(self.writes) + 1}", **fields}
        self.holds[hold["Id"]] = hold
        self.writes.append(("PlaceHold", dict(fields)))
        return dict(hold)

    def _release(self, fields: Fields) -> dict[str, Any]:
        hold = _known(self.holds, fields["Id"], "CAN-405")
        del self.holds[fields["Id"]]
        self.stock[hold["Sku"]]["OnHand"] += hold["Units"]
        self.writes.append(("ReleaseHold", dict(fields)))
        return dict(hold)


class CannedSettings(BaseModel):
    """The settings of a `canned` connection.

    Attributes:
        line: An address of the system; a `dead` one leads nowhere.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    line: str = "memory"


class CannedCalls:
    """The call adapter of a canned system. As strict as a real one: it sends what the contract allows, and no more.

    Args:
        system: What it speaks to.
        opening: As for any adapter.
    """

    def __init__(self, system: CannedSystem, opening: Opening[CannedSettings]) -> None:
        self._system = system
        self._opening = opening

    def probe(self) -> None:
        """Return when the system answers; raise `Unavailable` when it does not."""
        self._find()

    def describe(self) -> Contract:
        """The contract, always the same."""
        return CONTRACT

    def invoke(self, operation: str, fields: Fields) -> Reply:
        """Make one call, once.

        Raises:
            Rejected: The system said no, or the fields cannot be sent.
            Unavailable: It is down, or did not begin within the deadline.
            Failure: What the system was told to fail with.
        """
        shape = CONTRACT.operations.get(operation)
        if shape is None:
            raise Rejected(f"There is no operation {operation}.", code="unknown-operation")
        if not jsonschema_rs.is_valid(shape.input, dict(fields)):
            raise Rejected(f"The fields are not those of {operation}; nothing was sent.", code="invalid-field")
        self._reach(operation)
        found = self._system.answer(operation, fields)
        return Reply({}, iter(found[shape.rows])) if shape.rows else Reply(found)

    def close(self) -> None:
        """Nothing is held."""

    def _find(self) -> None:
        if self._system.down or self._opening.settings.line == "dead":
            raise Unavailable("The canned system is down.")

    def _reach(self, operation: str) -> None:
        """Log in and wait, as the system makes a caller do."""
        self._find()
        if self._system.password is not None and self._opening.secret("password") != self._system.password:
            raise Rejected("The system does not know this password.", code="CAN-401")
        delay, deadline = self._system.delays.get(operation, 0.0), self._opening.limits.deadline
        time.sleep(min(delay, deadline))
        if delay > deadline:
            raise Unavailable(f"The canned system did not begin within {deadline:g} s.")


def _known(table: dict[str, dict[str, Any]], key: str, code: str) -> dict[str, Any]:
    if key not in table:
        raise Rejected(f"There is no {key}.", code=code, detail={"Value": key})
    return table[key]
