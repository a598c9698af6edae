"""JSON lines: every number as it is written, members by their names, and what they are refused for."""

import json
from pathlib import Path

import pytest
from shelf import Shelf

from brownfield.contract import Rejected, Row


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path, "json-lines", item="item.sku")


GOOD = '{"item": {"sku": "A"}, "on_hand": 1}\n'


def test_a_line_is_a_record_and_its_numbers_are_exact(shelf: Shelf) -> None:
    """R20: no number becomes a float on its way; one that is written as a text is taken too."""
    lines = (
        '{"item": {"sku": "A"}, "on_hand": 5, "price": 999999999.99, "counted": "1.2.2026"}\n'
        '{"item": {"sku": "B"}, "on_hand": 1e3, "price": "0.1"}\n'
        '{"item": {"sku": "C"}, "price": null}\n'
    )
    assert shelf.rows(lines) == [
        Row(0, "detail", {"sku": "A", "on_hand": 5, "price": "999999999.99", "counted": "2026-02-01"}),
        Row(1, "detail", {"sku": "B", "on_hand": 1000, "price": "0.10", "counted": None}),
        Row(2, "detail", {"sku": "C", "on_hand": None, "price": None, "counted": None}),
    ]


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ('{"item": {"sku": 12}}', "sku", "type"),
        ('{"item": {"sku": true}}', "sku", "type"),
        ('{"item": {"sku": ["A"]}}', "sku", "type"),
        ('{"item": {}, "on_hand": 1}', "sku", "missing"),
        ('{"item": {"sku": "A"}, "on_hand": NaN}', "", "number"),
        ('{"item": {"sku": "A"}, "on_hand": -Infinity}', "", "number"),
        ('{"item": {"sku": "A"}, "on_hand": 1.5}', "on_hand", "scale"),
        ('{"item": {"sku": "A"}, "on_hand": 1e999999999}', "on_hand", "digits"),
        ('{"item": {"sku": "A"}, "on_hand": 1e99999999999999999999}', "on_hand", "number"),
        ('{"item": {"sku": "A"}, "on_hand": ' + "9" * 100_000 + "}", "on_hand", "digits"),
        ('{"item": {"sku": "A\\u0000"}}', "sku", "nul"),
        ('{"item": {"sku": "\\ud800"}}', "sku", "encoding"),
        ('{"item": {"sku": "A"}, "on_hand": 1, "on_hand": 2}', "", "twice"),
        ('{"item": {"sku": "A"}, "item.sku": "B"}', "", "twice"),
        ('[{"item": {"sku": "A"}}]', "", "json"),
        ('{"item": {"sku": "A"}} {}', "", "json"),
        ('{"item": ' + '{"sku": ' * 5_000 + "1" + "}" * 5_001, "", "depth"),
        ('{"item": ' + "[" * 100_000, "", "depth"),
    ],
)
def test_what_is_no_value_is_damage_with_its_bytes(shelf: Shelf, line: str, field: str, code: str) -> None:
    """R20, R33: it is kept whole, and every other line is a row."""
    content = f"{GOOD}{line}\n{GOOD}".encode()
    chunks = shelf.chunks(content, chunk=10)
    ((damage,),) = [chunk.damaged for chunk in chunks]
    assert (damage.number, damage.field, damage.code) == (1, field, code)
    assert damage.raw == f"{line}\n".encode()
    assert content[damage.offset :].startswith(damage.raw)
    assert [row.number for row in chunks[0].rows] == [0, 2]


def test_bytes_that_are_no_utf_8_are_damage(shelf: Shelf) -> None:
    (damage,) = shelf.damaged(b'{"item": {"sku": "\xff"}}\n' + GOOD.encode())
    assert damage.code == "encoding"


def test_members_that_are_not_the_layouts_are_drift_in_words(shelf: Shelf) -> None:
    """R20: one that is new, and one that no record has any more."""
    for line, words in (
        ({"item": {"sku": "A", "colour": "red"}}, "member 'item.colour' is new"),
        ({"item": {"sku_no": "A"}}, "member 'item.sku' is gone, and 'item.sku_no' is there: it may have been renamed"),
    ):
        with pytest.raises(Rejected) as refused:
            shelf.rows(json.dumps(line) + "\n")
        assert (refused.value.code, words in refused.value.message) == ("drift", True)
    shelf.table = 'undeclared = "ignore"'
    assert len(shelf.rows('{"item": {"sku": "A", "tags": [1, {"a": 2}]}}\n')) == 1


@pytest.mark.parametrize("end", ['{"item": {"sku": "B"', '{"item": {"sku": "B"}}\n{"item"', '{"item": {"sku": "B"},\n'])
def test_a_line_that_breaks_off_at_the_end_is_a_file_cut_short(shelf: Shelf, end: str) -> None:
    """R20: not one event of it."""
    with pytest.raises(Rejected, match="cut short"):
        shelf.chunks(GOOD + end)


def test_a_line_without_end_is_refused_before_it_is_read(shelf: Shelf) -> None:
    """R33."""
    with pytest.raises(Rejected, match="longer than"):
        shelf.chunks(GOOD + '{"item": "' + "A" * (2 << 20))


def test_a_record_can_be_corrected_alone(shelf: Shelf) -> None:
    (damage,) = shelf.damaged(GOOD + '{"item": {"sku": 12}}\n')
    assert shelf.feed().reread(7, damage.raw.replace(b"12", b'"12"')) == Row(
        7, "detail", {"sku": "12", "on_hand": None, "price": None, "counted": None}
    )
