"""Questions to the audit in plain English: a small deterministic grammar that always says how it read them."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Known:
    """Names that a question may use."""

    identities: frozenset[str] = frozenset()
    wrappers: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was read.

    Attributes:
        subjects: Values of arguments: `A-100`, `4471`.
        proposals: Ids of proposals: `P-123`.
        identities: Names of identities.
        roles: Roles: `agent`.
        wrappers: Ids of wrappers.
        operations: Names of operations.
        events: Prefixes or names of events; empty for all.
        since: The first instant (UTC).
        until: The instant after the last (UTC).
        echo: The reading in words.
    """

    subjects: tuple[str, ...]
    proposals: tuple[str, ...]
    identities: tuple[str, ...]
    roles: tuple[str, ...]
    wrappers: tuple[str, ...]
    operations: tuple[str, ...]
    events: tuple[str, ...]
    since: datetime
    until: datetime
    echo: str


def read(text: str, now: datetime, zone: ZoneInfo, known: Known | None = None) -> Question:
    """The question that `text` asks.

    Raises:
        ValueError: It is empty.
    """
    raise NotImplementedError
