"""R15: `brownfield new` on every WSDL of the shared corpus that can be satisfied: a bundle that `check` accepts."""

import time
import tomllib

import pytest

from brownfield.rules.problem import Problem
from brownfield.runtime.drafting import draw, render, write
from brownfield.runtime.locking import check_folder
from brownfield.runtime.opening import Surroundings
from brownfield.runtime.registry import Registry
from brownfield.runtime.wish import Wish
from brownfield.wrapper.manifest import Manifest

SECONDS = 15.0
"""Processor time for one bundle at most, drawn, locked and checked."""
BYTES = 12_000_000
"""Size of one at most, WSDL, pinned contract and samples together."""

pytestmark = pytest.mark.corpus


def wish(*reads):
    return Wish("wms", "WMS", "o@example.com", "p@example.com", reads)


@pytest.mark.parametrize("shard", range(8))
def test_every_wsdl_becomes_a_bundle_that_check_accepts(corpus, tmp_path, shard):
    """R5, R15, R28: with every call declared a read, so that every schema is compiled; unless said, none is exposed."""
    around = Surroundings(Registry(), (), {})
    listed = (corpus / "wsdl" / "INDEX.tsv").read_text("utf-8").splitlines()[1:][shard::8]
    drawn = 0
    for number, path in enumerate(line.split("\t")[0] for line in listed):
        began = time.process_time()
        try:
            drawing = draw({"wsdl": str(corpus / "wsdl" / path)}, around)
        except Problem:
            continue  # which ones may fail is held by the adapter's own test
        calls = drawing.draft.calls
        plain = Manifest.model_validate(tomllib.loads(render(wish(), drawing)["wrapper.toml"].decode()))
        assert plain.operations.keys() == {call.name for call in calls}, path
        assert not any(table.effect for table in plain.operations.values()), path
        folder = tmp_path / str(number) / "wms"
        write(folder, render(wish(*(call.call for call in calls)), drawing), around)
        findings = check_folder(folder, around)
        assert [str(one) for one in findings if one.level == "error"] == [], path
        assert {one.message for one in findings if one.level == "warning"} <= {"has no description"}, path
        assert {file.stem for file in (folder / "samples").iterdir()} == {call.name for call in calls}, path
        assert time.process_time() - began < SECONDS, path
        assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < BYTES, path
        drawn += 1
    assert drawn > 15
