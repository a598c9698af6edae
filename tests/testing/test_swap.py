"""The warehouse swapped: SOAP before, REST after, and nobody notices; a difference that is planted is found."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest

from brownfield.runtime.locking import check_folder, lock_bundle
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry
from brownfield.testing import BundleCase, BundleContract
from brownfield.testing.running import running
from brownfield.testing.swap import Standing, SwapCase, SwapContract
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_lock
from warehouse.process import Warehouse

ROOT = Path(__file__).resolve().parents[2]
BEFORE, AFTER = ROOT / "wrappers" / "inventory", ROOT / "docs" / "examples" / "swap" / "inventory"
SECRETS = {"wms-read-user": "wms-read", "wms-read-password": "read-secret", "wms-write-user": "wms-write",
           "wms-write-password": "write-secret"}  # fmt: skip
NIGHT = ROOT / "fixtures" / "nightly" / "STK20261121.DAT"
HOLD = {"sku": "A-100", "site": "LYON", "units": 2, "order": "SO-9001"}
READS = [
    ("get_item", {"ItemNo": "A-100"}),
    ("get_item", {"ItemNo": "A-120"}),
    ("get_item", {"ItemNo": "B-210"}),
    ("get_item", {"ItemNo": "Z-999"}),
    ("get_item", {"ItemNo": "a-100"}),
    ("get_item", {"ItemNo": "A-100", "more": 1}),
    ("list_items", {}),
    ("list_movements", {"Whse": "LYON", "MaxRows": 30}),
    ("list_movements", {"Whse": "PARIS"}),
    ("get_stock", {"sku": "E-500", "site": "LILLE"}),
    ("get_stock", {"sku": "Z-999", "site": "LYON"}),
    ("get_stock", {"sku": "A-100"}),
    ("get_hold", {"id": "H000002"}),
    ("get_hold", {"id": "H999999"}),
    ("find_holds", {"order": "SO-7001"}),
    ("find_holds", {"order": "SO-NONE"}),
    ("preview_hold", {"sku": "A-130", "site": "NICE"}),
]
WRITES = [
    ("place_hold", HOLD),
    ("place_hold", HOLD | {"order": "SO-9002", "units": 9999}),
    ("place_hold", HOLD | {"order": "SO-9003", "sku": "Z-999"}),
    ("release_hold", {"id": "H000001"}),
    ("release_hold", {"id": "H000002"}),
]


def environ(folder: Path, url: str) -> dict[str, str]:
    secrets, drop = folder / "secrets" / "inventory", folder / "drop"
    secrets.mkdir(parents=True)
    drop.mkdir()
    for name, value in SECRETS.items():
        (secrets / name).write_text(value)
        (secrets / name).chmod(0o600)
    shutil.copy(NIGHT, drop)
    (drop / f"{NIGHT.name}.done").touch()
    return {"WMS_URL": url, "BROWNFIELD_SECRETS": str(folder / "secrets"), "INVENTORY_DROP": str(drop),
            "INVENTORY_NIGHTLY": "true"}  # fmt: skip


@pytest.fixture(scope="module")
def soap(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("soap")) as running:
        yield environ(tmp_path_factory.mktemp("old"), running.url)


@pytest.fixture(scope="module")
def rest(tmp_path_factory):
    with Warehouse(tmp_path_factory.mktemp("rest"), speaks="rest") as running:
        yield environ(tmp_path_factory.mktemp("new"), running.url)


class TestSwap(SwapContract):
    """R19: the SOAP warehouse gives way to its REST successor, and no caller sees a difference."""

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, soap, rest):
        return SwapCase(
            before=Standing(folder=BEFORE, environ=soap),
            after=Standing(folder=AFTER, environ=rest),
            reads=READS,
            writes=WRITES,
            beside=["run_extract"],
            feeds=["stock_count"],
        )


class TestSwapped(BundleContract):
    """R52: what holds for every bundle holds for the swapped one; the REST warehouse's own log shows no write."""

    @pytest.fixture
    def case(self, tmp_path):
        with Warehouse(tmp_path / "wms", speaks="rest") as running:
            reads = dict(reversed(READS)) | {"run_extract": {"date": "20261120"}}
            yield BundleCase(
                folder=AFTER,
                environ=environ(tmp_path, running.url),
                reads=reads,
                writes=running.writes,
                disturb=lambda: httpx2.get(f"{running.url}sites/LYON/alerts", auth=("wms-read", "read-secret")),
            )


