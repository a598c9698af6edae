"""How old an answer may be that is given instead of asking the system again. Pure: ages in seconds come in.

    0 ─────── fresh ─────── fresh + stale_if_error ───────
    given      only when the system is unavailable    never

The age of an answer counts from the moment at which the system was asked.
"""

from typing import Literal

Cached = Literal["", "fresh", "stale"]
"""How an answer came: from the system, or from what it said before."""


def is_fresh(age: float, fresh: float) -> bool:
    """Whether an answer of this age is given without asking."""
    return 0 <= age <= fresh


def may_stand_in(age: float, fresh: float, stale_if_error: float) -> bool:
    """Whether an answer of this age may be given because the system is unavailable (RFC 5861, section 4)."""
    return 0 <= age <= fresh + stale_if_error
