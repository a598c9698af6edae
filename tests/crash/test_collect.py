"""Killed in the middle of a batch, again and again."""

import random
import shutil
import signal
import subprocess
import sys

import collector
import process
import pytest
from home import CHUNK, ROOT

sys.path.append(str(ROOT / "tests" / "adapters" / "files"))

import server as servers

from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_lock

pytestmark = pytest.mark.slow
NIGHTLY = ROOT / "fixtures" / "nightly"
DAMAGED = 412
STEPS = ("seen", "ready", "claimed", "staged", "collecting", "preflighted", "committed", "settled")


def arrive(home, name):
    shutil.copy(NIGHTLY / name, home.drop)
    (home.drop / f"{name}.done").touch()


def collect(home, place="nowhere", times=0):
    """Run the collector; the lines it said, and whether it was killed."""
    ended = process.run(collector.collect, home.wrappers, place, times, environ=home.environ)
    assert ended.code in {0, -signal.SIGKILL}, ended.err
    return ended.out.splitlines(), ended.code != 0


def records(home):
    return [row[0] & 0xFFFFFFFF for row in home.rows("SELECT id FROM bf_event ORDER BY id")]


def told(home):
    """The steps that the audit has, in their order."""
    return [row[0] for row in home.rows("SELECT event FROM bf_entry ORDER BY id") if row[0].startswith("batch.")]


def whole(home):
    """The file is in, each record once and each step told once."""
    assert home.rows("SELECT state, events FROM bf_file") == [("archived", 596)]
    assert len(records(home)) == len(set(records(home))) == 596
    assert told(home) == [f"batch.{step}" for step in STEPS]


def test_killed_at_many_places_each_record_is_an_event_once(home):
    """R20, R77, R78, R98: totals exact, the quarantine exact, every record once, whatever the killing."""
    arrive(home, "STK20261120.DAT")
    dice, killed = random.Random(20261120), 0
    for _ in range(10):
        _, dead = collect(home, dice.choice(["inside", "after"]), dice.randint(1, 3))
        killed += dead
        found = records(home)
        assert found == sorted(set(found))
        reached = [row[0] for row in home.rows("SELECT record FROM bf_checkpoint")]
        assert all(found[-1] < number <= found[-1] + 2 for number in reached)  # the trailer is no event
        if not dead:
            break
    assert killed >= 4
    collect(home)
    (state,) = home.rows("SELECT state, records, events, quarantined FROM bf_file")
    assert state == ("archived", 602, 599, 1)
    assert records(home) == [number for number in range(1, 601) if number != DAMAGED]
    assert home.rows("SELECT record, offset, length FROM bf_quarantine") == [(DAMAGED, DAMAGED * 80, 80)]
    assert (home.drop / "archive" / "STK20261120.DAT").exists()
    assert told(home) == [f"batch.{step}" for step in STEPS]


@pytest.mark.parametrize("place", ["before-settle", "after-settle"])
def test_killed_around_the_move_of_the_file(home, place):
    """R20, R77: it is put away once, told so, and collected no second time."""
    arrive(home, "STK20261119.DAT")
    _, killed = collect(home, place, 1)
    assert killed
    assert home.rows("SELECT state, events FROM bf_file") == [("committed", 596)]
    collect(home)
    assert home.rows("SELECT state, events FROM bf_file") == [("archived", 596)]
    assert len(records(home)) == 596
    assert (home.drop / "archive" / "STK20261119.DAT").exists()
    assert collect(home)[0] == []


PLACES = [*(f"told-{step}" for step in STEPS), "before-claim", "after-claim", "before-arrivals", "after-arrivals"]


@pytest.mark.parametrize("place", PLACES)
def test_killed_at_every_step_of_its_way_in(home, place):
    """R20, R77, R98: by SIGKILL, around each verb and inside each transaction; the next run goes on from there."""
    arrive(home, "STK20261119.DAT")
    assert collect(home, place, 1)[1]
    collect(home)
    whole(home)
    assert home.rows("SELECT step FROM bf_arrival") == [("identified",)]


def test_a_chunk_is_all_there_or_not_at_all(home):
    """R77: killed inside the transaction, nothing of it is seen; the next start begins there."""
    arrive(home, "STK20261119.DAT")
    assert collect(home, "inside", 1)[1]
    assert records(home) == []
    assert collect(home, "inside", 2)[1]
    assert len(records(home)) == CHUNK - 1  # the header is no event


