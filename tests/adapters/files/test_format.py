"""Every format that a library reads passes the suite of a feed, is drawn from a sample, and read through its layout."""

import dataclasses
import json
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from shelf import FIELDS, FILES, HEAD, START, Shelf, no_secret

import brownfield_files
from brownfield.contract import Opening, Rejected
from brownfield.testing import FeedAdapterContract, FeedCase
from brownfield_files import adapter
from brownfield_files.catalog import FORMATS, parser_of
from brownfield_files.feed import FilesFeed
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.setting import FilesSettings, FormatName

ROWS: list[list[Any]] = [[f"S-{n:04}", n, n + 0.5, "21.11.2026"] for n in range(5)]
BAD = ["S-9999", "many", 1, "21.11.2026"]


@pytest.fixture(params=list(FILES))
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, request.param, more=FILES[request.param][1])


def content(shelf: Shelf, rows: list[list[Any]]) -> bytes:
    return FILES[shelf.format][0](rows)


class TestFeed(FeedAdapterContract):
    """R20, R78: the suite that a third party's adapter would pass."""

    test_totals_are_exact = test_wrong_totals_are_refused_whole = None
    """These formats have no trailer: there is no total in the file."""

    @pytest.fixture
    def connection(self, shelf: Shelf) -> FeedCase:
        good, damaged = content(shelf, ROWS), content(shelf, [*ROWS[:3], BAD, *ROWS[3:]])
        whole = shelf.format == "excel"
        capabilities = {"resume", "settle"} if whole else {"resume", "settle", "damage"}
        settings = shelf.settings(marker="{name}.done")
        nowhere = settings.model_copy(update={"location": shelf.folder / "nowhere"})
        opening = Opening("shelf", shelf.folder, settings, no_secret)

        def put(name: str, raw: bytes) -> None:
            shelf.write(raw, name)
            shelf.write(b"", f"{name}.done")

        return FeedCase(
            adapter=dataclasses.replace(brownfield_files.adapter, capabilities=frozenset(capabilities)),
            opening=opening,
            put=put,
            begin=lambda name, raw: (shelf.write(raw, name), None)[1],
            good=good,
            other=content(shelf, ROWS[::-1]),
            truncated=good[:-10],
            damaged=damaged,
            damaged_record=None if whole else next(chunk for chunk in _raws(shelf, damaged)),
            name="one.in",
            second="two.in",
            unreachable=dataclasses.replace(opening, settings=nowhere),
            optional=("python_calamine", "lxml"),
        )

    def test_a_damaged_record_is_kept_whole(self, connection: FeedCase, opened: FilesFeed, shelf: Shelf) -> None:
        """A workbook has no bytes of a record to compare: of it the cells are kept."""
        if connection.damaged_record is not None:
            super().test_a_damaged_record_is_kept_whole(connection, opened)
            return
        [damage] = [damage for chunk in shelf.chunks(connection.damaged or b"") for damage in chunk.damaged]
        assert (damage.number, list(json.loads(damage.raw).values())[:2]) == (3, BAD[:2])


def _raws(shelf: Shelf, raw: bytes) -> list[bytes]:
    """The bytes of the bad record, found by eye and not by the reader."""
    ends = {"delimited": rb".*many.*\n", "json-lines": rb".*many.*\n", "xml": rb"<item><sku>S-9999.*?</item>"}
    return re.findall(ends[shelf.format], raw)


def test_each_format_has_a_row_in_the_table() -> None:
    assert set(FORMATS) == set(get_args(FormatName))
    assert set(FILES) <= set(FORMATS)


def test_all_formats_give_the_same_rows_of_the_same_records(shelf: Shelf) -> None:
    assert shelf.fields_of(content(shelf, ROWS)) == [
        {"sku": f"S-{n:04}", "on_hand": n, "price": f"{n}.50", "counted": "2026-11-21"} for n in range(5)
    ]


