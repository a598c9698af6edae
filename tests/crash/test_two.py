"""Two brownfields, each with a ledger of its own, on one location; both killed again and again."""

import random
import signal
import sys
import time

import collector
import pytest
from home import ROOT, Home
from process import Begun
from test_collect import collect

from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_lock

sys.path.append(str(ROOT / "bench"))

from extract import write_extract

pytestmark = pytest.mark.slow
PLACES = ["after-claim", "before-settle", "after-settle", "inside", "after", "told-claimed", "told-committed"]


@pytest.fixture
def both(tmp_path):
    """Two homes; the second one's files arrive where the first one's do."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    first, second = (Home(tmp_path / name) for name in ("one", "two"))
    second.drop.rmdir()
    second.drop.symlink_to(first.drop)
    return first, second


def deliver(home, number):
    """One more file of another content, with its marker after it."""
    path = home.drop / f"STK{number:05}.DAT"
    write_extract(path.with_suffix(".tmp"), 60 + number)
    path.with_suffix(".tmp").rename(path)
    path.with_name(f"{path.name}.done").touch()


def test_up_takes_a_file_soon_after_it_came(both):
    """R17, R20: of a feed that says how often its location is looked at, hours before its schedule; and once by two."""
    for home in both:
        manifest = home.wrappers / "inventory" / "wrapper.toml"
        manifest.write_text(manifest.read_text().replace("[feeds.stock_count]", '[feeds.stock_count]\npoll = "1s"'))
        write_lock(manifest.parent, make_lock(open_bundle(manifest.parent)))
        home.up()
    try:
        for number in range(3):
            deliver(both[0], number)
            both[0].wait(lambda: len([row for home in both for row in taken(home) if row[1] == "archived"]) > number)  # noqa: B023
        time.sleep(2)
        assert len([row for home in both for row in taken(home)]) == 3
    finally:
        for home in both:
            home.kill()


def taken(home):
    return home.rows("SELECT name, state, events FROM bf_file")


def test_two_brownfields_on_one_location_take_each_file_once(both):
    """R20, R77, R86: each file is in one ledger, whole, whoever was killed where."""
    dice, number, killed = random.Random(20261121), 0, 0
    for _ in range(6):
        for _ in range(4):
            deliver(both[0], number)
            number += 1
        started = [
            Begun(collector.collect, home.wrappers, dice.choice(PLACES), dice.randint(1, 3), environ=home.environ)
            for home in both
        ]
        for one in started:
            ended = one.end()
            assert ended.code in {0, -signal.SIGKILL}, ended.err
            killed += ended.code != 0
    assert killed >= 6
    for home in both:
        collect(home)
    found = [row for home in both for row in taken(home)]
    assert sorted(found) == [(f"STK{one:05}.DAT", "archived", 60 + one) for one in range(number)]
    assert all(taken(home) for home in both), "both had their share"
    assert [path.name for path in both[0].drop.iterdir() if path.is_file()] == []
    assert list((both[0].drop / "inflight").rglob("*.DAT")) == []


def test_what_a_dead_one_claimed_waits_for_it_or_for_an_operator(both):
    """R77, R86: nobody else takes it by himself; moved up as the pages say, whoever is there does."""
    first, second = both
    deliver(first, 1)
    assert collect(first, "after-claim", 1)[1]
    assert collect(second)[0] == taken(second) == []
    collect(first)
    assert taken(first) == [("STK00001.DAT", "archived", 61)]
    deliver(first, 2)
    assert collect(first, "after-claim", 1)[1]
    (mine,) = (first.drop / "inflight").glob("ledger-*")
    assert mine.name == f"ledger-{first.rows('SELECT name FROM bf_ledger')[0][0]}"
    for path in mine.iterdir():
        path.rename(mine.parent / path.name)
    collect(second)
    assert taken(second) == [("STK00002.DAT", "archived", 62)]
    collect(first)
    assert taken(first) == [("STK00001.DAT", "archived", 61)]
