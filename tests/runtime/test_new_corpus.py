"""R15: `brownfield new` on every WSDL of the shared corpus that can be satisfied: a bundle that `check` accepts."""

import time

import pytest

from brownfield.rules.problem import Problem
from brownfield.runtime.drafting import draw, render, write
from brownfield.runtime.locking import check_folder
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry
from brownfield.runtime.wish import Wish

SECONDS = 15.0
"""Processor time for one bundle at most, drawn, locked and checked."""
BYTES = 12_000_000
"""Size of one at most, WSDL, pinned contract and samples together."""

pytestmark = pytest.mark.corpus


@pytest.mark.parametrize("shard", range(4))
@pytest.mark.parametrize("declared", ["nothing", "every call"])
def test_every_wsdl_becomes_a_bundle_that_check_accepts(corpus, tmp_path, shard, declared):
    """R5, R15, R28: with nothing exposed, and with every call declared a read, so that every schema is compiled."""
    around = Surroundings(Registry(), (), {})
    listed = (corpus / "wsdl" / "INDEX.tsv").read_text("utf-8").splitlines()[1:][shard::4]
    drawn = 0
    for number, path in enumerate(line.split("\t")[0] for line in listed):
        began = time.process_time()
        try:
            drawing = draw({"wsdl": str(corpus / "wsdl" / path)}, around)
        except Problem:
            continue  # which ones may fail is held by the adapter's own test
        reads = tuple(call.call for call in drawing.draft.calls) if declared == "every call" else ()
        folder = tmp_path / str(number) / "wms"
        write(folder, render(Wish("wms", "WMS", "o@example.com", "p@example.com", reads), drawing), around)
        findings = check_folder(folder, around)
        assert [str(one) for one in findings if one.level == "error"] == [], path
        assert {one.message for one in findings if one.level == "warning"} <= {"has no description"}, path
        samples = {file.stem for file in (folder / "samples").iterdir()}
        assert samples == {call.name for call in drawing.draft.calls}, path
        assert time.process_time() - began < SECONDS, path
        assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < BYTES, path
        drawn += 1
    assert drawn > 35
