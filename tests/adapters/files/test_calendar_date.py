"""Dates as old systems write them: two digits for the year, a digit for the century, the day of the year."""

from dataclasses import replace
from typing import Any

import pytest
from drawn import batch_of
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import validator_for

from brownfield_files.fixed.engine import Without, engine
from brownfield_files.fixed.row import Decoder
from brownfield_files.layout.calendar_date import NoDate, date_format
from brownfield_files.layout.encoding import encoding
from brownfield_files.layout.normal_form import Field, Layout, LayoutError
from brownfield_files.layout.toml_layout import parse_toml_layout
from brownfield_files.record.encode import DoesNotFit, encode_field, encode_record
from brownfield_files.record.schema import contract_of

EBCDIC = encoding("cp037")


def layout(picture: str, date: str, length: int, **more: Any) -> Layout:
    field = {"name": "day", "picture": picture, "date": date, **more}
    return parse_toml_layout({"length": length, "records": {"detail": {"fields": [field]}}})


@pytest.mark.parametrize(
    ("written", "digits", "day"),
    [
        ("YYYYMMDD", "20261121", "2026-11-21"),
        ("YYMMDD", "261121", "2026-11-21"),
        ("YYMMDD", "491231", "2049-12-31"),
        ("YYMMDD", "500101", "1950-01-01"),
        ("DDMMYY", "290224", "2024-02-29"),
        ("MMDDYYYY", "11212026", "2026-11-21"),
        ("YYDDD", "26325", "2026-11-21"),
        ("CYYDDD", "126325", "2026-11-21"),
        ("CYYMMDD", "0991231", "1999-12-31"),
        ("YYYYDDD", "2024366", "2024-12-31"),
    ],
)
def test_digits_are_a_day_and_back(written: str, digits: str, day: str) -> None:
    """R21: as the format says."""
    assert date_format(written, 50).read(digits) == day
    assert date_format(written, 50).write(day) == digits


@pytest.mark.parametrize(
    ("written", "digits"),
    [("YYMMDD", "20261121"), ("YYMMDD", "26 121"),
     ("YYYYMMDD", "00000000"), ("YYYYMMDD", "99999999"), ("YYYYMMDD", "20260230"), ("YYMMDD", "261301"),
     ("YYYYDDD", "2026366"), ("YYYYDDD", "2026000"), ("CYYDDD", "126000")],
)  # fmt: skip
def test_what_is_no_day_is_damage(written: str, digits: str) -> None:
    """R21: 30 February, month 13, day 366 of a common year, all zeros, all nines."""
    with pytest.raises(NoDate):
        date_format(written, 50).read(digits)


@pytest.mark.parametrize("picture", ["9(7)", "X(7)", "9(7) COMP-3", "9(7) COMP"])
def test_any_field_with_digits_may_hold_one(picture: str) -> None:
    """R21: with and without numpy the same, what is no day is damage with the field's name."""
    made = layout(picture, "YYYYDDD", 7)
    (record,) = made.records
    (field,) = record.parts
    images = [encode_record(record, {"day": day}, EBCDIC, 7) for day in ("2026-11-21", "1999-01-01")] * 20
    assert isinstance(field, Field)
    bad = encode_field(replace(field, date=None), "2026999", EBCDIC).ljust(7, b"\x40")
    for how in (engine(), Without()):
        found = Decoder(made, EBCDIC, how).decode(batch_of([*images, bad]), ["detail"] * 41)
        assert [row.fields["day"] for row in found] == ["2026-11-21", "1999-01-01"] * 20
        assert [(damage.field, damage.code) for damage in found.damaged] == [("day", "date")]
    schema = contract_of(made).records["detail"].fields
    assert validator_for(schema).is_valid({"day": "2026-11-21"})
    assert field.name == "day"


@given(day=st.dates(), written=st.sampled_from(["YYYYMMDD", "YYMMDD", "YYDDD", "CYYDDD", "DDMMYYYY"]))
def test_what_is_written_is_read_as_the_same_day(day: Any, written: str) -> None:
    """R21: or it is refused: 1949 has no place in YYMMDD with a pivot of 50."""
    form = date_format(written, 50)
    try:
        digits = form.write(day.isoformat())
    except NoDate:
        assert written != "YYYYMMDD"
        return
    assert form.read(digits) == day.isoformat()


@pytest.mark.parametrize(
    ("picture", "date", "reason"),
    [("9(8)", "YYYYMM", "is no date"), ("9(8)", "YYYY-MM-DD", "is no date"), ("9(6)", "YYYYMMDD", "cannot hold"),
     ("S9(8)", "YYYYMMDD", "cannot hold"), ("COMP-1", "YYMMDD", "day"), ("9(6)V99", "YYYYMMDD", "cannot hold")],
)  # fmt: skip
def test_a_format_must_tell_a_day_and_fit(picture: str, date: str, reason: str) -> None:
    """R21: a layout that is half understood would give wrong data."""
    with pytest.raises(LayoutError, match=reason):
        layout(picture, date, 8)


def test_what_is_no_date_is_not_written() -> None:
    """R21: nor is one that would be read as another."""
    (record,) = layout("9(6)", "YYMMDD", 6).records
    for value in ("1949-01-01", "2026-02-30", "tomorrow", 20261121):
        with pytest.raises(DoesNotFit, match="day"):
            encode_record(record, {"day": value}, EBCDIC)
