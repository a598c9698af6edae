"""NACHA by a layout of ours: payment files, their totals verified, the bad ones refused with a reason."""

import os
from collections import Counter
from hashlib import sha256
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from brownfield.contract import Arrival, Checkpoint, Limits, Opening, Rejected
from brownfield_files.feed import FilesFeed
from brownfield_files.setting import FilesSettings

pytestmark = [pytest.mark.corpus, pytest.mark.usefixtures("corpus")]

ROOT = Path(os.environ.get("BROWNFIELD_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")) / "batch"
LAYOUT = Path(__file__).parents[3] / "docs" / "examples" / "layouts" / "nacha.toml"
REFUSED = {
    "totals": 8,  # the trailer states other counts or another hash than the file holds
    "header": 8,  # fuzz, and files that begin in the middle on purpose
    "trailer": 4,  # cut short; not in lines (2); two files in one
}


def collected(path: Path, folder: Path) -> list[Any]:
    """The rows and the damage of a file, its totals verified."""
    (folder / path.stem).mkdir()
    content = Path(copy(path, folder / path.stem)).read_bytes()
    how = FilesSettings(format="fixed-width", layout=LAYOUT, location=folder / path.stem, match="*", encoding="latin-1")
    feed = FilesFeed(Opening("nacha", folder, how, lambda _: "", Limits()))
    for sighting in list(feed.sightings()):
        feed.claim(sighting)
    chunks = list(feed.collect(Arrival(path.name, len(content), sha256(content).hexdigest()), Checkpoint()))
    assert {total["state"] for total in chunks[-1].checkpoint.totals.values()} == {"verified"}
    return [one for chunk in chunks for one in (*chunk.rows, *chunk.damaged)]


def test_payment_files_are_read_or_refused_with_a_reason(tmp_path: Path) -> None:
    """R21: 86 of 106 files have every total right, two of them with damaged records; the others are refused."""
    found: Counter[str] = Counter()
    files = sorted((ROOT / "moov-io+ach").rglob("*.ach"))
    for number, path in enumerate(files):
        place = tmp_path / str(number)
        place.mkdir()
        try:
            rows = collected(path, place)
        except Rejected as rejected:
            found[rejected.code] += 1
            continue
        found["read"] += 1
        found["damaged"] += sum(hasattr(row, "raw") for row in rows)
    assert found == {"read": 86, "damaged": 5, **REFUSED}
    assert len(files) == 106


def test_an_entry_holds_its_batch(tmp_path: Path) -> None:
    """R25: what a consumer needs of a payment is in one event; lines of nines are no entries."""
    path = ROOT / "moov-io+ach" / "examples" / "testdata" / "ppd-debit.ach"
    rows = collected(path, tmp_path)
    (entry,) = (row.fields for row in rows if row.kind == "entry")
    assert (entry["amount"], entry["batch"]["entry_class"]) == ("2000000.00", "PPD")
    assert {row.kind for row in rows} == {"header", "batch", "entry", "batch_control", "trailer", "fill"}
