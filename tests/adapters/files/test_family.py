"""Parents and children: an order and its lines, wherever a chunk ends and whatever is damaged."""

from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import validator_for

from brownfield.contract import Arrival, Checkpoint, Chunk, Limits, Opening, Rejected
from brownfield_files.feed import FilesFeed
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.layout.toml_layout import parse_toml_layout
from brownfield_files.setting import FilesSettings

LAYOUT = """\
length = 8
[records.order]
when = { kind = "O" }
fields = [{ name = "kind", picture = "X" }, { name = "number", picture = "9(3)" }]
[records.line]
when = { kind = "L" }
parent = "order"
fields = [{ name = "kind", picture = "X" }, { name = "sku", picture = "X(3)" }]
[records.lot]
when = { kind = "T" }
parent = "line"
fields = [{ name = "kind", picture = "X" }, { name = "lot", picture = "9(2)" }]
[records.note]
when = { kind = "N" }
fields = [{ name = "kind", picture = "X" }, { name = "text", picture = "X(7)" }]
"""


def collected(folder: Path, records: list[str], chunk: int, checkpoint: Checkpoint | None = None) -> list[Chunk]:
    (folder / "orders.toml").write_text(LAYOUT)
    content = "".join(f"{record:8}\n" for record in records).encode()
    location = Path(mkdtemp(dir=folder))
    (location / "ORD.TXT").write_bytes(content)
    how = FilesSettings(format="fixed-width", layout=folder / "orders.toml", location=location, match="*", chunk=chunk)
    feed = FilesFeed(Opening("orders", folder, how, lambda _: "", Limits()))
    for sighting in list(feed.sightings()):
        feed.claim(sighting)
    arrival = Arrival("ORD.TXT", len(content), sha256(content).hexdigest())
    chunks = list(feed.collect(arrival, checkpoint or Checkpoint()))
    schemas = {kind: validator_for(shape.fields) for kind, shape in feed.describe().records.items()}
    assert all(schemas[row.kind].is_valid(row.fields) for one in chunks for row in one.rows)
    return chunks


def told(chunks: list[Chunk]) -> list[Any]:
    found: list[Any] = [row for chunk in chunks for row in chunk.rows]
    found += [damage for chunk in chunks for damage in chunk.damaged]
    return [getattr(one, "code", "") or one.fields for one in sorted(found, key=lambda one: one.number)]


FILE = ["O001", "LA-1", "T07", "T08", "Nhello", "LB-2", "O002", "LC-3"]


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_a_line_holds_its_order(tmp_path: Path, chunk: int) -> None:
    """R25: three levels deep; records of other types do not disturb; wherever a chunk ends."""
    first, second = {"kind": "O", "number": 1}, {"kind": "O", "number": 2}
    a, b = {"kind": "L", "sku": "A-1", "order": first}, {"kind": "L", "sku": "B-2", "order": first}
    assert told(collected(tmp_path, FILE, chunk)) == [
        first, a, {"kind": "T", "lot": 7, "line": a}, {"kind": "T", "lot": 8, "line": a},
        {"kind": "N", "text": "hello"}, b, second, {"kind": "L", "sku": "C-3", "order": second},
    ]  # fmt: skip


@pytest.mark.parametrize("at", range(len(FILE)))
def test_a_file_is_resumed_with_its_open_parents(tmp_path: Path, at: int) -> None:
    """R20: they stand in the checkpoint."""
    whole = collected(tmp_path, FILE, 1)
    rest = collected(tmp_path, FILE, 1, whole[at].checkpoint)
    assert told(rest) == told(whole)[at + 1 :]
    assert [chunk.checkpoint for chunk in rest] == [chunk.checkpoint for chunk in whole[at + 1 :]]


@pytest.mark.parametrize(
    ("records", "codes"),
    [
        (["LA-1"], ["orphan"]),
        (["Oxxx", "LA-1", "T07", "O002", "LB-2"], ["zoned-sign", "orphan", "orphan", "", ""]),
        (["O001", "LA-1", "O002", "T07"], ["", "", "", "orphan"]),  # the lot belongs to no line of order 2
        (["O001", "?what", "LA-1", "O002", "LB-2"], ["", "record-type", "orphan", "", ""]),
    ],
)
def test_a_record_whose_parent_is_not_certain_is_damage(tmp_path: Path, records: list[str], codes: list[str]) -> None:
    """R21: never given to the wrong parent: an unreadable one, one of a type that cannot be told, one of before."""
    assert [code if isinstance(code, str) else "" for code in told(collected(tmp_path, records, 100))] == codes


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(st.sampled_from([*FILE, "Oxxx", "Lé", "?"]), min_size=1, max_size=90), chunk=st.integers(1, 60))
def test_it_does_not_matter_where_chunks_end(tmp_path: Path, records: list[str], chunk: int) -> None:
    """R20: nor that numpy takes large ones and the plain decoder small ones."""
    assert told(collected(tmp_path, records, chunk)) == told(collected(tmp_path, records, 1))


def test_what_is_kept_as_records_is_never_a_child(tmp_path: Path) -> None:
    """R20: its parent is in another record; and it is not corrected alone."""
    assert {chunk.image for chunk in collected(tmp_path, FILE, 3)} == {None}
    how = FilesSettings(format="fixed-width", layout=tmp_path / "orders.toml", location=tmp_path, match="*")
    with pytest.raises(Rejected, match="correct the file"):
        FilesFeed(Opening("orders", tmp_path, how, lambda _: "", Limits())).reread(0, b"LA-1    \n")


@pytest.mark.parametrize(
    ("parent", "reason"),
    [("nobody", "is no record type"), ("line", "is its own parent's parent"), ("sku", "is no record type")],
)
def test_a_parent_must_be_another_type(parent: str, reason: str) -> None:
    """R25: said when the layout is read."""
    fields = [{"name": "kind", "picture": "X"}, {"name": "sku", "picture": "X(3)"}]
    records = {"line": {"parent": parent, "fields": fields}}
    with pytest.raises(LayoutError, match=reason):
        parse_toml_layout({"length": 8, "records": records})
