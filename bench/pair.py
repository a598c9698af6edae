"""One ratio: what brownfield takes against what a reference takes, measured in turns on the same machine.

A B A B …: noise that lasts longer than a turn falls on both. The ratio of each pair is kept, and the median is told
with the lowest and the highest.
"""

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass

Measure = Callable[[], float]


@dataclass(frozen=True)
class Ratio:
    """A median of ratios.

    Attributes:
        id: Stable name in the results.
        what: What brownfield did.
        reference: What it is held against.
        unit: Of `ours` and `theirs`: `ms`, `s`, `calls/s`, `records/s`.
        ours: Median of brownfield's measurements.
        theirs: Median of the reference's.
        ratio: Median of the pairs' ratios, ours to theirs.
        low: The lowest of them.
        high: The highest.
        pairs: Every pair, in the order measured.
    """

    id: str
    what: str
    reference: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float
    pairs: list[tuple[float, float]]

    def row(self) -> tuple[str, ...]:
        """As a row of the table."""
        low, middle, high = (f"{ratio:.3g}" for ratio in (self.low, self.ratio, self.high))
        return (self.what, self.reference, amount(self.ours, self.unit), amount(self.theirs, self.unit),
                f"**{middle}**", f"{low} to {high}")  # fmt: skip

    def document(self) -> dict[str, object]:
        """As JSON."""
        return asdict(self)


def compare(id: str, what: str, reference: str, unit: str, ours: Measure, theirs: Measure, pairs: int) -> Ratio:  # noqa: A002
    """Measure both in turns. Whatever has to be warm is warmed by the caller."""
    return ratio_of(id, what, reference, unit, [(ours(), theirs()) for _ in range(pairs)])


def ratio_of(id: str, what: str, reference: str, unit: str, pairs: list[tuple[float, float]]) -> Ratio:  # noqa: A002
    """The ratio of pairs that were measured already."""
    ratios = [a / b for a, b in pairs]
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    middle = statistics.median(ratios)
    return Ratio(id, what, reference, unit, ours, theirs, middle, min(ratios), max(ratios), pairs)


def amount(value: float, unit: str) -> str:
    """A number with three digits that count."""
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{shown} {unit}"
