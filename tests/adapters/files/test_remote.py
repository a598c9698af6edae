"""Drops on other machines, over real servers: SFTP, FTP, FTPS, S3, and a folder that may not be changed."""

import gzip
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import server as servers
from pydantic import ValidationError

from brownfield.contract import Checkpoint, Limits, Opening, Rejected, Unavailable, Verdict
from brownfield.contract.watched import Sighting, SurveyedFeed, WatchedFeed
from brownfield_files import adapter
from brownfield_files.place import remote
from brownfield_files.place.remote import RemoteDrop
from brownfield_files.setting import FilesSettings

if TYPE_CHECKING:
    from conftest import Bench

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
SCHEMES = ("sftp", "ftp", "ftps", "s3", "file")
START = Checkpoint()


@dataclass
class Far:
    """A server, and feeds that read from it."""

    bench: "Bench"
    server: servers.Server

    def feed(self, limits: Limits | None = None, ledger: str = "", **settings: Any) -> Any:
        merged = {**self.bench.settings, "location": self.server.url, "staging": self.bench.folder / "here",
                  "match": "STK*", **self.server.settings, **settings}  # fmt: skip
        secrets = self.server.secrets
        opening = Opening(
            "nightly", self.bench.folder, FilesSettings(**merged), secrets.__getitem__, limits or Limits()
        )
        return adapter.open(replace(opening, ledger=lambda: ledger))

    @property
    def content(self) -> bytes:
        return b"".join(self.bench.file(self.bench.details(2)))


def serve(scheme: str, folder: Path, require: Callable[..., None]) -> Any:
    if scheme == "sftp":
        sshd = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")
        require("sshd", sshd, "no OpenSSH server (Debian: openssh-server)")
        return servers.sftp(folder, str(sshd))
    if scheme == "s3":
        return servers.s3(folder)
    return servers.ftp(folder, tls=scheme == "ftps")


@pytest.fixture(params=SCHEMES)
def far(request: pytest.FixtureRequest, bench: "Bench", tmp_path: Path, require: Any) -> Iterator[Far]:
    with ExitStack() as stack:
        if request.param == "file":
            drop = servers.Folder(bench.drop)
            here = servers.Server(f"file://{bench.drop}", {}, {}, drop.put, drop.names, drop.read, lambda: None)
        else:
            (tmp_path / "server").mkdir()
            here = stack.enter_context(serve(request.param, tmp_path / "server", require))
        yield Far(bench, here)


def test_a_file_is_claimed_copied_read_and_put_away_there_and_here(far: Far) -> None:
    """R20: by another connection too, as after a kill."""
    far.server.put("STK1.DAT", far.content)
    far.server.put("OTHER.DAT", b"x")
    far.server.put("STK2.DAT.tmp", b"x")
    feed = far.feed()
    assert isinstance(feed, WatchedFeed)
    assert isinstance(feed, SurveyedFeed)
    (sighting,) = feed.sightings()
    assert (sighting.name, sighting.size, sighting.stays) == ("STK1.DAT", 80, False)
    (stray,) = feed.strays()
    assert (stray.name, stray.address.rpartition("/")[2]) == ("OTHER.DAT", "OTHER.DAT")
    assert far.feed(match="OTH*").knows(stray.address)
    assert not far.feed(match="*.CSV").knows(stray.address)
    assert feed.claim(sighting)
    assert not feed.claim(sighting)
    (arrival,) = far.feed().arrivals()
    assert (arrival.name, arrival.size) == ("STK1.DAT", 80)
    assert list(feed.collect(arrival, START))[-1].checkpoint.record == 4
    for _ in range(2):
        feed.settle(arrival, Verdict.ARCHIVE)
    assert list(feed.sightings()) == feed.arrivals() == []
    assert far.server.names() == ["OTHER.DAT", "STK2.DAT.tmp", "archive/STK1.DAT"]
    assert (far.bench.folder / "here" / "archive" / "STK1.DAT").read_bytes() == far.content


def test_a_stray_with_signs_that_are_not_seen_is_told_escaped(far: Far) -> None:
    """R97: it is not taken, so it is told, though it matches."""
    for name in ("A\x1b[2J.DAT", "STK\u202e1.DAT"):
        far.server.put(name, far.content)
    feed = far.feed()
    strays = list(feed.strays())
    assert sorted(one.name for one in strays) == ["A\\x1b[2J.DAT", "STK\\u202e1.DAT"]
    assert list(feed.sightings()) == []
    assert not any(feed.knows(one.address) for one in strays)


