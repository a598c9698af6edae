"""Amounts of money: from a person's decimal to integer minor units and back, by ISO 4217 exponent."""

from decimal import Decimal

from brownfield.wrapper.money import Money

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
DIGITS: dict[str, int] = {
    currency: digits for digits, names in ((0, _NONE), (3, _THREE), (4, _FOUR)) for currency in names.split()
}
"""Digits after the point by currency, where they are not 2 (ISO 4217 list one)."""


def digits(currency: str) -> int:
    """Digits after the point of an amount in `currency`."""
    return DIGITS.get(currency, 2)


def minor_units(amount: Decimal, currency: str) -> int:
    """The amount in minor units, exact.

    Raises:
        ValueError: The currency has no unit that small, or the amount is not a finite number.
    """
    if not amount.is_finite():
        raise ValueError(f"{amount} is not an amount")
    scaled = amount.scaleb(digits(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} {currency} has more than {digits(currency)} digits after the point")
    return int(scaled)


def spoken(money: Money) -> str:
    """The amount as a person reads it: `EUR 5,000.00`, `JPY -300`."""
    places = digits(money.currency)
    whole, part = divmod(abs(money.minor), 10**places)
    sign = "-" if money.minor < 0 else ""
    return f"{money.currency} {sign}{whole:,}" + (f".{part:0{places}d}" if places else "")
