"""How many people must agree to a write: thresholds on its worth, as a table of three tiers."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from brownfield.rules import amount
from brownfield.rules.duration import Duration
from brownfield.wrapper.money import Money

Tier = Literal["auto", "one", "two"]
TIERS: dict[Tier, Literal[0, 1, 2]] = {"auto": 0, "one": 1, "two": 2}
"""Approvals by different people that each tier asks for, lowest tier first."""

LAST_RESORT = "last-resort"
"""The class of a system whose data are the best there is, and not good (a spreadsheet)."""


class Policy(BaseModel):
    """The section `[policy]` of brownfield.toml, agreed by the business owner.

    Attributes:
        currency: ISO 4217 code of both thresholds. A write worth another currency counts as of unknown worth.
        auto_below: Writes worth less than this need nobody. None: every write needs somebody.
        two_above: Writes worth more than this need two people. None: one is always enough.
        expires: How long a proposal waits for its decision.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    auto_below: Annotated[Decimal, Field(ge=0)] | None = None
    two_above: Annotated[Decimal, Field(ge=0)] | None = None
    expires: Annotated[Duration, Field(gt=timedelta())] = timedelta(hours=72)

    @model_validator(mode="after")
    def _thresholds_fit(self) -> Self:
        low, high = self._minor(self.auto_below), self._minor(self.two_above)
        if low is not None and high is not None and low > high:
            raise ValueError("auto_below is more than two_above: a write between them would be in both tiers")
        return self

    def tier(self, impact: Money | None) -> Tier:
        """The tier of a write worth `impact`. The sign does not matter: taking away weighs as much as giving."""
        if impact is None or impact.currency != self.currency:
            return self.highest
        worth = abs(impact.minor)
        low, high = self._minor(self.auto_below), self._minor(self.two_above)
        if low is not None and worth < low:
            return "auto"
        return "two" if high is not None and worth > high else "one"

    @property
    def highest(self) -> Tier:
        """The highest tier that this policy knows: where a write of unknown worth belongs."""
        return "one" if self.two_above is None else "two"

    def _minor(self, threshold: Decimal | None) -> int | None:
        return None if threshold is None else amount.minor_units(threshold, self.currency)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a proposal needs before it may be written.

    Attributes:
        tier: See `TIERS`.
        needed: Approvals by different people, the proposer not among them.
        why: One sentence for a person.
        expires: How long the proposal waits.
    """

    tier: Tier
    needed: Literal[0, 1, 2]
    why: str
    expires: timedelta


def decide(policy: Policy, impact: Money | None, *, source_class: str) -> Decision:
    """The tier of a write worth `impact` (None: unknown) on a system of class `source_class`."""
    tier = policy.tier(impact)
    raised = _above(tier) if source_class == LAST_RESORT else tier
    why = _worth(policy, impact) + _threshold(policy, impact, tier)
    if source_class == LAST_RESORT:
        why += "; it rests on data of last resort, which raises it one tier"
    return Decision(tier=raised, needed=TIERS[raised], why=f"{why}: {_NEED[raised]}.", expires=policy.expires)


_NEED: dict[Tier, str] = {
    "auto": "nobody needs to approve it",
    "one": "one person approves",
    "two": "two people approve",
}


def _above(tier: Tier) -> Tier:
    return "one" if tier == "auto" else "two"


def _worth(policy: Policy, impact: Money | None) -> str:
    if impact is None:
        return "What it is worth is not known"
    if impact.currency != policy.currency:
        return f"It is worth {amount.spoken(impact)} and the thresholds are in {policy.currency}"
    return f"It is worth {amount.spoken(impact)}"


def _threshold(policy: Policy, impact: Money | None, tier: Tier) -> str:
    """The comparison that decided, where a threshold did."""
    if impact is None or impact.currency != policy.currency:
        return ", so it counts as the highest tier"
    if tier == "auto" and policy.auto_below is not None:
        return f", less than {_limit(policy, policy.auto_below)}"
    if tier == "two" and policy.two_above is not None:
        return f", more than {_limit(policy, policy.two_above)}"
    return ""


def _limit(policy: Policy, threshold: Decimal) -> str:
    minor = amount.minor_units(threshold, policy.currency)
    return amount.spoken(Money(minor=minor, currency=policy.currency))