def test_where_nothing_may_be_changed_a_file_is_leased(far: Far) -> None:
    """R20: it is copied and stays; the stamp tells that it is the one that was taken."""
    far.server.put("STK1.DAT", far.content)
    feed = far.feed(claim="lease")
    (sighting,) = feed.sightings()
    assert sighting.stays
    assert feed.claim(sighting)
    (arrival,) = feed.arrivals()
    assert list(feed.collect(arrival, START))[-1].checkpoint.record == 4
    feed.settle(arrival, Verdict.ARCHIVE)
    assert feed.arrivals() == []
    assert list(feed.sightings()) == [sighting]
    assert far.server.names() == ["STK1.DAT"]


def test_a_marker_is_claimed_with_its_file(far: Far) -> None:
    """R20."""
    far.server.put("STK1.DAT", far.content)
    far.server.put("STK2.DAT", far.content + far.content)
    far.server.put("STK2.DAT.done", b"")
    feed = far.feed(match="STK*.DAT", marker="{name}.done")
    marked = {sighting.name: sighting for sighting in feed.sightings()}
    assert {name: one.marked for name, one in marked.items()} == {"STK1.DAT": False, "STK2.DAT": True}
    assert feed.claim(marked["STK2.DAT"])
    (arrival,) = feed.arrivals()
    feed.settle(arrival, Verdict.SET_ASIDE)
    assert far.server.names() == ["STK1.DAT", "set-aside/STK2.DAT", "set-aside/STK2.DAT.done"]


def test_a_packed_file_is_unpacked_here(far: Far) -> None:
    """R20: and put away packed there."""
    far.server.put("STK1.DAT.gz", gzip.compress(far.content))
    feed = far.feed()
    assert feed.claim(next(iter(feed.sightings())))
    (arrival,) = feed.arrivals()
    assert arrival.name == "STK1.DAT.gz/STK1.DAT"
    feed.settle(arrival, Verdict.ARCHIVE)
    assert far.server.names() == ["archive/STK1.DAT.gz"]
    assert feed.arrivals() == []


def test_what_one_ledger_claimed_no_other_sees_or_takes(far: Far) -> None:
    """R20, R77, R86: however long it is dead; its own takes it up again. Both share the folder of copies too."""
    for number in range(2):
        far.server.put(f"STK{number}.DAT", far.content)
        far.server.put(f"STK{number}.DAT.done", b"")
    ours, others = (far.feed(ledger=name, match="STK*.DAT", marker="{name}.done") for name in ("a1", "b2"))
    first, second = ours.sightings()
    again, last = others.sightings()
    assert ours.claim(first)
    assert not others.claim(again)
    assert others.claim(last)
    assert not ours.claim(second)
    assert "inflight/ledger-a1/STK0.DAT.done" in far.server.names()
    for feed, name in ((ours, "STK0.DAT"), (others, "STK1.DAT")):
        (arrival,) = feed.arrivals()
        assert arrival.name == name
    killed = far.feed(ledger="a1", match="STK*.DAT", marker="{name}.done")
    (arrival,) = killed.arrivals()
    killed.settle(arrival, Verdict.ARCHIVE)
    others.settle(*others.arrivals(), Verdict.ARCHIVE)
    assert far.server.names() == [f"archive/STK{number}.DAT{end}" for number in range(2) for end in ("", ".done")]


@pytest.fixture
def bucket(bench: "Bench", tmp_path: Path) -> Iterator[Far]:
    with servers.s3(tmp_path / "server") as server:
        yield Far(bench, server)


def test_where_a_move_is_a_copy_and_a_delete_one_has_it_all_the_same(bucket: Far, monkeypatch: Any) -> None:
    """R20, R77, R86: another who looked before sees both halves; killed between them, the rest is done later."""
    bucket.server.put("STK1.DAT", bucket.content)
    ours, others = (bucket.feed(ledger=name) for name in ("a1", "b2"))
    (sighting,), (again,) = ours.sightings(), others.sightings()
    with monkeypatch.context() as patch:
        there = ours._drop()._opened
        patch.setattr(there, "mv", there.cp_file)  # killed before the delete
        assert ours.claim(sighting)
    assert "STK1.DAT" in bucket.server.names()
    assert not others.claim(again)
    assert others.arrivals() == []
    killed = bucket.feed(ledger="a1")
    (arrival,) = killed.arrivals()
    assert "STK1.DAT" not in bucket.server.names()
    killed.settle(arrival, Verdict.ARCHIVE)
    assert bucket.server.names() == ["archive/STK1.DAT"]
    bucket.server.put("STK1.DAT", bucket.content * 2)
    assert others.claim(next(iter(others.sightings()))), "a later one of the name is whose who takes it"


