"""Who is signed in: random ids kept in memory. The key itself is neither kept nor sent back."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from brownfield.runtime.caller import Caller

IDLE = 30 * 60.0
"""Seconds without a request after which a session has ended."""
LONGEST = 12 * 60 * 60.0
"""Seconds after which it has ended however busy it is."""


@dataclass(slots=True)
class Session:
    """One browser that is signed in.

    Attributes:
        caller: Who signed in; recognised again on every request by its key's prefix.
        began: Ticks.
        seen: Ticks of the last request.
        id: The cookie's value.
        token: What every form of this session carries.
    """

    caller: Caller
    began: float
    seen: float
    id: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))


class Sessions:
    """The sessions of this process. A restart ends them all.

    Args:
        ticks: Seconds of a clock that never steps back.
    """

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._known: dict[str, Session] = {}

    def begin(self, caller: Caller) -> Session:
        """A new session. Those that have ended by themselves are forgotten here."""
        now = self._ticks()
        self._known = {id_: session for id_, session in self._known.items() if _good(session, now)}
        session = Session(caller, began=now, seen=now)
        self._known[session.id] = session
        return session

    def find(self, id_: str | None) -> Session | None:
        """The session of a cookie, if it is still good; it counts as seen now."""
        session, now = self._known.get(id_ or ""), self._ticks()
        if session is None or not _good(session, now):
            return None
        session.seen = now
        return session

    def end(self, id_: str | None) -> None:
        """Forget a session."""
        self._known.pop(id_ or "", None)


def _good(session: Session, now: float) -> bool:
    return now - session.seen < IDLE and now - session.began < LONGEST
