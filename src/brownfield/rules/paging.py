"""Paging: what people are called for at any hour, and how often that is tried."""

from datetime import timedelta

PAGED = frozenset({
    "batch.late", "batch.missing", "batch.empty", "batch.size_anomaly", "batch.held", "batch.refused", "write.unknown",
    "input.blocked", "input.unknown", "input.overdue", "input.unmatched", "input.contradicted",
})  # fmt: skip
"""Entries of the audit that somebody has to act on."""

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60))
"""How long to wait after each attempt that failed."""


def pause(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts that failed; None to give up."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None
