"""What a declared field makes of a text, for every type, one by one and many at once."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from brownfield_files.format.cell import FieldTable, Style, cell
from brownfield_files.format.shape import check_names
from brownfield_files.record.decode import Broken

VALUES: list[tuple[dict[str, Any], str, Any]] = [
    ({"type": "text"}, " a ", " a "),
    ({"type": "text", "pattern": "[A-Z]-[0-9]+"}, "A-12", "A-12"),
    ({"type": "text", "values": ["open", "held"]}, "held", "held"),
    ({"type": "integer"}, " -12 ", -12),
    ({"type": "integer", "digits": 19}, "9" * 19, "9" * 19),
    ({"type": "integer", "padded": True}, "-007", -7),
    ({"type": "decimal", "scale": 2}, "+1.5", "1.50"),
    ({"type": "decimal", "scale": 2}, "-0.00", "0.00"),
    ({"type": "decimal", "scale": 2, "digits": 2}, ".25", "0.25"),
    ({"type": "date", "date": "D.M.YY", "pivot": 50}, "1.2.49", "2049-02-01"),
    ({"type": "date", "date": "D.M.YY", "pivot": 50}, "1.2.50", "1950-02-01"),
    ({"type": "timestamp"}, "2026-11-21 03:00:00.5", "2026-11-21T03:00:00.5"),
    ({"type": "timestamp"}, "2026-11-21T03:00Z", "2026-11-21T03:00Z"),
    ({"type": "boolean"}, "true", True),
    ({"type": "boolean", "true": "Y", "false": "N"}, "N", False),
    ({"type": "boolean"}, "", None),
]
BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "text", "pattern": "[A-Z]-[0-9]+"}, "A-12x", "pattern"),
    ({"type": "text", "pattern": "[A-Z]-[0-9]+"}, "xA-12", "pattern"),
    ({"type": "text", "values": ["open", "held"]}, "hel", "value"),
    ({"type": "text", "length": 3}, "abcd", "too-long"),
    ({"type": "text"}, "a\0", "nul"),
    ({"type": "text"}, "a\ud800", "encoding"),
    ({"type": "text", "required": True}, "", "missing"),
    ({"type": "integer"}, "-", "number"),
    ({"type": "integer"}, "007", "leading-zero"),
    ({"type": "integer", "digits": 2}, "100", "digits"),
    ({"type": "decimal", "scale": 2}, "1.505", "scale"),
    ({"type": "date"}, "2026-02-29", "date"),
    ({"type": "date", "date": "D.M.YYYY"}, "1/2/2026", "date"),
    ({"type": "timestamp"}, "2026-11-21", "timestamp"),
    ({"type": "timestamp"}, "20261121T030000", "timestamp"),
    ({"type": "timestamp"}, "2026-11-21T25:00:00", "timestamp"),
    ({"type": "boolean", "true": "Y", "false": "N"}, "true", "boolean"),
]


def made(table: dict[str, Any]) -> Any:
    return cell(FieldTable.model_validate({"name": "x"} | table))


@pytest.mark.parametrize(("table", "text", "value"), VALUES)
def test_a_text_is_the_value_that_is_declared(table: dict[str, Any], text: str, value: Any) -> None:
    """R20: alone and among others alike, and its schema says no less."""
    field = made(table)
    assert field.read(text) == value
    assert list(field.read_all([text, text])) == [value, value]
    assert list(field.read_all([text, ""])) == [value, None]
    assert Draft202012Validator(field.schema).is_valid(value)


@pytest.mark.parametrize(("table", "text", "code"), BROKEN)
def test_a_text_that_means_nothing_says_why(table: dict[str, Any], text: str, code: str) -> None:
    """R20: and one among others is not passed over."""
    field, good = made(table), next((value for kind, value, _ in VALUES if kind == table), "")
    for read in (lambda: field.read(text), lambda: field.read_all([good, text])):
        with pytest.raises(Broken) as broken:
            read()
        assert broken.value.code == ("missing" if good == "" and table.get("required") else code)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"type": "decimal", "scale": 3, "digits": 2}, "3 decimals do not fit 2 digits"),
        ({"type": "decimal"}, "needs its `scale`"),
        ({"type": "date", "date": "YYYY-MM-DDTHH"}, "is no date"),
        ({"type": "text", "pattern": "("}, "is no regular expression"),
        ({"type": "text", "true": "Y"}, "`true` does not go with type text"),
    ],
)
def test_a_field_that_cannot_be_read_so_is_refused(table: dict[str, Any], words: str) -> None:
    """R15: before any file comes."""
    with pytest.raises(ValidationError) as refused:
        made(table)
    assert words in str(refused.value)


def test_one_sign_is_not_both_the_decimal_sign_and_between_thousands() -> None:
    with pytest.raises(ValidationError, match="the same sign"):
        Style(decimal=",", thousands=",")


@pytest.mark.parametrize("name", ["Detail", "two words", "1st", "détail"])
def test_a_record_type_has_a_name_that_a_manifest_can_say(name: str) -> None:
    check_names(["detail"])
    with pytest.raises(ValueError, match="is no name of a record type"):
        check_names([name])
