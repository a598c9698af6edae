"""The audit for people: questions answered in sentences, entries, verification, export."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from brownfield.ledger.audit import AuditKey, Recorded, export, read_seals, search, subject_token, verify
from brownfield.ledger.identity import identities
from brownfield.ledger.reversal import reversals
from brownfield.rules import phrase
from brownfield.rules.access import Ability
from brownfield.rules.problem import Problem
from brownfield.rules.question import Known, Question, read
from brownfield.rules.sentence import EVENTS, Entry
from brownfield.rules.story import story, summary
from brownfield.runtime.caller import Caller
from brownfield.runtime.kernel import Kernel
from brownfield.runtime.personal import MARK, committed
from brownfield.runtime.refusal import audited

MOST = 2000
"""Entries that one answer tells at most; the sentence on top counts the others too."""
COUNTED = 100_000
"""Entries that are read for an answer at most. Nothing is said of a time that holds more."""
_KEPT = frozenset({"role", "undo_of", "impact", "needed", "file", "count", "person"})
"""Facts of an entry that it is counted and narrowed by; the others are not kept of those that are only counted."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found.

    Attributes:
        told: The first entries, whole.
        counted: All of them, with what they are counted by.
        until: The instant of the last entry that was read, where there were too many to read all; else None.
    """

    told: list[Recorded]
    counted: list[Recorded]
    until: datetime | None


class Asking:
    """Answers from the audit. Every question is an entry itself.

    Args:
        kernel: What is open.
        key: Finds what is kept as commitments.
    """

    def __init__(self, kernel: Kernel, key: AuditKey) -> None:
        self._kernel = kernel
        self._key = key

    def ask(self, caller: Caller, text: str) -> dict[str, Any]:
        """A question in plain words, answered in sentences.

        Returns:
            `reading` how it was understood, `summary` one sentence, `story` paragraphs, `complete` whether all is told.

        Raises:
            Problem: `invalid`: an empty question.
        """
        with audited(self._kernel, caller, "ask"):
            caller.demand(Ability.ASK)
        zone, now = ZoneInfo(self._kernel.settings.timezone), self._kernel.clock.now()
        try:
            question = read(text, now, zone, self._known())
        except ValueError as error:
            raise Problem("invalid", str(error)) from error
        found = self._find(question)
        self._note(caller, "audit.asked", _asked(question, text, found.told))
        who = ", ".join((*question.identities, *(f"{role}s" for role in question.roles)))
        whole, until = not question.events, phrase.when(found.until, zone) if found.until else ""
        return {
            "reading": question.echo,
            "summary": summary(
                [*map(_line, found.counted)], who=who, about=question.subjects, whole=whole, until=until
            ),
            "story": story(map(_line, found.told), zone, whole=whole and len(found.told) == len(found.counted)),
            "complete": _complete(found, now.astimezone(zone), zone),
        }

    def entries(self, caller: Caller, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Entries as they are recorded, oldest first."""
        self._demand(caller)
        with self._kernel.ledger.read() as connection:
            found = search(connection, after=after, limit=limit)
        return [_body(entry) for entry in found]

    def verify(self, caller: Caller) -> dict[str, Any]:
        """Whether every chain is whole and as it was written, against the seals outside the database too."""
        self._demand(caller)
        with self._kernel.ledger.read() as connection:
            keys = {self._key.id: self._key}
            result = verify(connection, keys, read_seals(self._kernel.home.seals, keys))
        chains = [{"chain": c.chain, "entries": c.entries, "ok": c.ok, "broken_at": c.broken_at, "reason": c.reason}
                  for c in result.chains]  # fmt: skip
        return {"ok": result.ok, "entries": result.entries, "chains": chains, "index": result.index,
                "seals": result.seals, "unsealed": result.unsealed,
                "sealed_at": result.sealed_at.isoformat() if result.sealed_at else None}  # fmt: skip

    def export(self, caller: Caller, since: datetime, until: datetime) -> Iterator[bytes]:
        """Lines that `verify_export` can check offline."""
        self._demand(caller)
        self._note(caller, "audit.exported", {"since": since.isoformat(), "until": until.isoformat()})
        with self._kernel.ledger.read() as connection:
            yield from export(connection, since, until)

    def _demand(self, caller: Caller) -> None:
        with audited(self._kernel, caller, "audit"):
            caller.demand(Ability.AUDIT)

    def _known(self) -> Known:
        with self._kernel.ledger.read() as connection:
            names = frozenset(identity.name for identity in identities(connection))
        wrappers = self._kernel.wrappers
        operations = frozenset(name for w in wrappers.values() for name in (*w.bundle.operations, *w.bundle.feeds))
        return Known(names, frozenset(wrappers), operations)

    def _find(self, question: Question) -> Found:
        with self._kernel.ledger.read() as connection:
            read = list(islice(map(_slim, self._entries(connection, question)), COUNTED))
            narrowed = _narrowed(read, question)
            first = {entry.id for entry in narrowed[:MOST]}
            whole = (entry for entry in self._entries(connection, question) if entry.id in first)
            told = list(islice(whole, len(first)))
        return Found(told, narrowed, read[-1].at if len(read) == COUNTED else None)

    def _entries(self, connection: Connection, question: Question) -> Iterator[Recorded]:
        """All that a question may be about, oldest first; whom it names is not looked at yet."""
        named = [subject for subject in question.subjects if self._proposal(subject)]
        wanted: dict[str, Any] = {
            "events": [e for e in EVENTS if any(e.startswith(prefix) for prefix in question.events)] or None,
            "since": question.since, "until": question.until,
        }  # fmt: skip
        tokens = [subject_token(self._key, subject) for subject in question.subjects if subject not in named]
        known: set[str] = set()
        for entry in _searched(connection, tokens=tokens, proposal=next(iter(named), None), **wanted):
            known |= {entry.proposal} if entry.proposal else set()
            yield entry
        if question.subjects:
            # What undid a write names other values (a hold's number), and belongs to its story all the same.
            for reversal in reversals(connection, known):
                yield from _searched(connection, proposal=reversal, **wanted) if reversal not in known else ()

    def _proposal(self, subject: str) -> bool:
        return subject.casefold().startswith("p-") and len(subject) == len("p-") + 32

    def _note(self, caller: Caller, event: str, body: dict[str, Any]) -> None:
        with self._kernel.ledger.write() as connection:
            entry = self._kernel.entry(event, body, caller.identity, trace=caller.trace)
            self._kernel.journal.add(connection, entry)