@pytest.fixture(scope="module")
def planted(soap, rest, tmp_path_factory):
    """The bundle after, with differences in it; both bundles running."""
    folder = tmp_path_factory.mktemp("planted") / "inventory"
    shutil.copytree(AFTER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    wrapper = folder / "wrapper.py"
    text = wrapper.read_text("utf-8")
    for old, new in (
        ('on_hand=reply["onHand"]', 'on_hand=reply["onHand"] + 1'),
        ('order=found["order"]', 'order=found["order"] + "-X"'),
        ("Units on hand, held and available for", "Units held, available and on hand for"),
    ):
        assert old in text
        text = text.replace(old, new)
    wrapper.write_text(text, "utf-8")
    write_lock(folder, make_lock(open_bundle(folder)))
    # Drops of their own: what the suite above has collected does not arrive again.
    before, after = (
        Standing(folder=where, environ=environ(tmp_path_factory.mktemp("drop"), old["WMS_URL"]))
        for where, old in ((BEFORE, soap), (folder, rest))
    )
    case = SwapCase(before=before, after=after, reads=READS[9:10], writes=[("place_hold", HOLD | {"order": "SO-9100"})])
    with (
        running(before, tmp_path_factory.mktemp("one")) as one,
        running(after, tmp_path_factory.mktemp("other")) as other,
    ):
        yield case, (one, other)


def test_another_surface_is_found_and_told(planted):
    """R19: which operation, and what callers would see otherwise."""
    with pytest.raises(AssertionError, match="get_stock: get_stock describes itself differently"):
        SwapContract().test_every_surface_is_equal(planted[0])


def test_other_tools_are_found(planted):
    with pytest.raises(AssertionError):
        SwapContract().test_the_same_tools_are_offered(planted[1])


def test_another_answer_is_found(planted):
    with pytest.raises(AssertionError, match=r"get_stock .* over rest"):
        SwapContract().test_the_same_calls_give_the_same_answers(*planted)


def test_a_write_that_ends_otherwise_is_found(planted):
    """The hold that comes back names another order: it is not confirmed."""
    with pytest.raises(AssertionError, match="place_hold"):
        SwapContract().test_the_same_writes_come_to_the_same_end(*planted)


def test_other_events_are_found(planted):
    """One event less is enough."""
    case, pair = planted
    one, other = pair
    assert one.events("stock_count")
    fewer = SimpleNamespace(events=lambda feed: other.events(feed)[1:])
    with pytest.raises(AssertionError, match="stock_count"):
        SwapContract().test_the_same_files_become_the_same_events(replace(case, feeds=["stock_count"]), (one, fewer))


def test_a_read_that_nobody_drives_is_found(planted):
    with pytest.raises(AssertionError, match="find_holds"):
        SwapContract().test_every_read_is_asked(*planted)


def test_the_wrapper_keeps_its_models():
    """R19: the swap changed the connection and the functions; what they return is the same file."""
    assert (AFTER / "models.py").read_bytes() == (BEFORE / "models.py").read_bytes()


def test_lock_tells_whether_the_swap_changes_what_callers_see(tmp_path):
    """R19: with the old lock in its folder, `lock --dry-run` names every surface that would be another."""
    folder = tmp_path / "inventory"
    shutil.copytree(AFTER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(BEFORE / "wrapper.lock", folder)
    around = Surroundings(Registry(), (), {})
    assert [said for said in lock_bundle(folder, around, dry_run=True) if "callers" in said] == []
    models = folder / "models.py"
    models.write_text(models.read_text("utf-8").replace("    held: int\n    available", "    held: str\n    available"))
    assert "get_stock is not what callers saw before" in lock_bundle(folder, around, dry_run=True)
    assert any("surface of" in finding.where for finding in check_folder(folder, around))
