"""Many audit entries as something to read: a paragraph per proposal, repeated reads counted, one sentence on top."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from brownfield.rules import phrase
from brownfield.rules.sentence import EVENTS, IT, Entry, Facts, sentence, told

MANY = 3
"""Reads of one operation by one identity that are still told one by one."""

_ENDS = frozenset(
    f"write.{end}" for end in ("done", "done_by_hand", "declined", "denied", "expired", "rejected", "failed")
)
_WRITTEN = frozenset({"write.done", "write.done_by_hand"})
_ASKING = frozenset({"read.done", "read.failed", "call.denied", "write.proposed"})
_DECISIONS = frozenset({"write.approved", "write.declined"})


def story(entries: Iterable[Entry], zone: ZoneInfo, *, whole: bool = True) -> list[str]:
    """The entries as paragraphs, in the order in which each began. Entries of one instant keep the order given.

    Args:
        entries: What was found.
        zone: For times.
        whole: As for `summary`. Where a proposal stands is said only of one whose entries are all there.
    """
    ordered = sorted(entries, key=lambda entry: entry.at)
    groups: dict[tuple[str, ...], list[Entry]] = {}
    lives = Lives()
    for number, entry in enumerate(ordered):
        groups.setdefault(lives.of(entry) or _group(entry, number), []).append(entry)
    undone = undone_by(ordered) if whole else None
    return [text for group in groups.values() for text in _paragraphs(group, zone, undone)]


def summary(entries: Sequence[Entry], *, who: str = "", about: Sequence[str] = (), whole: bool = True,
            until: str = "") -> str:  # fmt: skip
    """The one sentence on top: who did how much, worth what, and what of it is undone or waiting.

    Args:
        entries: What was found.
        who: Who was asked about (`billing-agent`, `agents`); an empty string for anybody.
        about: The subjects that were asked about.
        whole: Whether entries of every kind were looked for. If not, nothing is said of what may have been left out.
        until: Where not all was read, the time up to which it was, in words: what came of it later is not known.
    """
    subject = f" with {phrase.listed([f'“{text}”' for text in about])}" if about else ""
    span = f"Up to {until}" if until else "In that time"
    if not entries and not whole:
        return f"Nothing of that kind was found{subject}."
    if not entries:
        return f"{span} {who or 'nobody'} did {'nothing' if who else 'anything'}{subject}."
    first, *counted = [*_did(entries, who), *_written(entries)] or [_found(entries, who)]
    waiting = _waiting(entries) if whole and not until and _from_the_start(entries) else []
    return "; ".join([f"{span} {first}{subject}", *counted, *waiting]) + "."


def undone_by(entries: Iterable[Entry]) -> frozenset[str]:
    """Ids of the proposals that another one, written, has undone."""
    known = list(entries)
    undoing = {entry.proposal: entry.body["undo_of"] for entry in known if entry.body.get("undo_of")}
    return frozenset(
        undoing[entry.proposal] for entry in known if entry.event in _WRITTEN and entry.proposal in undoing
    )


_ALIKE = {"read.done": "answered", "read.failed": "not answered", "call.denied": "denied"}
"""Events that are told once with their number when there are many of the same, and how they end."""


_OF_FILES = ("batch.", "record.")
_SETTLED = frozenset({"batch.committed", "batch.settled", "batch.held", "batch.refused", "batch.gone"})
_STEPS = frozenset({"batch.ready", "batch.claimed", "batch.staged", "batch.collecting", "batch.preflighted"})
"""Steps of a file on its way. Once it has ended nobody reads of them."""


class Lives:
    """Which entries are of one file: of files of one name, one a night, each has a life of its own."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, str], tuple[int, str]] = {}

    def of(self, entry: Entry) -> tuple[str, ...] | None:
        """The life that an entry is of; None when it is of no batch file."""
        file = entry.body.get("file") if entry.event.startswith(_OF_FILES) else None  # of a write it is a name alone
        name = file.get("name") if file else None
        if not name:
            return None
        key = (entry.wrapper or "", entry.operation or "", str(name))
        life, last = self._last.get(key, (0, ""))
        begins = entry.event == "batch.seen" or (last in _SETTLED and entry.event in _STEPS | {"batch.replayed"})
        self._last[key] = (life + begins, entry.event)
        return ("file", *key, str(life + begins))


def _group(entry: Entry, number: int) -> tuple[str, ...]:
    if entry.proposal:
        return ("proposal", entry.proposal)
    if entry.event in _ALIKE:
        why = str(entry.body.get("cause", ""))
        return (entry.event, entry.identity or "", entry.wrapper or "", entry.operation or "", why)
    return ("alone", str(number))


def _paragraphs(group: list[Entry], zone: ZoneInfo, undone: frozenset[str] | None) -> list[str]:
    if group[0].proposal:
        return [_proposal(group, zone, undone)]
    if group[0].event.startswith(_OF_FILES):
        return [_file(group, zone)]
    if len(group) > MANY:
        return [_repeated(group, zone)]
    return [sentence(entry, zone) for entry in group]