def test_documents_are_the_rows(shelf: Shelf) -> None:
    """R20: what is stored for a feed that is exposed as it is, is what its function would be given."""
    for chunk in shelf.chunks(content(shelf, [*ROWS, BAD])):
        assert chunk.render is not None
        documents = chunk.render("detail", "sku")
        assert [row.number for row in chunk.rows] == list(documents.numbers)
        assert [row.fields for row in chunk.rows] == [json.loads(line) for line in documents.lines.splitlines()]
        assert [row.fields["sku"] for row in chunk.rows] == list(documents.keys)
        assert chunk.render("other", "sku").lines == b""


def test_what_was_read_is_counted(shelf: Shelf) -> None:
    """R20: these formats state no totals; what was found is in every checkpoint, across a resume too."""
    raw = content(shelf, [*ROWS, BAD])
    chunks = shelf.chunks(raw)
    assert chunks[-1].checkpoint.totals == {"detail": {"found": 5}, "damaged": {"found": 1}}
    resumed = list(shelf.feed().collect(shelf.write(raw), chunks[0].checkpoint))
    assert resumed[-1].checkpoint.totals == chunks[-1].checkpoint.totals


def test_a_layout_that_changed_goes_on_with_no_file_of_the_old_one(shelf: Shelf) -> None:
    """R78: also where the schema of the records is the same, and only how they are written is not."""
    arrival = shelf.write(content(shelf, ROWS))
    first = next(shelf.feed().collect(arrival, START))
    shelf.fields = FIELDS.replace('date = "D.M.YYYY"', 'date = "DD.MM.YYYY"')
    with pytest.raises(Rejected, match="the layout changed") as refused:
        list(shelf.feed().collect(arrival, first.checkpoint))
    assert refused.value.code == "layout"


def test_an_empty_file_is_refused(shelf: Shelf) -> None:
    with pytest.raises(Rejected, match="empty") as refused:
        shelf.chunks(b"")
    assert refused.value.code == "empty"


def test_of_another_file_than_the_one_that_was_seen_no_chunk_is_given(shelf: Shelf) -> None:
    """R78: of several chunks not the first one either."""
    arrival = dataclasses.replace(shelf.write(content(shelf, ROWS)), sha256="0" * 64)
    with pytest.raises(Rejected, match="not the one that was seen") as refused:
        next(shelf.feed().collect(arrival, START))
    assert refused.value.code == "changed"


def test_a_file_that_is_not_whole_has_a_flaw_before_it_is_claimed(shelf: Shelf) -> None:
    feed = shelf.feed()
    for raw, whole in ((content(shelf, ROWS), True), (content(shelf, ROWS)[:-30], False), (b"", False)):
        shelf.write(raw)
        (sighting,) = feed.sightings()
        assert (feed.flaw(sighting) == "") is whole


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("scale", "scalee", 9, "did you mean `scale`?"),
        ('type = "integer"', 'type = "int"', 8, "'text', 'integer'"),
        ('type = "decimal", digits = 11, scale = 2', 'type = "decimal"', 9, "needs its `scale`"),
        ("length = 12", "digits = 12", 7, "`digits` does not go with type text"),
        ('date = "D.M.YYYY"', 'date = "D.M."', 10, "is no date"),
        ('name = "price"', 'name = "sku"', 6, "two fields have the name sku"),
        ("[records.detail]", "[recods.detail]", 4, "did you mean `records`?"),
    ],
)
def test_a_fault_of_a_layout_is_told_with_its_line_and_the_key_that_was_meant(
    shelf: Shelf, old: str, new: str, line: int, words: str
) -> None:
    """R15: as a person finds it."""
    shelf.fields = FIELDS.replace(old, new)
    with pytest.raises(LayoutError) as fault:
        shelf.feed()
    assert words in fault.value.reason
    assert fault.value.line == line


def test_what_is_of_fixed_width_files_alone_is_told(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="`framing` is of fixed-width files"):
        shelf.settings(framing="line")
    with pytest.raises(ValueError, match="`layout` is needed"):
        FilesSettings.model_validate({"format": shelf.format, "match": "*"})


