"""The audit in sentences."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.proposal import State
from brownfield.rules.sentence import EVENTS, Entry, sentence
from brownfield.rules.story import COUNTED, story, summary

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 11, 17, 13, 5, tzinfo=UTC)
FACTS = {
    "environment": "production",
    "system": "Warehouse inventory",
    "arguments": {"sku": "A-100", "units": 12},
    "impact": {"minor": 59880, "currency": "EUR"},
    "needed": 1,
    "tier": "one",
    "trace": "4bf92f3577b34da6",
    "hash": "9c1185a5c5e9fc54612808977ee8f548b2258d31",
}
FILE = {"name": "STK1117.DAT", "sha256": "ab" * 32, "records": 120, "events": 30, "quarantined": 1}
BATCH = 'The file "STK1117.DAT" for place hold (inventory)'
LOOK = "it is not repeated, and a person has to look"
SYSTEM = "Warehouse inventory (production)"
HOLD = 'place hold (inventory) with sku "A-100", units 12'


def entry(event, minutes=0, *, identity: str | None = "billing-agent", operation="place_hold", proposal="P-1", **facts):
    at = AT + timedelta(minutes=minutes)
    return Entry(event, at, identity, "inventory", operation, proposal, FACTS | facts)


def read(minutes, event="read.done", **facts) -> Entry:
    return entry(event, minutes, operation="get_stock", proposal=None, **facts)


def test_an_answer_that_was_read_earlier_says_so():
    """R24, R100: nobody takes it for what the system says now."""
    told = {cached: sentence(read(0, cache=cached), PARIS) for cached in ("fresh", "stale")}
    assert "was answered with what was read earlier." in told["fresh"]
    assert "with what was read earlier, because the system was unavailable." in told["stale"]


ORD = {"name": "ORD000012.DAT", "sequence": 12, "records": 3}
GOLDEN = {
    "read.done": ({}, f"billing-agent asked to {HOLD} and was answered."),
    "read.failed": (
        {"cause": "no answer in 8 s"},
        f'billing-agent asked to {HOLD} and was not answered: "no answer in 8 s".',
    ),
    "call.denied": ({"cause": "no grant"}, f'billing-agent asked to {HOLD} and was denied: "no grant".'),
    "write.proposed": (
        {"reason": "order 7"},
        f'billing-agent asked to {HOLD}: worth EUR 598.80, one approval needed; reason given: "order 7".',
    ),
    "write.approved": ({"person": "marie@example.com"}, f"marie@example.com approved the request to {HOLD}."),
    "write.declined": ({"person": "marie", "note": "why?"}, f'marie declined the request to {HOLD}: "why?".'),
    "write.denied": ({"why": "state changed"}, f'The request to {HOLD} was denied by policy: "state changed".'),
    "write.expired": ({}, f"The request to {HOLD} expired, nothing was written."),
    "write.executing": ({}, f"The writing of the request to {HOLD} to Warehouse inventory (production) began."),
    "write.done": (
        {"identity": None, "changed": {"on_hand": [40, 28]}},
        f"The request to {HOLD} was written to Warehouse inventory (production) and read back: on hand from 40 to 28.",
    ),
    "write.rejected": (
        {"cause": "no stock"},
        f'Warehouse inventory (production) rejected the request to {HOLD}, nothing was written: "no stock".',
    ),
    "write.released": (
        {},
        f"{SYSTEM} could not be reached for the request to {HOLD}; nothing happened, and it will be tried again.",
    ),
    "write.failed": (
        {"identity": None, "cause": "gave up"},
        f'The request to {HOLD} failed, nothing was written: "gave up".',
    ),
    "write.unknown": (
        {},
        f"It is not known whether the request to {HOLD} was written to {SYSTEM}; {LOOK}.",
    ),
    "write.done_by_hand": (
        {"person": "marie", "reference": "T-9"},
        f'marie carried out the request to {HOLD} by hand, reference "T-9".',
    ),
    "halt.set": (
        {"scope": "operation:inventory.place_hold", "reason": "odd"},
        'billing-agent halted place hold (inventory): "odd".',
    ),
    "halt.lifted": ({"scope": "everything"}, "billing-agent lifted the halt of everything."),
    "key.created": (
        {"person": "olga", "key": "bf_1a2b", "holder": "bob"},
        'olga created a key that begins with "bf_1a2b" for bob.',
    ),
    "key.revoked": ({"person": "olga"}, "olga revoked a key."),
    "grant.added": (
        {"person": "olga", "holder": "bob", "grant": "inventory.get_item"},
        "olga added the grant of get item (inventory) to bob.",
    ),
    "grant.removed": ({"person": "olga"}, "olga removed the grant of place hold (inventory)."),
    "batch.seen": ({"file": FILE, "waits_for": "its marker"}, f'{BATCH} was seen: "its marker".'),
    "batch.ready": ({"file": FILE}, f"{BATCH} is complete, as far as can be seen from outside."),
    "batch.claimed": ({"file": FILE}, f"{BATCH} was claimed: nobody else finds it any more."),
    "batch.staged": ({"file": FILE}, f"{BATCH} is at hand, and its sha256 is known."),
    "batch.gone": ({"file": FILE}, f"{BATCH} vanished before it was claimed."),
    "batch.preflighted": ({"file": FILE}, f"{BATCH} was found whole: framing and totals hold."),
    "batch.resumed": (
        {"file": FILE, "person": "ada", "note": "asked the bank"},
        f'ada had the rest of {BATCH.lower()[:9]}{BATCH[9:]} taken in: "asked the bank".',
    ),
    "record.corrected": (
        {"file": FILE, "person": "ada"},
        'ada corrected a record of the file "STK1117.DAT" for place hold (inventory), and it became its event.',
    ),
    "record.written_off": (
        {"file": FILE, "person": "ada", "note": "sent twice"},
        'ada wrote off a record of the file "STK1117.DAT" for place hold (inventory): "sent twice".',
    ),
    "record.replayed": (
        {"file": FILE, "person": "ada", "events": 3, "open": 1, "note": "a new copybook"},
        (
            'ada had the open records of the file "STK1117.DAT" for place hold (inventory) read again: 3 events came of'
            ' it, and 1 record cannot be read still: "a new copybook".'
        ),
    ),
    "batch.replayed": (
        {"file": FILE, "person": "olga"},
        'olga had the file "STK1117.DAT" for place hold (inventory) taken in as a replay.',
    ),
    "batch.collecting": ({"file": FILE}, 'The file "STK1117.DAT" for place hold (inventory) is being taken in.'),
    "batch.committed": (
        {"file": FILE},
        f"{BATCH} was taken in: 120 records, 30 events, 1 record in quarantine.",
    ),
    "batch.refused": (
        {"file": FILE, "reason": "totals differ"},
        'The file "STK1117.DAT" for place hold (inventory) was refused, nothing of it was taken in: "totals differ".',
    ),
    "batch.held": ({"file": FILE}, 'The file "STK1117.DAT" for place hold (inventory) is held until a person decides.'),
    "batch.settled": ({"file": FILE}, 'The file "STK1117.DAT" for place hold (inventory) was put away.'),
    "write.sent": (
        {"result": {"file": "ORD000012.DAT", "sequence": 12, "record": 3}},
        f'The request to {HOLD} left for {SYSTEM} as record 3 of "ORD000012.DAT"; nobody has answered yet.',
    ),
    "write.unanswered": (
        {"cause": "nobody has said what became of it"},
        (
            f"It is not known whether the request to {HOLD} was taken by {SYSTEM}; it is not sent in another file,"
            ' and a person has to look: "nobody has said what became of it".'
        ),
    ),
    "input.prepared": (
        {"file": ORD},
        'The file "ORD000012.DAT" for place hold (inventory) was made of 3 approved writes.',
    ),
    "input.sent": ({"file": ORD, "again": 1}, 'The file "ORD000012.DAT" for place hold (inventory) left again.'),
    "input.blocked": (
        {"file": ORD, "cause": "no space left"},
        'The file "ORD000012.DAT" for place hold (inventory) cannot leave, and it is tried again: "no space left".',
    ),
    "input.unknown": (
        {"file": ORD, "cause": "nothing of it is there"},
        (
            'It is not known whether the file "ORD000012.DAT" for place hold (inventory) has left; it is not put again,'
            ' and a person has to look: "nothing of it is there".'
        ),
    ),
    "input.resent": (
        {"file": ORD, "note": "the job lost it"},
        (
            'billing-agent had the file "ORD000012.DAT" for place hold (inventory) sent again, the same to the byte:'
            ' "the job lost it".'
        ),
    ),
    "input.withdrawn": (
        {"file": ORD, "note": "wrong day"},
        'billing-agent withdrew the file "ORD000012.DAT" for place hold (inventory) before it left: "wrong day".',
    ),
    "input.acknowledged": (
        {"file": ORD, "accepted": 2, "rejected": 1, "unknown": 0},
        'The file "ORD000012.DAT" for place hold (inventory) was answered: 2 accepted and 1 rejected.',
    ),
    "input.overdue": (
        {"file": ORD, "count": 2},
        'Nobody has answered in time for 2 records of the file "ORD000012.DAT" for place hold (inventory).',
    ),
    "input.repeated": (
        {"file": ORD, "count": 2, "lines": ["file 12, record 1: 00", "file 12, record 2: 00"]},
        (
            'An answer for the file "ORD000012.DAT" for place hold (inventory) said once more what was known:'
            ' "file 12, record 1: 00" and 1 more line.'
        ),
    ),
    "input.contradicted": (
        {"file": ORD, "count": 1, "lines": ["file 12, record 1: 10"]},
        (
            'An answer for the file "ORD000012.DAT" for place hold (inventory) says otherwise than what is known;'
            ' nothing was changed, and a person has to look: "file 12, record 1: 10".'
        ),
    ),
    "input.unmatched": (
        {"count": 1, "lines": ["file 99, record 1: 00"]},
        (
            "An answer for place hold (inventory) is nobody's; nothing was changed, and a person has to look:"
            ' "file 99, record 1: 00".'
        ),
    ),
    "inputs.read": ({"file": ORD}, 'billing-agent looked at the file "ORD000012.DAT" for place hold (inventory).'),
    "batch.late": (
        {"reason": "2026-11-17, due by 04:00 (Europe/Paris)"},
        'No file for place hold (inventory) had come when it was due: "2026-11-17, due by 04:00 (Europe/Paris)".',
    ),
    "batch.missing": ({}, "The file for place hold (inventory) is missing."),
    "batch.empty": ({"file": FILE, "reason": "it has no record"}, f'{BATCH} is empty: "it has no record".'),
    "batch.size_anomaly": ({"file": FILE}, f"{BATCH} has an unusual size."),
    "page.sent": (
        {"to": "oncall@example.com"},
        '"oncall@example.com", who is paged for place hold (inventory), was told.',
    ),
    "page.failed": (
        {"to": "oncall@example.com", "cause": "the command ended with 1"},
        (
            '"oncall@example.com", who is paged for place hold (inventory), could not be told, and it is not tried'
            ' again: "the command ended with 1".'
        ),
    ),
    "events.read": ({"events": 500}, "billing-agent read 500 events of place hold (inventory)."),
    "proposal.read": ({}, f"billing-agent looked at the request to {HOLD}."),
    "quarantine.read": (
        {"file": FILE, "person": "ada"},
        'ada looked at the records of the file "STK1117.DAT" for place hold (inventory) that could not be read.',
    ),
    "drift.checked": (
        {"outcome": "drifted", "changes": ["GetItem now requires the new field Site"], "stopped": ["get_item"]},
        (
            'The live system behind inventory is not as it is pinned ("GetItem now requires the new field Site"); it'
            " stops get item."
        ),
    ),
    "schedule.fired": ({}, "The schedule place hold (inventory) ran."),
    "schedule.missed": ({}, "The schedule place hold (inventory) was missed and was not made up for."),
    "server.started": ({}, "The server started (production)."),
    "server.stopped": ({}, "The server stopped (production)."),
    "audit.asked": ({"person": "ada", "question": "what happened"}, 'ada asked the audit: "what happened".'),
    "audit.exported": ({"person": "ada"}, "ada exported the audit."),
}


def test_the_vocabulary_is_closed_and_every_event_has_its_sentence_here():
    """R99, R100: no event without a template, no template without a golden sentence."""
    assert set(EVENTS) == set(GOLDEN)
    with pytest.raises(KeyError):
        sentence(entry("write.guessed"), PARIS)


def test_every_state_of_a_proposal_has_an_event():
    """R99: every action proposed, approved, executed, failed is told."""
    assert {f"write.{state.value}" for state in State} <= set(EVENTS)


@pytest.mark.parametrize("event", GOLDEN)
def test_an_entry_is_one_plain_sentence(event):
    """R100: time with its zone, who, what; no id, no JSON, no code."""
    facts, text = GOLDEN[event]
    said = sentence(entry(event, **facts), PARIS)
    assert said == f"Tue 17 Nov 2026, 14:05 (Paris). {text}"
    assert not re.search(r"P-1|[{}]|[0-9a-f]{16}|_hold|minor", said)


def test_a_personal_value_is_not_shown():
    """R60: what entered the audit as a commitment stays one."""
    said = sentence(entry("read.done", arguments={"mail": {"commitment": "ff00"}}), PARIS)
    assert "mail (personal, not shown)" in said
    assert "ff00" not in said


@pytest.mark.parametrize(
    ("event", "facts", "said"),
    [
        ("write.approved", {"identity": None}, f"The policy approved the request to {HOLD}."),
        (
            "write.done",
            {"person": "marie", "outcome": "seen in the WMS"},
            f'marie found that the request to {HOLD} was written to {SYSTEM}: "seen in the WMS".',
        ),
        ("write.failed", {"person": "marie"}, f"marie found that the request to {HOLD} was not written."),
        (
            "write.done",
            {"identity": None, "reading": {"id": "H-1"}},
            f'The request to {HOLD} was written to {SYSTEM} and read back as id "H-1".',
        ),
        ("write.done", {"identity": None}, f"The request to {HOLD} was written to {SYSTEM}."),
    ],
)
def test_a_sentence_tells_people_from_machines(event, facts, said):
    """R73, R99: who decided and who looked: a person, the policy, the worker."""
    assert sentence(entry(event, **facts), PARIS).removeprefix("Tue 17 Nov 2026, 14:05 (Paris). ") == said


def test_brownfield_itself_is_named_where_nobody_acted():
    """R99: who, always."""
    assert "brownfield asked" in sentence(entry("read.done", identity=None), PARIS)


@given(st.sampled_from(sorted(EVENTS)), st.text(max_size=300), st.text(max_size=300))
def test_text_from_outside_cannot_forge_a_line(event, text, other):
    """R100: quoted, visible, cut, whatever the facts hold."""
    facts = dict.fromkeys(("cause", "reason", "note", "person", "system", "environment", "reference"), text)
    arguments = {text: other, "b": [1], "c": True}
    said = sentence(entry(event, identity=other or None, arguments=arguments, scope=text, key=text, **facts), PARIS)
    assert len(said.splitlines()) == 1
    assert len(said) < 1200
    assert said.startswith("Tue 17 Nov 2026, 14:05 (Paris). ")


LIFE = [
    entry("write.proposed"),
    entry("write.approved", 6, identity="marie", person="marie@example.com"),
    entry("write.executing", 6, identity=None),
    entry("write.done", 6, identity=None, changed={"on_hand": [40, 28]}),
]
ASKED = f"Tue 17 Nov 2026, 14:05 (Paris). billing-agent asked to {HOLD}: worth EUR 598.80, one approval needed."


def test_a_proposal_is_one_paragraph():
    """R99, R100: asked, approved by whom, written, read back, undone or not."""
    (text,) = story(LIFE, PARIS)
    assert text == (
        f"{ASKED} marie@example.com approved it at 14:11. It was written to {SYSTEM} at 14:11 and read back: on hand"
        " from 40 to 28. Nobody has undone it."
    )


@pytest.mark.parametrize(
    ("events", "end"),
    [
        (["write.proposed"], "It waits for one approval."),
        (["write.proposed", "write.approved"], "It waits to be written."),
        (["write.proposed", "write.declined"], "billing-agent declined it at 14:06."),
        (
            ["write.proposed", "write.approved", "write.executing"],
            "(production) began at 14:07.",
        ),
        (["write.proposed", "write.approved", "write.done_by_hand"], "by hand at 14:07. Nobody has undone it."),
    ],
)
def test_a_paragraph_ends_with_where_things_stand(events, end):
    """R72: a reader sees what is waiting, and for what."""
    (text,) = story([entry(event, number) for number, event in enumerate(events)], PARIS)
    assert text.endswith(end)


def test_two_approvals_are_counted():
    """R67: the second is still missing."""
    (text,) = story([entry("write.proposed", needed=2), entry("write.approved", 1, needed=2)], PARIS)
    assert "two approvals needed" in text
    assert text.endswith("It waits for one approval.")


def test_a_write_that_was_undone_says_so():
    """R103: in its own paragraph and in the summary."""
    undo = [
        entry(event, 30 + number, operation="release_hold", proposal="P-2", undo_of="P-1")
        for number, event in enumerate(["write.proposed", "write.approved", "write.done"])
    ]
    first, second = story([*LIFE, *undo], PARIS)
    assert first.endswith("It has been undone.")
    assert "asked to undo an earlier write: release hold" in second
    assert "1 write was undone; nothing is waiting" in summary([*LIFE, *undo])
    assert "made 1 write (worth EUR 598.80)" in summary([*LIFE, *undo])


def test_what_happens_on_another_day_carries_its_date():
    """R100: no clock time without its day."""
    (text,) = story([entry("write.proposed"), entry("write.approved", 24 * 60)], PARIS)
    assert "approved it at 14:05 on Wed 18 Nov 2026." in text


def test_many_reads_of_one_kind_are_counted():
    """R89, R100: a paragraph, not a wall."""
    assert len(story([read(minute) for minute in range(3)], PARIS)) == 3
    (text,) = story([read(minute) for minute in range(12)], PARIS)
    assert text == (
        "Tue 17 Nov 2026, 14:05 (Paris). billing-agent asked 12 times to get stock (inventory) and was answered each"
        " time, the last time at 14:16."
    )


def test_the_summary_counts_and_adds_up():
    """R100: the one sentence on top."""
    entries = [*LIFE, read(1), read(2), read(3)]
    assert summary(entries, who="billing-agent", about=["A-100"]) == (
        "In that time billing-agent made 3 reads and 1 write (worth EUR 598.80) with “A-100”; nothing is waiting."
    )
    assert summary(entries) == (
        "In that time billing-agent made 3 reads and 1 write (worth EUR 598.80); nothing is waiting."
    )


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry("write.proposed")], "1 request is waiting"),
        ([entry("write.proposed"), entry("write.proposed", proposal="P-2")], "2 requests are waiting"),
        (
            [entry("write.proposed"), entry("write.unknown", 1)],
            "1 write may or may not have happened; nothing is waiting",
        ),
        ([entry("write.proposed"), entry("write.declined", 1)], "1 request was declined; nothing is waiting"),
        ([read(0, "call.denied"), read(1, "call.denied")], "2 requests were denied"),
        ([read(0, "read.failed")], "1 request was not answered"),
    ],
)
def test_the_summary_hides_nothing(entries, said):
    """R9, R100: what is open, uncertain or refused is counted."""
    assert said in summary(entries)


def test_amounts_of_different_currencies_are_not_added():
    """R99: money is exact."""
    other = [
        entry("write.proposed", proposal="P-2", impact={"minor": 300, "currency": "JPY"}),
        entry("write.done", 1, proposal="P-2", impact={"minor": 300, "currency": "JPY"}),
    ]
    assert "2 writes (worth EUR 598.80 and JPY 300)" in summary([*LIFE, *other])


@pytest.mark.parametrize(
    ("who", "about", "said"),
    [
        ("agents", ["A-100"], "In that time agents did nothing with “A-100”."),
        ("", [], "In that time nobody did anything."),
    ],
)
def test_nothing_is_a_proper_answer(who, about, said):
    """R100: zero entries give a sentence, not an empty page."""
    assert summary([], who=who, about=about) == said
    assert story([], PARIS) == []


def test_refusals_of_one_kind_are_told_once():
    """R100: an agent that tries again and again after a halt does not fill the page."""
    denied = [
        Entry(
            "call.denied",
            AT + timedelta(minutes=minute),
            "billing-agent",
            "inventory",
            "get_stock",
            None,
            {"cause": "halted"},
        )
        for minute in range(20)
    ]
    (told,) = story(denied, PARIS)
    assert "asked 20 times to get stock (inventory) and was denied each time" in told
    assert '"halted"' in told


@pytest.mark.parametrize("kept", ["write.approved", "write.done", "write.unknown", "write.declined"])
def test_a_filter_that_hides_entries_makes_nothing_false(kept):
    """R100: after `who approved B-11`, neither what waits nor what was made is claimed, for the rest was not read."""
    found = [entry(kept, 6, identity="marie")]
    (text,) = story(found, PARIS)
    said = text + summary(found)
    for claim in ("waits", "waiting", "Nobody has undone", "no reads", "no writes"):
        assert claim not in said


def test_what_is_told_in_part_says_so():
    """R100: whoever asked for one kind of entry is told nothing of the others."""
    (text,) = story([entry("write.proposed")], PARIS, whole=False)
    assert "waits" not in text
    assert "waiting" not in summary([entry("write.proposed")], whole=False)
    assert summary([], who="agents", whole=False) == "Nothing of that kind was found."


def test_who_decided_did_not_write():
    """R99: what marie approved is the agent's write and her decision."""
    assert summary(LIFE, who="marie") == "In that time marie made 1 decision; nothing is waiting."
    assert "agents made 1 write" in summary([entry(e.event, role="agent") for e in LIFE], who="agents")


