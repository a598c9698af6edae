"""How many people must agree to a write."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from brownfield.rules import amount
from brownfield.rules.tier import TIERS, Policy, decide
from brownfield.wrapper.money import Money

AGREED = Policy(currency="EUR", auto_below=Decimal("500.00"), two_above=Decimal("5000.00"))


def euros(minor: int) -> Money:
    return Money(minor=minor, currency="EUR")


@pytest.mark.parametrize(
    ("minor", "tier", "needed"),
    [
        (0, "auto", 0),
        (1, "auto", 0),
        (499_99, "auto", 0),
        (500_00, "one", 1),
        (500_01, "one", 1),
        (4_999_99, "one", 1),
        (5_000_00, "one", 1),
        (5_000_01, "two", 2),
        (10**15, "two", 2),
    ],
)
def test_the_border_itself_belongs_to_the_middle_tier(minor, tier, needed):
    """R63, R65, R66, R67: 499.99 is automatic, 500.00 is not; 5,000.00 still needs one, a cent more needs two."""
    decision = decide(AGREED, euros(minor), source_class="record")
    assert (decision.tier, decision.needed) == (tier, needed)


@given(st.integers(-(10**12), 10**12))
def test_the_sign_does_not_matter(minor):
    """R63: a refund of 600 is as grave as a charge of 600."""
    assert AGREED.tier(euros(minor)) == AGREED.tier(euros(-minor))


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_is_never_a_lower_tier(less, more):
    """R63: the tiers rise with the amount."""
    less, more = sorted((less, more))
    assert TIERS[AGREED.tier(euros(less))] <= TIERS[AGREED.tier(euros(more))]


def test_without_thresholds_every_write_needs_one_person():
    """R61: nothing is automatic by default."""
    for impact in (None, euros(0), euros(1), euros(10**12)):
        decision = decide(Policy(), impact, source_class="record")
        assert (decision.tier, decision.needed, decision.expires) == ("one", 1, timedelta(hours=72))


@pytest.mark.parametrize(
    ("policy", "tier"),
    [
        (AGREED, "two"),
        (Policy(two_above=Decimal(5000)), "two"),
        (Policy(auto_below=Decimal(500)), "one"),
        (Policy(), "one"),
    ],
)
@pytest.mark.parametrize("impact", [None, Money(minor=1, currency="USD")])
def test_an_unknown_worth_is_the_highest_tier_that_the_policy_knows(policy, tier, impact):
    """R62: unknown, and another currency than the policy's, which nobody converts."""
    assert decide(policy, impact, source_class="record").tier == tier


@pytest.mark.parametrize(
    ("impact", "source_class", "tier"),
    [
        (euros(499_99), "record", "auto"),
        (euros(499_99), "engagement", "auto"),
        (euros(499_99), "last-resort", "one"),
        (euros(500_00), "last-resort", "two"),
        (euros(5_000_01), "last-resort", "two"),
        (None, "last-resort", "two"),
    ],
)
def test_data_of_last_resort_raise_a_write_by_one_tier(impact, source_class, tier):
    """R2: never equally trustworthy."""
    decision = decide(AGREED, impact, source_class=source_class)
    assert decision.tier == tier
    assert ("last resort" in decision.why) is (source_class == "last-resort")


@pytest.mark.parametrize(
    ("impact", "why"),
    [
        (euros(499_99), "It is worth EUR 499.99, less than EUR 500.00: nobody needs to approve it."),
        (euros(500_00), "It is worth EUR 500.00: one person approves."),
        (euros(5_000_01), "It is worth EUR 5,000.01, more than EUR 5,000.00: two people approve."),
        (None, "What it is worth is not known, so it counts as the highest tier: two people approve."),
        (
            Money(minor=300, currency="JPY"),
            "It is worth JPY 300 and the thresholds are in EUR, so it counts as the highest tier: two people approve.",
        ),
    ],
)
def test_a_decision_says_why(impact, why):
    """R99: the decision in words."""
    assert decide(AGREED, impact, source_class="record").why == why


@pytest.mark.parametrize(
    ("currency", "threshold", "below", "at"),
    [("JPY", "500", 499, 500), ("BHD", "500.000", 499_999, 500_000), ("CLF", "5.0000", 4_9999, 5_0000)],
)
def test_thresholds_count_in_the_minor_units_of_their_currency(currency, threshold, below, at):
    """R65: yen have no cents, dinars have a thousand fils (ISO 4217)."""
    policy = Policy(currency=currency, auto_below=Decimal(threshold))
    assert policy.tier(Money(minor=below, currency=currency)) == "auto"
    assert policy.tier(Money(minor=at, currency=currency)) == "one"


@pytest.mark.parametrize(
    "settings",
    [
        {"auto_below": "600", "two_above": "500"},
        {"auto_below": "499.999"},
        {"currency": "JPY", "auto_below": "0.5"},
        {"auto_below": "-1"},
        {"auto_below": "NaN"},
        {"two_above": "Infinity"},
        {"currency": "euro"},
        {"expires": "soon"},
        {"expires": "0s"},
        {"auto_above": "1"},
    ],
)
def test_a_policy_that_means_nothing_is_refused(settings):
    """R68: thresholds are written down, and say one thing."""
    with pytest.raises(ValidationError):
        Policy.model_validate(settings)


def test_a_policy_is_read_from_toml_values():
    """R68: floats of TOML are taken as they are written."""
    policy = Policy.model_validate({"auto_below": 499.99, "two_above": 5000, "expires": "24h"})
    assert (policy.tier(euros(499_98)), policy.tier(euros(499_99))) == ("auto", "one")
    assert policy.expires == timedelta(hours=24)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["EUR", "JPY", "BHD", "CLF"]))
def test_an_amount_survives_being_spoken(minor, currency):
    """R99: money in sentences is exact."""
    said = amount.spoken(Money(minor=minor, currency=currency)).removeprefix(f"{currency} ").replace(",", "")
    assert amount.minor_units(Decimal(said), currency) == minor