def test_a_first_layout_is_drawn_from_a_sample_alone(shelf: Shelf, tmp_path: Path) -> None:
    """R15: its types are what all its values can be read as, and it reads the sample."""
    sample = tmp_path / "STOCK20261121.in"
    sample.write_bytes(content(shelf, ROWS))
    sample.with_name(f"{sample.name}.done").touch()
    draft = adapter.draft["file"]({"file": str(sample)})
    ((path, layout),) = draft.files.items()
    assert dict(draft.settings) == {
        "format": shelf.format,
        "layout": {"file": path},
        "location": {"env": "STOCK_DROP"},
        "match": "STOCK*.in",
        "marker": "{name}.done",
    }
    (record,) = tomllib.loads(layout.decode())["records"].values()
    assert [one["type"] for one in record["fields"]] == ["text", "integer", "decimal", "date"]
    assert (draft.feed, draft.key) == ("stock", "sku")
    (tmp_path / "first.toml").write_bytes(layout)
    again = adapter.draft["file"]({"file": str(sample), "layout": str(tmp_path / "first.toml")})
    assert (again.contract, again.key) == (draft.contract, draft.key)
    feed = shelf.feed(layout=tmp_path / "first.toml")
    rows = [row.fields for chunk in feed.collect(shelf.write(sample.read_bytes()), START) for row in chunk.rows]
    assert rows == [row | {"price": f"{n}.5000"} for n, row in enumerate(shelf.fields_of(content(shelf, ROWS)))]


def test_look_shows_each_value_with_its_text_and_its_meaning(shelf: Shelf) -> None:
    """R15: and what means nothing, with the reason."""
    assert adapter.look is not None
    shelf.write(content(shelf, [ROWS[1], BAD]))
    sights = list(adapter.look({"layout": str(shelf.layout()), "file": str(shelf.drop / "one.in")}))
    assert [(one.record, one.kind, one.name, one.picture, one.value) for one in sights[:4]] == [
        (0, "detail", "sku", "text", "S-0001"),
        (0, "detail", "on_hand", "integer", 1),
        (0, "detail", "price", "decimal(11,2)", "1.50"),
        (0, "detail", "counted", "date D.M.YYYY", "2026-11-21"),
    ]
    assert [one.raw for one in sights[:4]] == [b"S-0001", b"1", b"1.5", b"21.11.2026"]
    assert "'many' is no number" in sights[5].reason
    pictures = list(adapter.look({"layout": str(shelf.layout())}))
    assert [one.name for one in pictures] == list(HEAD)
    assert {one.record for one in pictures} == {-1}


def test_a_layout_says_of_which_format_it_is(shelf: Shelf) -> None:
    parser = parser_of(shelf.layout())
    assert parser is not None
    assert list(parser.contract().records) == ["detail"]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "kind", "records", "errors"),
    [
        ("slott56+Stingray-Reader/sample/Anscombe_quartet_data.csv", "delimited", 11, 0),
        ("slott56+Stingray-Reader/sample/Anscombe_quartet_data.ndjson", "json-lines", 11, 0),
        ("slott56+Stingray-Reader/sample/excel_workbook.xlsx", "excel", 0, 2),  # a column of errors
        ("slott56+Stingray-Reader/sample/csv_workbook.csv", "delimited", 2, 0),
        ("AbsaOSS+cobrix/data/test1_expected/test1.csv", "delimited", 0, 0),
        ("xlate+staedi/src/test/resources/x12/005010/837.xml", "xml", 10, 0),
    ],
)
def test_files_of_others_are_read_by_the_layout_that_they_suggest(
    shelf: Shelf, corpus: Path, tmp_path: Path, name: str, kind: str, records: int, errors: int
) -> None:
    """R15: what `new` writes of a sample reads that sample."""
    if shelf.format != kind:
        return
    sample = corpus / "batch" / name
    draft = adapter.draft["file"]({"file": str(sample)})
    assert draft.settings["format"] == kind
    (tmp_path / "first.toml").write_bytes(next(iter(draft.files.values())))
    chunks = list(shelf.feed(layout=tmp_path / "first.toml").collect(shelf.write(sample.read_bytes()), START))
    found = sum(len(chunk.rows) for chunk in chunks)
    assert found >= records
    assert [one.code for chunk in chunks for one in chunk.damaged] == ["error"] * errors
