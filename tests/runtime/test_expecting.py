"""Expecting: a file that is late, missing, empty or odd is told once; whoever is to be paged is paged once."""

import json
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from stage import GOOD, collect, staged

from brownfield.ledger import schema
from brownfield.ledger.instant import micros
from brownfield.rules.access import Role
from brownfield.rules.paging import PAUSES
from brownfield.testing import FrozenClock
from brownfield.wrapper.finding import BundleError

pytestmark = pytest.mark.anyio
EVENING = datetime(2026, 11, 16, 20, 0, tzinfo=UTC)  # a Monday; 04:00 in Paris is 03:00 UTC
EXPECT = '\n[feeds.stock_count.expect]\nby = "04:00"\ntimezone = "Europe/Paris"\n{more}\n'
EMPTY = b"= 0\n"


def expected(more=""):
    return {'key = "sku"\n': 'key = "sku"\n' + EXPECT.format(more=more)}


@pytest.fixture
def expecting(put_up):
    return lambda more="": put_up(expected(more), clock=FrozenClock(EVENING))


def told(stage, *kinds):
    kinds = kinds or ("batch.late", "batch.missing", "batch.empty", "batch.size_anomaly")
    return [(entry.event, entry.body["day"]) for entry in stage.entries(*kinds)]


def look(stage, *steps):
    for step in steps:
        stage.clock.move(step)
        stage.assembly.expecting.tick()


async def test_a_file_that_does_not_come_is_late_then_missing_and_each_is_told_once(expecting):
    """R20: and not before it is due."""
    stage = expecting()
    look(stage, timedelta(0), timedelta(hours=7))
    assert told(stage) == []
    look(stage, timedelta(minutes=1), timedelta(minutes=1))
    assert told(stage) == [("batch.late", "2026-11-17")]
    look(stage, timedelta(hours=4), timedelta(hours=1))
    assert told(stage) == [("batch.late", "2026-11-17"), ("batch.missing", "2026-11-17")]


async def test_a_file_in_time_is_no_word(expecting):
    stage = expecting()
    look(stage, timedelta(hours=5))
    stage.drop.put("one.dat", GOOD)
    collect(stage)
    look(stage, timedelta(hours=6))
    assert told(stage) == []


async def test_what_was_due_before_the_feed_was_watched_is_nobodys_lateness(put_up):
    stage = put_up(expected(), clock=FrozenClock(EVENING - timedelta(hours=10)))
    look(stage, timedelta(0))
    assert told(stage) == []


async def test_what_came_due_while_nothing_ran_is_told_at_the_next_start(tmp_path):
    clock = FrozenClock(EVENING)
    with staged(tmp_path, expected(), clock=clock) as stage:
        look(stage, timedelta(0))
    clock.move(timedelta(hours=9))
    with staged(tmp_path, clock=clock) as stage:
        look(stage, timedelta(0))
        assert told(stage) == [("batch.late", "2026-11-17")]


async def test_an_empty_file_is_told_with_its_name(expecting):
    stage = expecting()
    look(stage, timedelta(hours=5))
    stage.drop.put("none.dat", EMPTY)
    collect(stage)
    look(stage, timedelta(seconds=1), timedelta(seconds=1))
    assert told(stage) == [("batch.empty", "2026-11-17")]
    assert stage.entries("batch.empty")[0].body["file"]["name"] == "none.dat"


async def test_a_file_of_another_size_than_declared_is_told(expecting):
    stage = expecting("least = 6")
    look(stage, timedelta(hours=5))
    stage.drop.put("few.dat", GOOD)
    collect(stage)
    look(stage, timedelta(seconds=1))
    (entry,) = stage.entries("batch.size_anomaly")
    assert entry.body["reason"] == "it has 5 records, at least 6 are expected"


