"""Questions to the audit in plain English: a small deterministic grammar that always says how it read them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from brownfield.rules import period
from brownfield.rules.phrase import SHOWN, listed, name, words
from brownfield.rules.redaction import plain
from brownfield.rules.vocabulary import EVENTS, NOUNS, PLAIN, ROLES


@dataclass(frozen=True, slots=True)
class Known:
    """Names that a question may use."""

    identities: frozenset[str] = frozenset()
    wrappers: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was read. Empty means any; within a field one is enough; between fields all must fit.

    Attributes:
        subjects: Values of arguments or ids of proposals: `A-100`, `4471`, `P-123`.
        identities: Names of identities.
        roles: Roles: `agent`.
        wrappers: Ids of wrappers.
        operations: Names of operations.
        events: What events begin with: `write.`, `write.approved`.
        since: The first instant (UTC).
        until: The instant after the last (UTC).
        echo: The reading in words.
    """

    subjects: tuple[str, ...]
    identities: tuple[str, ...]
    roles: tuple[str, ...]
    wrappers: tuple[str, ...]
    operations: tuple[str, ...]
    events: tuple[str, ...]
    since: datetime
    until: datetime
    echo: str


LENGTH = 500
"""Characters of a question that are read."""

_TOKEN = re.compile(r"(?:“([^”]+)”|\"([^\"]+)\"|'([^']+)')(?=$|[\s,.;:!?])|(\S+)")


@dataclass(frozen=True, slots=True)
class _Token:
    """One word, or one quoted value."""

    text: str
    quoted: bool

    @property
    def word(self) -> str:
        """The word for comparison; a quoted value is never a word of the grammar."""
        return "" if self.quoted else self.text.lower()

    @property
    def is_value(self) -> bool:
        """Whether it can only be a value."""
        return self.quoted or any(character.isdigit() for character in self.text)


@dataclass(slots=True)
class _Reading:
    """What has been understood so far. Lists keep the question's order."""

    subjects: list[str] = field(default_factory=list)
    identities: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    wrappers: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    said: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    span: period.Period | None = None
    wrong: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def read(text: str, now: datetime, zone: ZoneInfo, known: Known | None = None) -> Question:
    """The question that `text` asks; what is not understood is left out, and the echo names it.

    Raises:
        ValueError: It is empty.
    """
    tokens = _tokens(text[:LENGTH])
    if not tokens:
        raise ValueError("the question is empty: ask, for example, “what did the agent do with account 4471 today”")
    calendar = period.Calendar(now, zone)
    reading, at = _Reading(), 0
    while at < len(tokens):
        at += _step(reading, tokens[at:], calendar, known or Known())
    span = reading.span or period.default(calendar, "understood" if reading.wrong else "named")
    return Question(
        subjects=_once(reading.subjects),
        identities=_once(reading.identities),
        roles=() if reading.identities else _once(reading.roles),
        wrappers=_once(reading.wrappers),
        operations=_once(reading.operations),
        events=_once(_events(reading)[0]),
        since=span.since,
        until=span.until,
        echo=_echo(reading, span),
    )


def _tokens(text: str) -> list[_Token]:
    tokens = [
        _Token(bare.strip("?,.;:!()“”\"'"), quoted=False) if bare else _Token("".join(quoted).strip(), quoted=True)
        for *quoted, bare in _TOKEN.findall(text)
    ]
    return [token for token in tokens if token.text]


