"""Questions to the audit, and how they are read."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.phrase import DAYS
from brownfield.rules.question import Known, read

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 21, 10, 33, tzinfo=UTC)  # a Saturday, 11:33 in Paris
KNOWN = Known(
    identities=frozenset({"billing-agent", "marie"}),
    wrappers=frozenset({"inventory"}),
    operations=frozenset({"place_hold", "get_stock"}),
)


def ask(text, now=NOW, zone=PARIS):
    return read(text, now, zone, KNOWN)


def midnight(year, month, day, zone=PARIS) -> datetime:
    return datetime.combine(date(year, month, day), time.min, zone).astimezone(UTC)


def test_the_question_of_the_first_page():
    """R100: what did the agent do with SKU A-100 today."""
    question = ask("what did the agent do with SKU A-100 today")
    assert (question.subjects, question.roles, question.events) == (("A-100",), ("agent",), ())
    assert (question.since, question.until) == (midnight(2026, 11, 21), midnight(2026, 11, 22))
    assert question.echo == (
        "Reading: everything by agents about “A-100”, Saturday 21 November 2026, 00:00–24:00 Europe/Paris."  # noqa: RUF001
    )


def test_the_question_of_the_requirement():
    """R100: account 4471 last Tuesday."""
    question = ask("What did the agent do with account 4471 last Tuesday?")
    assert question.subjects == ("4471",)
    assert (question.since, question.until) == (midnight(2026, 11, 17), midnight(2026, 11, 18))


@pytest.mark.parametrize("today", range(7))
@pytest.mark.parametrize("asked", range(7))
def test_last_weekday_is_always_before_today(today, asked):
    """R100: on a Tuesday, last Tuesday is seven days ago; on any other day it is the latest one."""
    now = datetime(2026, 11, 16, 12, tzinfo=UTC) + timedelta(days=today)
    back = (today - asked) % 7
    said = [ask(f"{words} {DAYS[asked]}", now).since.astimezone(PARIS).date() for words in ("last", "on")]
    assert said == [now.date() - timedelta(days=back or 7), now.date() - timedelta(days=back)]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("what happened yesterday", (2026, 11, 20), (2026, 11, 20)),
        ("the day before yesterday", (2026, 11, 19), (2026, 11, 19)),
        ("on 17 November", (2026, 11, 17), (2026, 11, 17)),
        ("on the 17th of November 2025", (2025, 11, 17), (2025, 11, 17)),
        ("November 17, 2026", (2026, 11, 17), (2026, 11, 17)),
        ("on 24 Dec", (2025, 12, 24), (2025, 12, 24)),
        ("on 29 February", (2024, 2, 29), (2024, 2, 29)),
        ("2026-11-17", (2026, 11, 17), (2026, 11, 17)),
        ("between 1 Nov and 3 Nov 2026", (2026, 11, 1), (2026, 11, 3)),
        ("between 30 Dec and 3 Jan 2026", (2026, 1, 3), (2026, 12, 30)),
        ("between 1 and 3 November 2026", (2026, 11, 1), (2026, 11, 3)),
        ("from 2026-11-01 to yesterday", (2026, 11, 1), (2026, 11, 20)),
        ("this week", (2026, 11, 16), (2026, 11, 22)),
        ("last week", (2026, 11, 9), (2026, 11, 15)),
        ("this month", (2026, 11, 1), (2026, 11, 30)),
        ("last month", (2026, 10, 1), (2026, 10, 31)),
        ("in December", (2025, 12, 1), (2025, 12, 31)),
        ("in February 2024", (2024, 2, 1), (2024, 2, 29)),
        ("until 3 Nov", (2026, 10, 28), (2026, 11, 3)),
        ("before 3 Nov", (2026, 10, 27), (2026, 11, 2)),
    ],
)
def test_whole_days(text, first, last):
    """R100: days begin and end at midnight in the reader's zone."""
    question = ask(text)
    end = date(*last) + timedelta(days=1)
    assert (question.since, question.until) == (midnight(*first), midnight(end.year, end.month, end.day))
    assert question.subjects == ()


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("since Monday", midnight(2026, 11, 16)),
        ("since last Tuesday", midnight(2026, 11, 17)),
        ("from 1 Nov", midnight(2026, 11, 1)),
        ("since yesterday", midnight(2026, 11, 20)),
        ("last 24 hours", NOW - timedelta(hours=24)),
        ("in the last 2 weeks", NOW - timedelta(weeks=2)),
        ("in the past hour", NOW - timedelta(hours=1)),
        ("last 30 minutes", NOW - timedelta(minutes=30)),
    ],
)
def test_until_now(text, since):
    """R100: an open end is now."""
    question = ask(text)
    assert (question.since, question.until) == (since, NOW)