def test_who_reserved_and_was_killed_goes_on(bucket: Far, monkeypatch: Any) -> None:
    """R77, R86: before anything was moved; the other one waits."""
    bucket.server.put("STK1.DAT", bucket.content)
    ours, others = (bucket.feed(ledger=name) for name in ("a1", "b2"))
    (sighting,), (again,) = ours.sightings(), others.sightings()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ours._drop()._opened, "mv", killed)
        with pytest.raises(KeyboardInterrupt):
            ours.claim(sighting)
    assert not others.claim(again)
    assert bucket.feed(ledger="a1").claim(sighting)


def test_what_is_in_no_ledgers_folder_is_taken_by_the_first_who_looks(far: Far) -> None:
    """R20, R77: claimed by a version before there were such folders, or let go by a person for one that is dead."""
    far.server.put("inflight/STK1.DAT", far.content)
    far.server.put("inflight/STK1.DAT.done", b"")
    copied = far.bench.folder / "here" / "inflight" / "STK1.DAT"
    copied.parent.mkdir(parents=True)
    copied.write_bytes(far.content)
    ours, others = (far.feed(ledger=name, match="STK*.DAT", marker="{name}.done") for name in ("a1", "b2"))
    (arrival,) = ours.arrivals()
    assert (arrival.name, others.arrivals()) == ("STK1.DAT", [])
    assert not copied.exists()
    ours.settle(arrival, Verdict.ARCHIVE)
    assert far.server.names() == ["archive/STK1.DAT", "archive/STK1.DAT.done"]


