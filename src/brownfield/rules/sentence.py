"""What the audit says: a closed vocabulary of events, and for each the one sentence that tells it.

A sentence is made of typed facts, never by a model; text from outside is quoted (`redaction.plain`).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from brownfield.rules import phrase
from brownfield.rules.redaction import plain


@dataclass(frozen=True, slots=True)
class Entry:
    """One audit line as the sentences need it.

    Attributes:
        event: A key of `EVENTS`.
        at: When, aware.
        identity: Name of who acted; None when brownfield itself did.
        wrapper: The wrapper's id.
        operation: The operation, feed or schedule.
        proposal: The proposal's id.
        body: The facts. `holder` is the identity that a key or grant is for, when that is not who acted.
    """

    event: str
    at: datetime
    identity: str | None = None
    wrapper: str | None = None
    operation: str | None = None
    proposal: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """An entry as a template sees it, alone or as part of a story.

    Attributes:
        entry: The entry.
        it: What the event is about: `it` within a story, described in full alone.
        time: ` at 14:11` within a story, else empty: the time stands in front.
        latest: Whether nothing became of the write after it, as far as is known.
    """

    entry: Entry
    it: str
    time: str = ""
    latest: bool = True

    @property
    def who(self) -> str:
        """The identity that acted."""
        return phrase.name(self.entry.identity) if self.entry.identity else "brownfield"

    @property
    def person(self) -> str:
        """The human behind it, for decisions that count by person."""
        return phrase.name(self.entry.body["person"]) if self.entry.body.get("person") else self.who

    @property
    def task(self) -> str:
        """What was asked for: `place hold (inventory) with sku "A-100"`."""
        arguments = self.entry.body.get("arguments")
        return self.thing + (f" with {phrase.fields(arguments)}" if arguments else "")

    @property
    def thing(self) -> str:
        """The operation, feed or schedule in words, with its wrapper."""
        operation = phrase.words(self.entry.operation) if self.entry.operation else "something"
        return operation + (f" ({phrase.name(self.entry.wrapper)})" if self.entry.wrapper else "")

    @property
    def system(self) -> str:
        """The system and the environment: `Warehouse inventory (production)`."""
        title = self.entry.body.get("system") or self.entry.wrapper or "the system"
        environment = self.entry.body.get("environment")
        shown = title if _TITLE.fullmatch(title) else plain(title)
        return shown + (f" ({phrase.name(environment)})" if environment else "")

    @property
    def file(self) -> str:
        """The batch file and the feed it belongs to; within its story just `it`."""
        return (
            "it"
            if self.it == IT
            else f"the file {plain(self.entry.body.get('file', {}).get('name', ''))} for {self.thing}"
        )

    def said(self, *names: str) -> str:
        """`: "…"` with the first of these facts that is there: the cause, a reason, a note."""
        text = next((str(self.entry.body[name]) for name in names if self.entry.body.get(name)), "")
        return f": {plain(text)}" if text else ""


IT = "it"
"""What a story calls what it is about, once it has said so."""
Template = Callable[[Facts], str]
_WITHDRAWN = re.compile(r"\S+ was withdrawn before it left")
_TITLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/()-]{0,63}")


def _proposed(facts: Facts) -> str:
    body = facts.entry.body
    undo = "undo an earlier write: " if body.get("undo_of") else ""
    worth = phrase.money(body.get("impact"))
    tier = f"worth {worth}" if worth else "its worth is not known"
    return f"{facts.who} asked to {undo}{facts.task}: {tier}, {needed(body)}{_because(body)}"


def _count(facts: Facts) -> str:
    return phrase.counted(int(facts.entry.body.get("events", 0)), "event")


def _feed(facts: Facts) -> str:
    return facts.thing if facts.entry.operation else "every feed"


def _earlier(facts: Facts) -> str:
    why = {"fresh": "", "stale": ", because the system was unavailable"}.get(facts.entry.body.get("cache", ""))
    return "" if why is None else f" with what was read earlier{why}"


def needed(body: Mapping[str, Any]) -> str:
    """How many approvals a proposal asks for, in words."""
    count = int(body.get("needed", 0))
    return f"{phrase.spelt(count)} {'approval' if count == 1 else 'approvals'} needed"


def _because(body: Mapping[str, Any]) -> str:
    return f"; reason given: {plain(str(body['reason']))}" if body.get("reason") else ""


def _approved(facts: Facts) -> str:
    """Below the threshold nobody decides but the policy that people agreed on."""
    approver = facts.person if facts.entry.identity else "the policy"
    return f"{approver} approved {facts.it}{facts.time}{facts.said('note')}"


def _done(facts: Facts) -> str:
    """Written and read back by the worker, or found by a person who looked after an uncertain outcome."""
    body = facts.entry.body
    text = f"{facts.it} was written to {facts.system}{facts.time}"
    if facts.entry.identity:
        return f"{facts.person} found that {text}{facts.said('note', 'outcome')}"
    if body.get("changed"):
        return f"{text} and read back: {phrase.changes(body['changed'])}"
    seen = body.get("reading") or body.get("after")
    return f"{text} and read back as {phrase.fields(seen)}" if seen else text + facts.said("note")


def _failed(facts: Facts) -> str:
    if facts.entry.identity:
        return f"{facts.person} found that {facts.it} was not written{facts.time}{facts.said('note', 'outcome')}"
    return f"{facts.it} failed{facts.time}, nothing was written{facts.said('cause')}"


def _by_hand(facts: Facts) -> str:
    reference = facts.entry.body.get("reference")
    return f"{facts.person} carried out {facts.it} by hand{facts.time}" + (
        f", reference {plain(reference)}" if reference else ""
    )


def _committed(facts: Facts) -> str:
    file = facts.entry.body.get("file", {})
    counts = ", ".join(
        phrase.counted(file.get(key, 0), noun, plural)
        for key, noun, plural in (
            ("records", "record", ""),
            ("events", "event", ""),
            ("quarantined", "record in quarantine", "records in quarantine"),
        )
    )
    return f"{facts.file} was taken in: {counts}"


def _key(verb: str) -> Template:
    def told(facts: Facts) -> str:
        body = facts.entry.body
        prefix = f" that begins with {plain(body['key'])}" if body.get("key") else ""
        whose = body.get("holder") or body.get("name")
        holder = f" for {phrase.name(whose)}" if whose else ""
        return f"{facts.person} {verb} a key{prefix}{holder}"

    return told


def _grant(verb: str, link: str) -> Template:
    def told(facts: Facts) -> str:
        body = facts.entry.body
        holder = f" {link} {phrase.name(body['holder'])}" if body.get("holder") else ""
        granted = scope(f"operation:{body['grant']}") if body.get("grant") else facts.thing
        return f"{facts.person} {verb} the grant of {granted}{holder}"

    return told


def scope(text: str) -> str:
    """What a halt covers, in words: `operation:inventory.place_hold` becomes `place hold (inventory)`."""
    kind, _, rest = text.partition(":")
    wrapper, _, operation = rest.partition(".")
    if kind == "operation" and operation:
        return f"{phrase.words(operation)} ({phrase.name(wrapper)})"
    return phrase.name(rest) if rest else "everything" if kind in ("", "everything") else phrase.name(kind)


EVENTS: dict[str, Template] = {
    "read.done": lambda f: f"{f.who} asked to {f.task} and was answered{f.time}{_earlier(f)}",
    "read.failed": lambda f: f"{f.who} asked to {f.task} and was not answered{f.time}{f.said('cause', 'code')}",
    "call.denied": lambda f: f"{f.who} asked to {f.task} and was denied{f.time}{f.said('cause', 'why')}",
    "write.proposed": _proposed,
    "write.approved": _approved,
    "write.declined": lambda f: f"{f.person} declined {f.it}{f.time}{f.said('note', 'reason')}",
    "write.denied": lambda f: f"{f.it} was denied by policy{f.time}{f.said('cause', 'why')}",
    "write.expired": lambda f: f"{f.it} expired{f.time}, nothing was written{f.said('cause')}",
    "write.executing": lambda f: f"the writing of {f.it} to {f.system} began{f.time}",
    "write.done": _done,
    "write.rejected": lambda f: f"{f.system} rejected {f.it}{f.time}, nothing was written{f.said('cause')}",
    "write.released": lambda f: f"{_released(f)}{f.said('cause')}",
    "write.failed": _failed,
    "write.unknown": lambda f: (
        f"it is not known{f.time} whether {f.it} was written to {f.system}; it is not repeated,"
        f" and a person has to look{f.said('cause')}"
    ),
    "write.sent": lambda f: f"{f.it} left for {f.system}{f.time}{_record(f)}{_unanswered(f)}",
    "write.unanswered": lambda f: (
        f"it is not known{f.time} whether {f.it} was taken by {f.system}; it is not sent in another file,"
        f" and a person has to look{f.said('cause')}"
    ),
    "write.done_by_hand": _by_hand,
    "input.prepared": lambda f: f"{f.file} was made of {_writes(f)}",
    "input.sent": lambda f: f"{f.file} left{' again' if f.entry.body.get('again') else ''}{f.said('note')}",
    "input.blocked": lambda f: f"{f.file} cannot leave, and it is tried again{f.said('cause')}",
    "input.resent": lambda f: f"{f.person} had {f.file} sent again, the same to the byte{f.said('note')}",
    "input.unknown": lambda f: (
        f"it is not known whether {f.file} has left; it is not put again, and a person has to look{f.said('cause')}"
    ),
    "input.withdrawn": lambda f: (
        f"{f.file} was taken back before it left{f.said('cause')}"
        if f.entry.body.get("cause")
        else f"{f.person} withdrew {f.file} before it left{f.said('note')}"
    ),
    "input.acknowledged": lambda f: f"{f.file} was answered: {_answers(f)}",
    "input.overdue": lambda f: (
        f"nobody has answered in time for {phrase.counted(int(f.entry.body.get('count', 0)), 'record')} of {f.file}"
    ),
    "input.repeated": lambda f: f"an answer for {f.file} said once more what was known{_lines(f)}",
    "input.contradicted": lambda f: (
        f"an answer for {f.file} says otherwise than what is known; nothing was changed, and a person has to"
        f" look{_lines(f)}"
    ),
    "input.unmatched": lambda f: (
        f"an answer for {f.thing} is nobody's; nothing was changed, and a person has to look{_lines(f)}"
    ),
    "inputs.read": lambda f: f"{f.person} looked at {_looked(f)}{f.time}",
    "halt.set": lambda f: f"{f.person} halted {scope(f.entry.body.get('scope', ''))}{f.said('reason')}",
    "halt.lifted": lambda f: f"{f.person} lifted the halt of {scope(f.entry.body.get('scope', ''))}{f.said('note')}",
    "key.created": _key("created"),
    "key.revoked": _key("revoked"),
    "grant.added": _grant("added", "to"),
    "grant.removed": _grant("removed", "from"),
    "batch.seen": lambda f: f"{f.file} was seen{f.said('waits_for')}",
    "batch.ready": lambda f: f"{f.file} is complete, as far as can be seen from outside",
    "batch.claimed": lambda f: f"{f.file} was claimed: nobody else finds it any more",
    "batch.staged": lambda f: f"{f.file} is at hand, and its sha256 is known",
    "batch.gone": lambda f: f"{f.file} vanished before it was claimed",
    "batch.preflighted": lambda f: f"{f.file} was found whole: framing and totals hold",
    "batch.resumed": lambda f: f"{f.person} had the rest of {f.file} taken in{f.said('note')}",
    "record.corrected": lambda f: f"{f.person} corrected a record of {f.file}, and it became its event{f.said('note')}",
    "record.written_off": lambda f: f"{f.person} wrote off a record of {f.file}{f.said('note')}",
    "record.replayed": lambda f: (
        f"{f.person} had the open records of {f.file} read again: {_count(f)} came of it, and"
        f" {phrase.counted(int(f.entry.body.get('open', 0)), 'record')} cannot be read still{f.said('note')}"
    ),
    "batch.replayed": lambda f: f"{f.person} had {f.file} taken in as a replay",
    "batch.collecting": lambda f: f"{f.file} is being taken in",
    "batch.committed": _committed,
    "batch.refused": lambda f: f"{f.file} was refused, nothing of it was taken in{f.said('reason', 'cause')}",
    "batch.held": lambda f: f"{f.file} is held until a person decides{f.said('reason', 'cause')}",
    "batch.settled": lambda f: f"{f.file} was put away{f.said('reason', 'note')}",
    "batch.late": lambda f: f"no file for {f.thing} had come when it was due{f.said('reason')}",
    "batch.missing": lambda f: f"the file for {f.thing} is missing{f.said('reason')}",
    "batch.empty": lambda f: f"{f.file} is empty{f.said('reason')}",
    "batch.size_anomaly": lambda f: f"{f.file} has an unusual size{f.said('reason')}",
    "page.sent": lambda f: f"{_paged(f)} was told",
    "page.failed": lambda f: f"{_paged(f)} could not be told, and it is not tried again{f.said('cause')}",
    "schedule.fired": lambda f: f"the schedule {f.thing} ran{f.said('note')}",
    "schedule.missed": lambda f: (
        f"the schedule {f.thing} was missed and was not made up for{f.said('reason', 'cause')}"
    ),
    "drift.checked": lambda f: f"the live system behind {phrase.name(f.entry.wrapper or '')} {_seen(f)}",
    "quarantine.read": lambda f: f"{f.person} looked at the records of {f.file} that could not be read{f.time}",
    "events.read": lambda f: f"{f.who} read {_count(f)} of {_feed(f)}{f.time}",
    "proposal.read": lambda f: f"{f.who} looked at {f.it}{f.time}",
    "server.started": lambda f: f"the server started{_where(f)}",
    "server.stopped": lambda f: f"the server stopped{_where(f)}{f.said('cause', 'reason')}",
    "audit.asked": lambda f: f"{f.person} asked the audit{f.said('question', 'note')}",
    "audit.exported": lambda f: f"{f.person} exported the audit{f.said('note', 'reason')}",
}
"""The closed vocabulary, with one template each. An entry of any other event is not written."""


def _record(facts: Facts) -> str:
    result = facts.entry.body.get("result") or {}
    return f" as record {int(result['record'])} of {plain(str(result['file']))}" if result else ""


def _unanswered(facts: Facts) -> str:
    return "; nobody has answered yet" if facts.latest else ""


def _released(facts: Facts) -> str:
    """A write that goes again: its file was taken back before it left, or its system was not reached."""
    if _WITHDRAWN.fullmatch(str(facts.entry.body.get("cause", ""))):
        return f"a person withdrew the file of {facts.it}{facts.time}; nothing was sent, and it goes in the next file"
    whom = f"{facts.system} could not be reached for {facts.it}{facts.time}"
    return f"{whom}; nothing happened, and it will be tried again"


def _writes(facts: Facts) -> str:
    return phrase.counted(int(facts.entry.body.get("file", {}).get("records", 0)), "approved write")


def _looked(facts: Facts) -> str:
    """At one file, at what the next one would hold, or at the list of them."""
    if "file" in facts.entry.body:
        return facts.file
    where = f"for {facts.thing}" if facts.entry.operation else "that writes left in"
    return f"what the next file {where} would hold" if facts.entry.body.get("planned") else f"the list of files {where}"


def _answers(facts: Facts) -> str:
    body = facts.entry.body
    return phrase.listed([f"{body[word]} {word}" for word in ("accepted", "rejected", "unknown") if body.get(word)])


def _lines(facts: Facts) -> str:
    """The first line of an acknowledgement that an entry quotes, and how many there are besides."""
    body = facts.entry.body
    lines = [plain(str(line)) for line in body.get("lines", ())]
    more = int(body.get("count", 0)) - 1
    return (f": {lines[0]}" if lines else "") + (f" and {phrase.counted(more, 'more line')}" if more > 0 else "")


def _paged(facts: Facts) -> str:
    body = facts.entry.body
    return f"{plain(body.get('to', ''))}, who is paged for {facts.thing},"


def _seen(facts: Facts) -> str:
    """What a look at a live system saw."""
    body = facts.entry.body
    if body.get("outcome") == "unreachable":
        return f"could not be looked at, nothing was changed{facts.said('cause')}"
    changes = [plain(words) for words in body.get("changes", ())]
    if not changes:
        return "is as it is pinned"
    stopped = phrase.listed([phrase.words(name) for name in body.get("stopped", ())])
    shown = "; ".join(changes[:5]) + (f"; and {len(changes) - 5} more" if len(changes) > 5 else "")
    return f"is not as it is pinned ({shown}); {f'it stops {stopped}' if stopped else 'it stops nothing'}"


def _where(facts: Facts) -> str:
    environment = facts.entry.body.get("environment")
    return f" ({phrase.name(environment)})" if environment else ""


def sentence(entry: Entry, zone: ZoneInfo) -> str:
    """One entry alone: `Tue 17 Nov 2026, 14:05 (Paris). billing-agent asked to …`.

    Raises:
        KeyError: The event is not in the vocabulary.
    """
    facts = Facts(entry, it=f"the request to {Facts(entry, it='').task}")
    return f"{phrase.when(entry.at, zone)}. {told(facts)}"


def told(facts: Facts) -> str:
    """The template's words as one sentence."""
    text = EVENTS[facts.entry.event](facts)
    named = text.startswith((facts.who, facts.person))
    return (text if named or not text[:1].isalpha() else phrase.capital(text)) + "."