@pytest.fixture
def far(home, tmp_path, require):
    """An SFTP server whose drop is where the nightly files arrive."""
    sshd = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
    require("sshd", sshd, "no OpenSSH server (Debian: openssh-server)")
    (tmp_path / "server").mkdir()
    with servers.sftp(tmp_path / "server", str(sshd)) as server:
        key = home.folder / "secrets" / "key"
        key.write_text(server.secrets["private_key"])
        key.chmod(0o600)
        declare(home, f'location = "{server.url}"\nstaging = "{home.folder}/here"\n'
                f'host_key = "{server.settings["host_key"]}"\nsecrets.read = {{ private_key = "key" }}')  # fmt: skip
        home.drop.rmdir()
        home.drop.symlink_to(tmp_path / "server" / "drop")
        yield server


@pytest.mark.parametrize("place", [*PLACES, "before-settle", "after-settle", "inside", "after"])
def test_killed_at_every_step_of_its_way_in_from_another_machine(home, far, place):
    """R20, R77, R98, §7: over SFTP, claimed there and copied here; the next run goes on from there."""
    arrive(home, "STK20261119.DAT")
    assert collect(home, place, 1)[1]
    collect(home)
    whole(home)
    assert far.names() == ["archive/STK20261119.DAT", "archive/STK20261119.DAT.done"]


def test_killed_before_each_fsync(home, require):
    """R20, R77, R98, §7: of the ledger and of the folders; one run after the other, until one comes to its end."""
    require("strace", shutil.which("strace"), "no strace (Debian: strace)")
    arrive(home, "STK20261119.DAT")
    killed = 0
    for number in range(1, 60):
        inject = f"inject=fsync,fdatasync:signal=KILL:when={number}"
        trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", inject]
        ended = subprocess.run([*trace, sys.executable, collector.__file__, str(home.wrappers), "nowhere", "0"],
                               env=home.environ, capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
        found = records(home)
        assert found == sorted(set(found))
        if ended.returncode == 0:
            break
        assert ended.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, ended.stderr
        killed += 1
    assert killed >= 5
    whole(home)


def test_a_full_ledger_in_the_middle_of_a_file(home):
    """R77, R97, §7: at whatever place there is no more room, what was committed stays; with room it goes on there."""
    arrive(home, "STK20261119.DAT")
    halfway = 0
    for room in range(50_000, 1_000_000, 50_000):
        ended = process.run(collector.collect, home.wrappers, "cramped", room, environ=home.environ)
        found = records(home)
        assert found == sorted(set(found))
        halfway += 0 < len(found) < 596
        if ended.code == 0:
            break
        assert "disk I/O error" in ended.err or "disk is full" in ended.err
    assert halfway
    assert home.rows("SELECT state, events FROM bf_file") == [("archived", 596)]
    assert len(records(home)) == 596
    assert home.rows("PRAGMA integrity_check") == [("ok",)]


def declare(home, where):
    """Have the nightly files come from elsewhere."""
    bundle = home.wrappers / "inventory"
    manifest = bundle / "wrapper.toml"
    manifest.write_text(manifest.read_text().replace('location = { env = "INVENTORY_DROP" }', where))
    write_lock(bundle, make_lock(open_bundle(bundle)))


def lease(home):
    """Have the nightly files copied from where nothing may be changed."""
    declare(home, f'location = "file://{home.drop}"\nclaim = "lease"\nstaging = "{home.folder}/here"')


@pytest.mark.parametrize("place", ["before-claim", "after-claim", "told-claimed", "told-staged", "inside", "after",
                                   "before-settle", "after-settle"])  # fmt: skip
def test_killed_while_it_reads_where_nothing_may_be_changed(home, place):
    """R20, R77: a leased file stays where it lies, and is taken once all the same."""
    lease(home)
    arrive(home, "STK20261119.DAT")
    assert collect(home, place, 1)[1]
    collect(home)
    assert home.rows("SELECT state, events FROM bf_file") == [("archived", 596)]
    assert len(records(home)) == len(set(records(home))) == 596
    assert collect(home)[0] == []
    assert (home.drop / "STK20261119.DAT").exists()
