"""The four ways a call can fail, named by what the caller should do."""

from collections.abc import Mapping
from typing import Any


class Failure(Exception):
    """A call that did not give a reply. Never raised itself: pick one of the four below.

    Args:
        message: One sentence for a person: what happened.
        code: The system's own code when it gave one (`WMS-1404`), else an empty string.
        detail: What the system said about it, as plain JSON values. Never a stack trace, never a secret.
        undeclared: A name for the refusal when the system said one that its contract does not declare, else empty:
            it is recorded, and `brownfield drift` tells it.
    """

    def __init__(
        self, message: str, *, code: str = "", detail: Mapping[str, Any] | None = None, undeclared: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.detail = dict(detail or {})
        self.undeclared = undeclared


class Rejected(Failure):
    """The system said no. It understood the call and nothing was done: change the call, do not repeat it."""


class Unavailable(Failure):
    """Nothing happened: the system was not reached or did not begin. The same call may be made again."""


class Uncertain(Failure):
    """It may have happened. A write is never repeated: find out by reading (reconcile)."""


class Drifted(Failure):
    """What came back is outside the pinned contract. Nothing of it may be used."""