def _once(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _step(reading: _Reading, tokens: Sequence[_Token], calendar: period.Calendar, known: Known) -> int:
    """Take what the next words say into the reading; the number of words taken, at least one."""
    first = tokens[0]
    if not first.quoted:
        taken = (
            _name_known(reading, tokens, known)
            or _time(reading, tokens, calendar)
            or _announced(reading, tokens, known)
            or _keyword(reading, tokens)
        )
        if taken:
            return taken
    if first.is_value:
        reading.subjects.append(first.text)
    elif first.word not in PLAIN and first.word.removesuffix("s") not in NOUNS:
        reading.unknown.append(first.text)
    return 1


def _name_known(reading: _Reading, tokens: Sequence[_Token], known: Known) -> int:
    """An identity, a wrapper, or an operation as one word or several."""
    for names, found in (
        (known.identities, reading.identities),
        (known.wrappers, reading.wrappers),
        (known.operations, reading.operations),
    ):
        spelled = [(taken, one) for one in names if (taken := _spelled(one, tokens))]
        if spelled:
            taken, one = max(spelled)
            found.append(one)
            return taken
    return 0


def _spelled(one: str, tokens: Sequence[_Token]) -> int:
    if tokens[0].word == one.lower() or tokens[0].word.endswith(f".{one.lower()}"):
        return 1
    parts = one.lower().split("_")
    said = [token.word for token in tokens[: len(parts)]]
    return len(parts) if len(parts) > 1 and said in (parts, [*parts[:-1], f"{parts[-1]}s"]) else 0


def _time(reading: _Reading, tokens: Sequence[_Token], calendar: period.Calendar) -> int:
    said = [token.word for token in tokens]
    found = period.find(said, calendar)
    if found:
        reading.span = found[0]
        return found[1]
    wrong = period.unread(said)
    if wrong is None:
        return 0
    reading.wrong.append(wrong[0])
    return wrong[1]


def _announced(reading: _Reading, tokens: Sequence[_Token], known: Known) -> int:
    """`customer Miller`, `sku A-100`: a noun, then a value. `file X` also says that batches are meant."""
    if tokens[0].word not in NOUNS or len(tokens) < 2:
        return 0
    value = tokens[1]
    named = value.text.lower() in {one.lower() for one in (*known.identities, *known.wrappers, *known.operations)}
    if named or not (value.is_value or value.text[:1].isupper()):
        return 0
    if tokens[0].word in {"file", "batch"}:
        _keyword(reading, tokens[:1])
    reading.subjects.append(value.text)
    return 2


def _keyword(reading: _Reading, tokens: Sequence[_Token]) -> int:
    """A role, or a word for events: `replayed`, `written off`."""
    pair = " ".join(token.word.removesuffix("s") for token in tokens[:2])
    singular = tokens[0].word.removesuffix("s")
    if singular in ROLES:
        reading.roles.append(singular)
        return 1
    for said, taken in ((pair, 2), (singular, 1)):
        if said in EVENTS and taken <= len(tokens):
            reading.said.append(EVENTS[said])
            return taken
    return 0


def _events(reading: _Reading) -> tuple[list[str], str]:
    """What events begin with, and the words for it: of a kind that is named, those that a narrower word says."""
    kinds = [one for one in reading.said if all(begin.endswith(".") for begin in one[0])]
    narrow = [one for one in reading.said if one not in kinds]
    wide = tuple(begin for begins, _ in kinds for begin in begins)
    within = [begin for begins, _ in narrow for begin in begins if begin.startswith(wide)] if wide else []
    if within:
        return (
            within,
            f"{listed(_once(label for _, label in narrow))} among {listed(_once(label for _, label in kinds))}",
        )
    return [begin for begins, _ in reading.said for begin in begins], listed(_once(label for _, label in reading.said))


def _echo(reading: _Reading, span: period.Period) -> str:
    """The reading in words: everything by agents about “A-100”, Saturday 21 November 2026, 00:00 to 24:00."""
    who = [name(one) for one in reading.identities] or [f"{role}s" for role in reading.roles]
    parts = [_events(reading)[1] or "everything"]
    for link, items in (
        ("by", who),
        ("in", [name(one) for one in reading.wrappers]),
        ("through", [words(one) for one in reading.operations]),
        ("about", [f"“{plain(one)[1:-1]}”" for one in reading.subjects]),
    ):
        if items:
            parts.append(f"{link} {listed(_once(items))}")
    return " ".join([f"Reading: {' '.join(parts)}, {span.words}.", *_left_out(reading)])


def _left_out(reading: _Reading) -> Iterable[str]:
    """What was said and plays no part in the answer, a sentence each."""
    yield from (f"{wrong[:80]}." for wrong in _once(reading.wrong))
    unknown = [plain(word)[1:-1] for word in _once(reading.unknown)]
    if unknown:
        more = f" and {len(unknown) - SHOWN} more" if len(unknown) > SHOWN else ""
        yield f"Not understood: {', '.join(unknown[:SHOWN])}{more}."