def _searched(connection: Connection, **wanted: Any) -> Iterator[Recorded]:
    """All that is found, a page at a time: a day may hold more than fits into memory whole."""
    after = 0
    while found := search(connection, after=after, limit=MOST, **wanted):
        yield from found
        if len(found) < MOST:
            return
        after = found[-1].id


def _slim(entry: Recorded) -> Recorded:
    return replace(entry, body={name: fact for name, fact in entry.body.items() if name in _KEPT})


def _complete(found: Found, now: datetime, zone: ZoneInfo) -> str:
    """How far the answer goes: what is counted, and what is told."""
    if found.until is not None:
        last = phrase.when(found.until, zone)
        return f"Only the first {COUNTED:,} entries are counted, up to {last}: name a shorter time."
    told = f"Every entry up to {now:%H:%M:%S} is counted"
    if len(found.told) == len(found.counted):
        return f"{told}."
    return f"{told}; of {len(found.counted):,} the first {len(found.told):,} are told: narrow the question."


def _asked(question: Question, text: str, found: list[Recorded]) -> dict[str, Any]:
    """What the audit keeps of a question: without a value that it holds nowhere in the clear, for it is personal."""
    clear = "\n".join(str(entry.body) for entry in found).casefold()
    hidden = [subject for subject in question.subjects if subject.casefold() not in clear]
    body = {"question": text[:200], "reading": question.echo}
    return committed(body, {"subjects": hidden}, ["subjects"], lambda _: MARK)


def _narrowed(found: list[Recorded], question: Question) -> list[Recorded]:
    """Entries of whom and what was asked about, with everything that others did to their proposals."""

    def direct(entry: Recorded) -> bool:
        return (
            (not question.identities or entry.identity in question.identities)
            and (not question.roles or entry.body.get("role") in question.roles)
            and (not question.wrappers or entry.wrapper in question.wrappers)
            and (not question.operations or entry.operation in question.operations)
        )

    proposals = {entry.proposal for entry in found if entry.proposal and direct(entry)}
    undoing = {e.proposal for e in found if e.proposal and e.body.get("undo_of") in proposals}
    return [e for e in found if direct(e) or (e.proposal and e.proposal in proposals | undoing)]


def _line(entry: Recorded) -> Entry:
    return Entry(entry.event, entry.at, entry.identity, entry.wrapper, entry.operation, entry.proposal, entry.body)


def _body(entry: Recorded) -> dict[str, Any]:
    shown = {
        "id": entry.id, "chain": entry.chain, "seq": entry.seq, "at": entry.at.isoformat(timespec="microseconds"),
        "event": entry.event, "identity": entry.identity, "wrapper": entry.wrapper, "operation": entry.operation,
        "proposal": entry.proposal, "body": entry.body,
    }  # fmt: skip
    return {name: value for name, value in shown.items() if value is not None}