def taken(event, **file):
    return entry(event, operation="stock_count", proposal=None, identity=None, file=FILE | file)


def test_the_sentence_on_top_of_a_busy_day_counts_everything_by_its_kind():
    """R100: calls, refusals, writes by how they ended, files by what became of them, events, records set apart."""
    day = [*LIFE, *(read(minute) for minute in range(40)), read(1, "call.denied"),
           entry("write.rejected", 2, proposal="P-9"), entry("write.expired", 2, proposal="P-8"),
           taken("batch.seen"), taken("batch.committed"), taken("batch.committed", events=1000, quarantined=0),
           taken("batch.held", events=7, quarantined=5), taken("batch.refused"), taken("record.corrected"),
           taken("record.written_off"), taken("input.sent"), taken("input.sent"),
           taken("input.contradicted") , entry("halt.set", proposal=None)]  # fmt: skip
    assert summary(day) == (
        "In that time billing-agent made 40 reads and 1 write (worth EUR 598.80); 1 request was denied; 1 request was"
        " not decided in time; 1 request was rejected by the system; 2 files were taken in; 1 file was held; 1 file was"
        " refused; 1 record was corrected; 1 record was written off; 2 files of writes were sent; 1 answer was against"
        " what was known; 1 halt was set; 1,037 events came of the files; 6 records went to quarantine."
    )
    assert summary([taken("batch.committed")]) == (
        "In that time 1 file was taken in; 30 events came of the file; 1 record went to quarantine."
    )
    assert summary([taken("batch.seen"), taken("batch.ready")]) == "In that time 2 entries were found."