@pytest.mark.parametrize(
    ("full", "said"), [("\n[feeds.stock_count.snapshot]", []), ("", [("batch.late", "2026-11-17")])]
)
async def test_a_full_extract_that_is_as_it_was_has_come(put_up, full, said):
    """A quiet day pages nobody. Of any other feed the same content is no new file."""
    stage = put_up(expected(full), clock=FrozenClock(EVENING))
    look(stage, timedelta(hours=5))
    with stage.assembly.kernel.ledger.write() as connection:
        at = micros(stage.clock.now())
        connection.execute(insert(schema.arrival).values(
            environment="sandbox", wrapper="canned", feed="stock_count", name="same.dat", step="identified", stamp="s",
            size=1, polls=1, first_at=at, waits_for="", sha256="a" * 64, kind="duplicate", step_at=at))  # fmt: skip
    look(stage, timedelta(hours=3))
    assert told(stage) == said


async def test_a_file_that_was_resumed_is_judged_with_all_that_was_taken_of_it(expecting):
    stage = expecting("least = 5")
    look(stage, timedelta(hours=5))
    with stage.assembly.kernel.ledger.write() as connection:
        for state, replay, events, resumes in (("resumed", 0, 3, None), ("archived", 1, 2, 1)):
            connection.execute(insert(schema.file).values(
                environment="sandbox", wrapper="canned", feed="stock_count", name="one.dat", size=1, sha256="a" * 64,
                shape="s", replay=replay, state=state, events=events, seen_at=micros(stage.clock.now()),
                resumes=resumes))  # fmt: skip
    look(stage, timedelta(seconds=1))
    assert told(stage) == []


async def test_a_record_that_was_corrected_is_no_file(expecting):
    stage = expecting("least = 5")
    look(stage, timedelta(hours=5))
    with stage.assembly.kernel.ledger.write() as connection:
        for replay, events, resumes in ((0, 7, None), (1, 1, 1)):
            connection.execute(insert(schema.file).values(
                environment="sandbox", wrapper="canned", feed="stock_count", name="one.dat", size=1, sha256="a" * 64,
                shape="s", replay=replay, state="archived", events=events, seen_at=micros(stage.clock.now()),
                resumes=resumes))  # fmt: skip
    look(stage, timedelta(seconds=1))
    assert told(stage) == []


async def test_the_usual_size_is_that_of_files_of_any_age(expecting):
    """A weekly file has its last three in the last month, not in the last week."""
    stage = expecting("deviation = 50")
    look(stage, timedelta(0))
    for week, lines in enumerate((5, 5, 5, 2)):
        stage.clock.move(timedelta(days=7))
        rows = "".join(f"A-{week}{number:02} 1\n" for number in range(lines))
        stage.drop.put(f"{week}.dat", f"{rows}= {lines}\n".encode())
        collect(stage)
    stage.assembly.expecting.tick()
    assert [entry.body["file"]["name"] for entry in stage.entries("batch.size_anomaly")] == ["3.dat"]


async def test_the_status_says_what_is_due_next_and_what_was_found(expecting):
    stage = expecting('days = ["mon", "tue", "wed", "thu", "fri"]')
    look(stage, timedelta(0), timedelta(hours=8))
    (shown,) = stage.assembly.control.status(stage.operator)["expected"]
    assert shown["next"] == "2026-11-18T03:00+00:00"
    assert [(one["day"], one["what"]) for one in shown["found"]] == [("2026-11-17", "late")]


async def test_a_holiday_of_the_calendar_is_no_day(put_up):
    """Christmas Eve was none in France; Christmas is a Friday in 2026."""
    stage = put_up(expected('calendar = "FR"'), clock=FrozenClock(datetime(2026, 12, 24, 20, 0, tzinfo=UTC)))
    look(stage, timedelta(0), timedelta(hours=10))
    assert told(stage) == []


async def test_a_calendar_that_does_not_exist_keeps_it_from_starting(put_up):
    with pytest.raises(BundleError, match="no calendar `XX`"):
        put_up(expected('calendar = "XX"'), clock=FrozenClock(EVENING))