def test_a_day_with_a_clock_change_has_25_hours():
    """R17, R100: 25 October 2026 in Paris."""
    question = ask("on 25 October 2026")
    assert question.until - question.since == timedelta(hours=25)


def test_without_a_time_the_last_seven_days_are_meant_and_the_echo_says_so():
    """R100: no silent default."""
    question = ask("what did billing-agent do")
    assert (question.since, question.until) == (NOW - timedelta(days=7), NOW)
    assert "in the last 7 days because no time was named" in question.echo


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("who approved P-123", ("P-123",)),
        ("hold H-77 and order 17", ("H-77", "17")),
        ("what about customer Miller today", ("Miller",)),
        ("customer “O'Hara & Sons” today", ("O'Hara & Sons",)),
        ('customer "last Tuesday"', ("last Tuesday",)),
        ("widget 4471", ("4471",)),
        ("A-100, A-100 and A-200?", ("A-100", "A-200")),
        ("what did the agent do with account today", ()),
    ],
)
def test_values(text, subjects):
    """R100: what has a digit, or quotes, or follows a noun with a capital."""
    assert ask(text).subjects == subjects


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what did billing-agent do", ("billing-agent",)),
        ("what did Marie and the agent do", ("marie",)),
        ("what did agent billing-agent do", ("billing-agent",)),
    ],
)
def test_identities_by_name_are_closer_than_roles(text, found):
    """R100: a named agent is that one, not all of them."""
    question = ask(text)
    assert (question.identities, question.roles) == (found, ())


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("place_hold today", ("place_hold",)),
        ("which place holds were made", ("place_hold",)),
        ("get stock in inventory", ("get_stock",)),
        ("inventory.place_hold", ("place_hold",)),
    ],
)
def test_operations_by_name_or_in_words(text, operations):
    """R100: people do not type underscores."""
    assert ask(text).operations == operations


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("who approved it", ("write.approved",)),
        ("all approvals", ("write.approved", "write.declined")),
        ("reads and writes today", ("read.", "write.")),
        ("halts this week", ("halt.",)),
        ("which batches came", ("batch.",)),
        ("file STK.DAT", ("batch.", "input.")),
        ("what failed", ("read.failed", "write.failed")),
        ("what was denied", ("call.denied", "write.denied")),
        ("what was refused", ("call.denied", "write.denied", "write.declined", "write.rejected", "batch.refused")),
        ("any rejections?", ("write.rejected", "batch.refused")),
        ("what was corrected", ("record.corrected",)),
        ("corrections by marie", ("record.corrected",)),
        ("what was replayed", ("batch.replayed", "record.replayed")),
        ("what did marie write off", ("record.written_off",)),
        ("records that were written off", ("record.written_off",)),
        ("all write-offs", ("record.written_off",)),
        ("what was written", ("write.done",)),
        ("what is held", ("batch.held",)),
        ("what was set aside", ("batch.held", "batch.refused")),
        ("what was done by hand", ("write.done_by_hand",)),
        ("withdrawn files", ("input.withdrawn",)),
        ("which files were held", ("batch.held",)),
        ("which files were refused or held", ("batch.refused", "batch.held")),
        ("which files were late", ("batch.late", "batch.missing", "input.overdue")),
        ("which writes were rejected", ("write.rejected",)),
        ("files that were approved", ("batch.", "input.", "write.approved")),
    ],
)
def test_kinds_of_events(text, events):
    """R100: writes, reads, approvals, halts, batches."""
    assert ask(text).events == events