def test_every_event_that_ends_something_badly_is_counted():
    """R9, R100: nothing refused, held, late or contradicted hides among the sentences; the table has real events."""
    assert {event for event, _, _ in COUNTED} <= set(EVENTS)
    bad = {"batch.held", "batch.refused", "batch.late", "batch.missing", "input.contradicted", "input.unmatched",
           "schedule.missed", "call.denied", "read.failed", "write.failed", "write.rejected"}  # fmt: skip
    assert bad <= {event for event, _, _ in COUNTED}


def night(event, minutes=0, **facts):
    told = {"file": FILE, **facts}
    return entry(event, minutes, operation="stock_count", proposal=None, **{"identity": None, **told})


def test_a_file_is_one_paragraph_without_the_steps_that_it_took():
    """R100: a night of forty files is forty paragraphs, not three hundred; what a person did to it is among them."""
    steps = ["seen", "ready", "claimed", "staged", "collecting", "preflighted", "committed", "settled"]
    life = [night(f"batch.{step}", number // 5) for number, step in enumerate(steps)]
    mended = [night("record.corrected", 60, identity="olga", person="olga", note="nibble")]
    (text,) = story([*life, *mended], PARIS)
    assert text == (
        'Tue 17 Nov 2026, 14:05 (Paris). The file "STK1117.DAT" for stock count (inventory) was seen. At 14:06 it was'
        " taken in: 120 records, 30 events, 1 record in quarantine. It was put away. At 15:05 olga corrected a record"
        ' of it, and it became its event: "nibble".'
    )
    (text,) = story(life[:6], PARIS)
    assert "It is at hand" in text
    assert text.endswith("At 14:06 it was found whole: framing and totals hold.")


def test_files_of_one_name_are_told_apart():
    """R100: last night's is another file than tonight's, and another feed's is another one too."""
    twice = [night(f"batch.{step}", 24 * 60 * day) for day in (0, 1) for step in ("seen", "committed", "settled")]
    assert len(story(twice, PARIS)) == 2
    unwatched = [night(f"batch.{step}", 24 * 60 * day) for day in (0, 1) for step in ("collecting", "committed")]
    assert len(story(unwatched, PARIS)) == 2
    other = replace(twice[0], operation="prices")
    assert len(story([*twice, other], PARIS)) == 3


def test_what_was_done_often_to_a_file_is_counted():
    """R100: four hundred records written off are one sentence."""
    often = [night("record.written_off", identity="olga", person="olga") for _ in range(400)]
    (text,) = story([night("batch.seen"), night("batch.committed"), *often], PARIS)
    assert text.endswith("olga wrote off a record of it. That was done 400 times.")
    (text,) = story(often, PARIS)
    assert text.endswith(
        'olga wrote off a record of the file "STK1117.DAT" for stock count (inventory). That was done 400 times.'
    )


def test_a_write_that_leaves_in_a_file_names_it_by_a_text():
    """R100: its entries are of its proposal, not of the life of a batch file."""
    life = [entry("write.proposed"), entry("write.executing", 1, identity=None, file="ORD000001.DAT"),
            entry("write.sent", 2, identity=None, result={"file": "ORD000001.DAT", "record": 1})]  # fmt: skip
    (text,) = story(life, PARIS)
    assert 'as record 1 of "ORD000001.DAT"' in text
    assert "1 write left in a file and nobody has answered yet" in summary(life)


def test_a_write_that_was_answered_does_not_wait_for_an_answer():
    """R100: nobody reads that there is no answer, and then the answer; whoever only looked at it did not answer."""
    life = [entry("write.proposed"), entry("write.executing", 1, identity=None),
            entry("write.sent", 2, identity=None, result={"file": "ORD000001.DAT", "record": 1}),
            entry("proposal.read", 3)]  # fmt: skip
    (text,) = story(life, PARIS)
    assert "nobody has answered yet" in text
    (text,) = story([*life, entry("write.done", 4, identity=None)], PARIS)
    assert 'as record 1 of "ORD000001.DAT".' in text
    assert "nobody has answered yet" not in text


def test_a_file_that_a_person_withdrew_is_no_system_that_was_not_reached():
    """R100: the system was not asked."""
    (text,) = story([entry("write.proposed"), entry("write.released", 1, identity=None,
                     cause="ORD000002.DAT was withdrawn before it left")], PARIS)  # fmt: skip
    assert "A person withdrew the file of it at " in text
    assert "nothing was sent, and it goes in the next file" in text
    assert "could not be reached" not in text
    (text,) = story([entry("write.released", identity=None, cause="refused")], PARIS)
    assert "could not be reached" in text
