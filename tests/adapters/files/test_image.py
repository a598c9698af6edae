"""Records kept as they stand are the same events when they are rendered, whatever became of the bundle."""

from typing import TYPE_CHECKING

from drawn import placed

from brownfield.contract import Checkpoint
from brownfield_files import adapter
from brownfield_files.fixed.engine import engine
from brownfield_files.fixed.image import image_data, pin
from brownfield_files.fixed.row import Decoder
from brownfield_files.layout.encoding import encoding
from brownfield_files.layout.normal_form import Layout, RecordType, Table
from brownfield_files.record.frame import Batch

if TYPE_CHECKING:
    from conftest import Bench

LATIN = encoding("latin-1")


def test_a_feed_renders_later_what_it_renders_now(bench: "Bench") -> None:
    """R20: damaged records and other types are left out; the layout is all that is kept beside the records."""
    details = bench.details(80)
    details[3] = details[3][:8] + b"\xee" * 4 + details[3][12:]
    arrival = bench.write(bench.file(details))
    for chunk in bench.feed(chunk=30).collect(arrival, Checkpoint()):
        for kind in ("header", "detail", "trailer"):
            assert chunk.render is not None
            assert chunk.image is not None
            assert adapter.render is not None
            image, documents = chunk.image(kind), chunk.render(kind, "sku")
            assert list(image.numbers) == list(documents.numbers)
            assert image.adapter == adapter.name
            assert adapter.render(image.layout, kind, b"".join(image.pieces)) == documents.lines


def test_records_of_several_lengths_are_told_apart() -> None:
    """R20: variable records, a table that varies in them; a record of no bytes has no fields."""
    table = Table("t", 1, 2, 3, (placed("X(2)", "t"),), plain=True, counter="n")
    record = RecordType("detail", 7, (placed("9", "n"), table))
    layout = Layout(7, (record,))
    records = [b"0", b"2abcd", b"1\xe9 ", b"3aabbcc"]
    batch = Batch.of(4, 0, [(one + b"\n", one) for one in records])
    decoded = Decoder(layout, LATIN, engine()).decode(batch, ["detail"] * 4)
    assert decoded.damaged == []
    assert adapter.render is not None
    data = b"".join(image_data(batch, range(4)))
    assert adapter.render(pin(layout, LATIN), "detail", data) == decoded.documents("detail", "n").lines