def _proposal(group: list[Entry], zone: ZoneInfo, undone: frozenset[str] | None) -> str:
    """One proposal's life: asked, decided by whom, written, read back, undone."""
    first, *rest = group
    written = any(entry.event == "write.done" for entry in rest)
    last = next((entry for entry in reversed(group) if entry.event.startswith("write.")), None)
    parts = [sentence(first, zone)]
    for entry in rest:
        if entry.event != "write.executing" or not written:
            time = f" at {phrase.clock(entry.at, zone, told=first.at)}"
            parts.append(told(Facts(entry, it=IT, time=time, latest=entry is last)))
    known = undone is not None and _from_the_start(group)
    return " ".join([*parts, *(_state(group, undone or frozenset()) if known else ())])


def _file(group: list[Entry], zone: ZoneInfo) -> str:
    """One file's life: seen, taken in, held, put away, its records corrected; what was done often is counted."""
    ended = any(entry.event in _SETTLED for entry in group)
    kept = [entry for entry in group if not (ended and entry.event in _STEPS)]
    runs = [list(run) for _, run in groupby(kept, key=lambda one: (one.event, one.identity, one.body.get("note")))]
    parts, before = [sentence(kept[0], zone)], kept[0].at
    for number, run in enumerate(runs):
        for entry in (run[:1] if len(run) > MANY else run)[number == 0 :]:
            now, then = (phrase.clock(at, zone, told=kept[0].at) for at in (entry.at, before))
            facts, before = Facts(entry, it=IT), entry.at
            parts.append(told(facts) if now == then else f"At {now} {EVENTS[entry.event](facts)}.")
        parts += [f"That was done {len(run)} times."] if len(run) > MANY else []
    return " ".join(parts)


def _state(group: list[Entry], undone: frozenset[str]) -> list[str]:
    """The closing sentence of a proposal's paragraph, where its last event does not already say it."""
    last = group[-1].event
    if group[0].proposal in undone:
        return ["It has been undone."]
    if last in _WRITTEN:
        return ["Nobody has undone it."]
    missing = _missing(group)
    if last in {"write.proposed", "write.approved"} and missing > 0:
        return [f"It waits for {phrase.spelt(missing)} {'approval' if missing == 1 else 'approvals'}."]
    return ["It waits to be written."] if last in {"write.proposed", "write.approved"} else []


def _missing(group: list[Entry]) -> int:
    wanted = max(int(entry.body.get("needed", 0)) for entry in group)
    return wanted - sum(entry.event == "write.approved" for entry in group)


def _repeated(group: list[Entry], zone: ZoneInfo) -> str:
    first, last = group[0], group[-1]
    facts = Facts(first, it="")
    until = phrase.clock(last.at, zone, told=first.at)
    return (
        f"{phrase.when(first.at, zone)}. {facts.who} asked {len(group)} times to {facts.thing} and was"
        f" {_ALIKE[first.event]} each time{facts.said('cause', 'why')}, the last time at {until}."
    )


def _actors(entries: Iterable[Entry]) -> str:
    """Who asked, by name; many are counted."""
    names = sorted({phrase.name(entry.identity) for entry in entries if entry.identity and entry.event in _ASKING})
    return phrase.listed(names) if 0 < len(names) <= MANY else f"{len(names)} identities" if names else "brownfield"


def _did(entries: Sequence[Entry], who: str) -> list[str]:
    """`billing-agent made 3 reads and 1 write (worth EUR 598.80)`: what those asked about did, not others for them."""
    own = [entry for entry in entries if _by(entry, who)]
    reads = sum(entry.event == "read.done" for entry in own)
    made = _made(entries) & (_proposals(own, frozenset({"write.proposed"})) if who else _made(entries))
    decided = sum(entry.event in _DECISIONS for entry in own) if who else 0
    asked = sum(entry.event in _ASKING for entry in own)
    counts = [(reads, "read"), (len(made), "write"), (decided, "decision")]
    said = [phrase.counted(count, noun) for count, noun in counts if count]
    said = said or ([phrase.counted(asked, "request")] if asked else [])
    worth = _worth(entries, made)
    made_by = f"{who or _actors(entries)} made {phrase.listed(said)}"
    return [made_by + (f" (worth {worth})" if worth else "")] if said else []


def _found(entries: Sequence[Entry], who: str) -> str:
    """Where nothing that is counted by its kind was done: how much was found."""
    own = [entry for entry in entries if _by(entry, who)]
    found, by = own or entries, f" by {who}" if own and who else ""
    return f"{phrase.counted(len(found), 'entry', 'entries')}{by} {'was' if len(found) == 1 else 'were'} found"