def test_a_move_that_was_made_and_told_as_failed_is_a_move(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """R20, §7: the answer was lost on the way; and one who was too late is told so, not that nobody is there."""
    far.server.put("STK1.DAT", far.content)
    feed = far.feed(ledger="a1")
    (sighting,) = feed.sightings()
    there = feed._drop()._opened
    move = there.mv

    def lost(*names: str) -> None:
        move(*names)
        raise OSError("the connection was closed")

    monkeypatch.setattr(there, "mv", lost)
    assert feed.claim(sighting)
    monkeypatch.undo()
    assert len(feed.arrivals()) == 1
    assert not far.feed(ledger="b2").claim(sighting)


def test_a_file_that_changed_since_it_was_seen_is_not_claimed(far: Far) -> None:
    """R20: replaced there between the look and the claim."""
    far.server.put("STK1.DAT", far.content)
    feed = far.feed()
    (sighting,) = feed.sightings()
    far.server.put("STK1.DAT", far.content * 2)
    assert not feed.claim(sighting)
    assert feed.arrivals() == []


def test_a_copy_that_breaks_off_is_made_anew(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """R20, R77: nothing half is read, and the claim stays."""
    far.server.put("STK1.DAT", far.content)
    feed = far.feed()
    assert feed.claim(next(iter(feed.sightings())))

    def broken(_there: object, _path: str, write: Any) -> None:
        write(b"half")
        raise EOFError("the connection was closed")

    with monkeypatch.context() as patch:
        patch.setattr("brownfield_files.place.remote._fetch", broken)
        with pytest.raises(Unavailable, match="cannot be reached or read: the connection was closed"):
            feed.arrivals()
    (arrival,) = feed.arrivals()
    assert arrival.size == 80


@pytest.mark.parametrize("claim", ["rename", "lease"])
def test_a_copy_that_ends_early_or_of_a_file_that_grows_is_made_anew(
    far: Far, monkeypatch: pytest.MonkeyPatch, claim: str
) -> None:
    """R20, R77: a transfer that ends without a word is as short as one that breaks, and half a file may look whole."""
    far.server.put("STK1.DAT", far.content)
    feed = far.feed(claim=claim)
    (sighting,) = feed.sightings()
    if claim == "rename":
        assert feed.claim(sighting)
    fetch = remote._fetch

    def short(_there: object, _path: str, write: Callable[[bytes], None]) -> None:
        write(far.content[:20])

    def while_it_grows(there: object, path: str, write: Callable[[bytes], None]) -> None:
        fetch(there, path, write)
        far.server.put("inflight/STK1.DAT" if claim == "rename" else "STK1.DAT", far.content * 2)

    for one in (short, while_it_grows):
        monkeypatch.setattr(remote, "_fetch", one)
        with pytest.raises(Unavailable, match="did not come whole"):
            feed.claim(sighting) if claim == "lease" else feed.arrivals()
        assert feed._drop()._local.arrivals() == []
    monkeypatch.setattr(remote, "_fetch", fetch)
    if claim == "lease":
        assert not feed.claim(sighting), "it is another one now"
        assert feed.claim(next(iter(feed.sightings())))
    (arrival,) = feed.arrivals()
    assert arrival.size == 160


def test_no_room_here_for_a_copy_is_said_so(far: Far) -> None:
    """R97, §7: it is not the other machine's fault; the file is claimed there, and copied when there is room."""
    far.server.put("STK1.DAT", bytes(2_000_000))
    feed = far.feed()
    assert feed.claim(next(iter(feed.sightings())))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(Unavailable, match=r"STK1.DAT cannot be copied into .*: there is no room"):
            feed.arrivals()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (arrival,) = feed.arrivals()
    assert arrival.size == 2_000_000


def test_a_server_that_goes_away_in_the_middle_of_a_copy(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """R18, R77, §7: nothing half is read; the file is claimed there still."""
    if far.server.url.startswith("file"):
        return
    far.server.put("STK1.DAT", os.urandom(8_000_000))
    feed = far.feed(limits=Limits(deadline=3.0))
    assert feed.claim(next(iter(feed.sightings())))
    fetch = remote._fetch

    def cut(there: object, path: str, write: Callable[[bytes], None]) -> None:
        def once(block: bytes) -> None:
            write(block)
            far.server.stop()

        fetch(there, path, once)

    monkeypatch.setattr(remote, "_fetch", cut)
    with pytest.raises(Unavailable):
        feed.arrivals()
    here = far.bench.folder / "here" / "inflight"
    assert [path.name for path in here.iterdir()] == [".STK1.DAT.part"]


def test_a_server_that_goes_away_is_unavailable(far: Far) -> None:
    """R18: told where, without user or password; nothing is lost here."""
    if far.server.url.startswith("file"):
        return
    far.server.put("STK1.DAT", far.content)
    feed = far.feed(limits=Limits(deadline=2.0))
    feed.probe()
    far.server.stop()
    with pytest.raises(Unavailable) as failure:
        list(feed.sightings())
    assert "cannot be reached" in failure.value.message
    assert not any(secret in failure.value.message for secret in far.server.secrets.values())


def test_a_file_above_the_limit_is_not_copied_whole(far: Far) -> None:
    """R33: one byte more than allowed, which refuses it."""
    far.server.put("STK1.DAT", bytes(1_000_000))
    feed = far.feed(limits=Limits(max_bytes=10_000))
    assert feed.claim(next(iter(feed.sightings())))
    (arrival,) = feed.arrivals()
    assert 10_000 < arrival.size < 1_000_000
    with pytest.raises(Rejected) as refusal:
        list(feed.collect(arrival, START))
    assert refusal.value.code == "too-large"


def test_only_the_pinned_server_is_spoken_to(bench: "Bench", tmp_path: Path, require: Any) -> None:
    """R33: another host key, and another's certificate, before a password or a key is shown."""
    (tmp_path / "a").mkdir()
    with serve("sftp", tmp_path / "a", require) as server:
        other = servers.make_key(tmp_path / "other")
        with pytest.raises(Unavailable, match="cannot be reached"):
            Far(bench, server).feed(host_key=other).probe()
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    with serve("ftps", tmp_path / "b", require) as server:
        stranger, _ = servers.make_certificate(tmp_path / "c")
        with pytest.raises(Unavailable, match="certificate verify failed"):
            Far(bench, server).feed(authority=stranger).probe()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"location": "gopher://x/y"}, "gopher is none of"),
        ({"location": "sftp://u@x/y", "staging": "/tmp/x"}, "host_key"),
        ({"location": "ftp://u@x/y"}, "staging"),
        ({"location": "ftp://u:secret@x/y", "staging": "/tmp/x"}, "a password is a secret"),
        ({"claim": "lease"}, "needs a URL"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(bench: "Bench", settings: dict[str, Any], says: str) -> None:
    """R34."""
    with pytest.raises(ValidationError, match=says):
        FilesSettings(**bench.settings | settings)


def test_a_name_from_there_leads_nowhere_here(bench: "Bench") -> None:
    """R33: a server may answer with any name."""
    far = Far(bench, servers.Server(f"file://{bench.drop}", {}, {}, None, None, None, None))  # type: ignore[arg-type]
    feed = far.feed(claim="lease")
    assert isinstance(feed._drop(), RemoteDrop)
    (bench.drop / "STK1.DAT").write_bytes(b"x")
    for name in ("../../evil", "/etc/evil", ".."):
        with pytest.raises((Rejected, Unavailable)):
            feed._drop()._copy(feed._drop()._opened, str(bench.drop / "STK1.DAT"), name)
    assert not feed.claim(Sighting("../secret", 1, None, "x"))