def test_the_echo_repeats_everything_that_was_understood():
    """R100: the reader sees how the question was read."""
    echo = ask("writes by marie in inventory through place hold with sku A-100 yesterday").echo
    assert echo == (
        "Reading: writes by marie in inventory through place hold about “A-100”, Friday 20 November 2026, 00:00–24:00"  # noqa: RUF001
        " Europe/Paris."
    )


def test_a_narrower_word_says_which_of_a_kind_are_meant_and_the_echo_says_it_too():
    """R100: nobody who asks for the files that were held is told of all the others."""
    assert ask("which files were held today").echo.startswith("Reading: files that were held among batches, Saturday")
    assert ask("held today").echo.startswith("Reading: files that were held, Saturday")
    assert ask("what was on hold H-77 today").subjects == ("H-77",)


@pytest.mark.parametrize("text", ["", "   ", "?!", "..."])
def test_only_an_empty_question_is_refused(text):
    """R97: with an example of one that is not."""
    with pytest.raises(ValueError, match="empty"):
        ask(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what did the agent do on 31 February 2026", "31 February 2026 is no date."),
        ("what did the agent do on 30 Feb", "30 Feb is no date."),
        ("what happened on 2026-02-31", "2026-02-31 is no date."),
        ("what happened on 31/02/2026", "31/02/2026 is no date."),
        ("between 10 and 11 o'clock today", "“between 10 and 11 o'clock” was not understood"),
        ("between 10 and 11 today", "“between 10 and 11” was not understood"),
        ("today at 10:30", "“at 10:30” was not understood"),
        ("after 3 pm yesterday", "“after 3 pm” was not understood"),
    ],
)
def test_a_time_that_cannot_be_read_is_said_and_is_no_value(text, said):
    """R100: nobody is told that nothing happened with “31”."""
    question = ask(text)
    assert question.subjects == ()
    assert said in question.echo
    assert "no time was named" not in question.echo


def test_words_that_are_not_understood_are_named():
    """R100: the reader sees what plays no part in the answer."""
    assert ask("how much money did we lose today").echo.endswith(" Not understood: money, lose.")
    assert "Not understood" not in ask("what did the agent do with SKU A-100 today").echo


@pytest.mark.parametrize("asked", ["what was sent today", "files sent today", "which files were sent today"])
def test_what_was_sent_has_left(asked):
    """R100: what was made, could not leave or was withdrawn is not among it."""
    events = ask(asked).events
    assert {"input.sent", "input.resent"} <= set(events) <= {"write.sent", "input.sent", "input.resent"}
    assert ("write.sent" in events) is ("files" not in asked)
    assert "files that left" in ask(asked).echo


@pytest.mark.parametrize("word", ["not", "no", "didn't", "weren't", "never"])
def test_a_denial_is_said_not_to_be_understood(word):
    """R100: “not sent today” is answered with what was sent, so the echo says what it left out."""
    question = ask(f"what was {word} sent today")
    assert question.events == ask("what was sent today").events
    assert question.echo.endswith(f" Not understood: {word}.")


WORDS = st.sampled_from(
    [
        "last",
        "since",
        "between",
        "and",
        "from",
        "to",
        "on",
        "in",
        "until",
        "before",
        "the",
        "today",
        "month",
        "weeks",
        "days",
        "tuesday",
        "feb",
        "february",
        "may",
        "1st",
        "31",
        "2026",
        "9999",
        "99999",
        "0001-01-01",
        "9999-12-31",
        "agent",
        "marie",
        "place",
        "hold",
        "'x",
        "“y",
    ]
)


@given(st.lists(WORDS, min_size=1, max_size=12).map(" ".join) | st.text(min_size=1).filter(lambda text: text.isalnum()))
def test_any_other_question_gets_a_reading(text):
    """R100: best reading, echoed; never an exception."""
    question = ask(text)
    assert question.since <= question.until
    assert question.echo.startswith("Reading: ")
    assert len(question.echo.splitlines()) == 1
    assert ask(text) == question