def _by(entry: Entry, who: str) -> bool:
    """Whether it is an entry of one of those asked about, by name or role."""
    return not who or bool({entry.identity, f"{entry.body.get('role')}s"} & set(who.split(", ")))


def _from_the_start(entries: Iterable[Entry]) -> bool:
    """Whether there are proposals, and each is there from when it was asked: no filter has hidden its other entries."""
    known = list(entries)
    every = {entry.proposal for entry in known if entry.proposal}
    return bool(every) and every <= _proposals(known, frozenset({"write.proposed"}))


def _made(entries: Sequence[Entry]) -> set[str]:
    """The writes that were asked for; what only took one of them back is told as undone, and not counted again."""
    undoing = {entry.proposal for entry in entries if entry.body.get("undo_of")}
    return _proposals(entries, _WRITTEN) - undoing


def _worth(entries: Sequence[Entry], written: set[str]) -> str:
    """The sum of what was written, per currency, each proposal once."""
    impacts = {entry.proposal: entry.body["impact"] for entry in entries if entry.body.get("impact")}
    totals: dict[str, int] = {}
    for proposal, impact in impacts.items():
        if proposal in written:
            totals[impact["currency"]] = totals.get(impact["currency"], 0) + impact["minor"]
    return phrase.listed([phrase.money({"minor": total, "currency": code}) for code, total in sorted(totals.items())])


COUNTED: tuple[tuple[str, str, str], ...] = (
    ("call.denied", "request", "denied"),
    ("read.failed", "request", "not answered"),
    ("write.declined", "request", "declined"),
    ("write.denied", "request", "denied before it was written"),
    ("write.expired", "request", "not decided in time"),
    ("write.rejected", "request", "rejected by the system"),
    ("write.failed", "write", "not made"),
    ("batch.committed", "file", "taken in"),
    ("batch.held", "file", "held"),
    ("batch.refused", "file", "refused"),
    ("batch.resumed", "held file", "resumed"),
    ("batch.late", "file", "late"),
    ("batch.missing", "file", "missing"),
    ("record.corrected", "record", "corrected"),
    ("record.written_off", "record", "written off"),
    ("input.sent", "file of writes", "sent"),
    ("input.withdrawn", "file of writes", "taken back"),
    ("input.contradicted", "answer", "against what was known"),
    ("input.unmatched", "answer", "nobody's"),
    ("schedule.missed", "schedule", "missed"),
    ("halt.set", "halt", "set"),
)
"""What the sentence on top counts besides reads, writes and decisions: the event, what it is about, how that ended."""
_TAKEN = frozenset({"batch.committed", "batch.held"})
"""Events that say how much of a file was taken in. Of one that was held and resumed the rest is a file of its own."""


def _written(entries: Sequence[Entry]) -> list[str]:
    """The clauses on files, and on what did not end well or was taken back."""
    undone = len(undone_by(entries))
    clauses = [f"{phrase.counted(undone, 'write')} {'was' if undone == 1 else 'were'} undone"] if undone else []
    for event, noun, became in COUNTED:
        count = sum(int(entry.body.get("count", 1)) for entry in entries if entry.event == event)
        if count:
            plural = noun.replace("file of", "files of") if " of " in noun else ""
            clauses.append(f"{phrase.counted(count, noun, plural)} {'was' if count == 1 else 'were'} {became}")
    return [*clauses, *_records(entries)]


def _records(entries: Iterable[Entry]) -> list[str]:
    """`599 events came of the files`, `3 records went to quarantine`."""
    files = [entry.body.get("file", {}) for entry in entries if entry.event in _TAKEN]
    events, bad = (sum(int(file.get(word) or 0) for file in files) for word in ("events", "quarantined"))
    came = f"{phrase.counted(events, 'event')} came of the file{'' if len(files) == 1 else 's'}"
    put = f"{phrase.counted(bad, 'record')} went to quarantine"
    return ([came] if files else []) + ([put] if bad else [])


def _waiting(entries: Sequence[Entry]) -> list[str]:
    """What nobody has ended yet: waiting for people, or with an outcome nobody knows."""
    ended = _proposals(entries, _ENDS)
    unknown = _proposals(entries, frozenset({"write.unknown", "write.unanswered"})) - ended
    sent = _proposals(entries, frozenset({"write.sent"})) - ended - unknown
    waiting = _proposals(entries, frozenset({"write.proposed"})) - ended - unknown - sent
    clauses = [f"{phrase.counted(len(unknown), 'write')} may or may not have happened"] if unknown else []
    clauses += [f"{phrase.counted(len(sent), 'write')} left in a file and nobody has answered yet"] if sent else []
    verb = "is" if len(waiting) == 1 else "are"
    clauses.append(f"{phrase.counted(len(waiting), 'request')} {verb} waiting" if waiting else "nothing is waiting")
    return clauses


def _proposals(entries: Iterable[Entry], events: frozenset[str]) -> set[str]:
    return {entry.proposal for entry in entries if entry.proposal and entry.event in events}
