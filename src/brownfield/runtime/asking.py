"""The audit for people: questions answered in sentences, entries, verification, export."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from brownfield.ledger.audit import AuditKey, Recorded, export, read_seals, search, subject_token, verify
from brownfield.ledger.identity import identities
from brownfield.ledger.reversal import reversals
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
"""Entries that one answer is made of at most; the answer says when there were more."""


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
        lines = [_line(entry) for entry in found]
        self._note(caller, "audit.asked", _asked(question, text, found))
        who = ", ".join((*question.identities, *(f"{role}s" for role in question.roles)))
        told = f"Every entry up to {now.astimezone(zone):%H:%M:%S} is counted."
        return {
            "reading": question.echo,
            "summary": summary(lines, who=who, about=question.subjects, whole=not question.events),
            "story": story(lines, zone, whole=not question.events),
            "complete": told if len(found) < MOST else f"Only the first {MOST} entries are told: narrow the question.",
        }

    def entries(self, caller: Caller, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Entries as they are recorded, oldest first."""
        self._demand(caller)
        with self._kernel.ledger.read() as connection:
            found = search(connection, after=after, limit=min(limit, MOST))
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

    def _find(self, question: Question) -> list[Recorded]:
        events = [e for e in EVENTS if any(e.startswith(prefix) for prefix in question.events)] or None
        tokens = [subject_token(self._key, subject) for subject in question.subjects if not self._proposal(subject)]
        about = next((subject for subject in question.subjects if self._proposal(subject)), None)
        with self._kernel.ledger.read() as connection:
            found = search(connection, tokens=tokens, events=events, since=question.since, until=question.until,
                           proposal=about, limit=MOST)  # fmt: skip
            # What undid a write names other values (a hold's number), and belongs to its story all the same.
            known = {entry.proposal for entry in found if entry.proposal}
            for reversal in reversals(connection, known):
                found += search(connection, proposal=reversal, events=events, since=question.since,
                                until=question.until, limit=MOST) if reversal not in known else []  # fmt: skip
        return _narrowed(found, question)

    def _proposal(self, subject: str) -> bool:
        return subject.casefold().startswith("p-") and len(subject) == len("p-") + 32

    def _note(self, caller: Caller, event: str, body: dict[str, Any]) -> None:
        with self._kernel.ledger.write() as connection:
            entry = self._kernel.entry(event, body, caller.identity, trace=caller.trace)
            self._kernel.journal.add(connection, entry)


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