@pytest.fixture
def pager(tmp_path):
    """A command that keeps what it is told, and fails while the file `down` is there."""
    script = tmp_path / "page.py"
    script.write_text(
        "import pathlib, sys\nhere = pathlib.Path(__file__).parent\n"
        "if (here / 'down').exists(): sys.exit(1)\n"
        "with (here / 'told').open('a') as told: told.write(sys.stdin.read() + '\\n')\n"
    )
    return script


def command(pager):
    return f"page = {json.dumps([sys.executable, str(pager)])}\n"


def paged(pager):
    told = pager.with_name("told")
    return [json.loads(line) for line in told.read_text().splitlines()] if told.exists() else []


@pytest.fixture
def watched(tmp_path, pager):
    clock = FrozenClock(EVENING)
    with staged(tmp_path / "stage", expected(), clock=clock, settings=command(pager)) as stage:
        stage.assembly.paging.tick()
        yield stage


async def test_whoever_is_named_is_paged_once_with_the_facts(watched, pager):
    """R6: the human who is paged is called, with what the audit says."""
    look(watched, timedelta(0), timedelta(hours=8))
    assert [watched.assembly.paging.tick() for _ in range(3)] == [1, 0, 0]
    (facts,) = paged(pager)
    assert facts["to"] == watched.assembly.kernel.wrappers["canned"].bundle.manifest.scope.page
    assert facts["event"] == "batch.late"
    assert "no file for stock count (canned) had come when it was due" in facts["sentence"].lower()
    assert watched.entries("page.sent")[0].body["of"] == "batch.late"


async def test_a_page_that_fails_is_tried_again_then_given_up(watched, pager):
    pager.with_name("down").touch()
    look(watched, timedelta(0), timedelta(hours=8))
    for _ in range(len(PAUSES) + 3):
        watched.assembly.paging.tick()
        watched.clock.move(timedelta(hours=1))
    (failed,) = watched.entries("page.failed")
    assert failed.body["attempts"] == len(PAUSES) + 1
    assert failed.body["cause"] == "the command ended with 1"


async def test_what_the_command_leaves_running_is_not_waited_for(watched, pager):
    """R6: it holds the pipe of whoever listens: the page would take 30 s, count as failed, and be sent again."""
    pager.write_text("import subprocess, sys\nprint('x' * 10**6)\nsubprocess.Popen(['sleep', '20'])\n")
    look(watched, timedelta(0), timedelta(hours=8))
    began = time.monotonic()
    assert watched.assembly.paging.tick() == 1
    assert time.monotonic() - began < 10


async def test_a_page_that_failed_once_arrives_later(watched, pager):
    pager.with_name("down").touch()
    look(watched, timedelta(0), timedelta(hours=8))
    assert watched.assembly.paging.tick() == 0
    pager.with_name("down").unlink()
    assert watched.assembly.paging.tick() == 0
    watched.clock.move(timedelta(minutes=1))
    assert watched.assembly.paging.tick() == 1


async def test_nothing_of_before_the_first_start_is_paged(tmp_path, pager):
    clock = FrozenClock(EVENING)
    with staged(tmp_path / "stage", expected(), clock=clock) as stage:
        look(stage, timedelta(0), timedelta(hours=8))
    with (tmp_path / "stage" / "brownfield.toml").open("a") as settings:
        settings.write(command(pager))
    with staged(tmp_path / "stage", clock=clock) as stage:
        assert stage.assembly.paging.tick() == 0
    assert paged(pager) == []


async def test_an_auditor_reads_who_was_told(watched):
    look(watched, timedelta(0), timedelta(hours=8))
    watched.assembly.paging.tick()
    answer = watched.assembly.asking.ask(watched.caller("lea", Role.AUDITOR), "what happened today")
    assert "was told" in json.dumps(answer)
