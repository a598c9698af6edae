"""Simple types: what their text means, and what is no value of theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield_soap.model import Facets, Scalar
from brownfield_soap.pattern import ecma
from brownfield_soap.scalar import read, schema, write


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", " +07 ", 7),
        ("unsignedLong", "18446744073709551615", 18446744073709551615),
        ("boolean", "1", True),
        ("boolean", " false", False),
        ("decimal", "+0012.3400", "+0012.3400"),
        ("decimal", ".5", ".5"),
        ("double", "-1.5E3", -1500.0),
        ("double", "NaN", "NaN"),
        ("dateTime", "12026-11-21T24:00:00Z", "12026-11-21T24:00:00Z"),
        ("dateTime", "2026-11-21T10:00:00.123456789", "2026-11-21T10:00:00.123456789"),
        ("duration", "P1DT2.5S", "P1DT2.5S"),
        ("gMonthDay", "--02-29", "--02-29"),
        ("string", " two  spaces ", " two  spaces "),
        ("token", " two \n spaces ", "two spaces"),
        ("base64Binary", " aG k= ", "aGk="),
        ("hexBinary", "0aFF", "0aFF"),
        ("NMTOKENS", "a b", ["a", "b"]),
    ],
)
def test_text_is_read_exactly(kind, text, value):
    assert read(Scalar(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "1_000"),
        ("int", "٣"),
        ("int", "1.0"),
        ("int", "\u00a07"),
        ("integer", "9" * 5000),
        ("boolean", "yes"),
        ("decimal", "1E3"),
        ("decimal", "NaN"),
        ("double", "1e999999"),
        ("double", "0x1p3"),
        ("date", "2026-13-01"),
        ("date", ""),
        ("time", "24:00:01"),
        ("dateTime", "2026-11-21 10:00:00"),
        ("duration", "P"),
        ("duration", "P1DT"),
        ("base64Binary", "a"),
        ("hexBinary", "abc"),
    ],
)
def test_text_outside_the_type_is_no_value_and_is_not_quoted(kind, text):
    with pytest.raises(ValueError) as caught:
        read(Scalar(kind), text)
    assert text not in str(caught.value) or len(text) < 2


@pytest.mark.parametrize(("kind", "value"), [("int", True), ("int", 1.5), ("int", "1"), ("boolean", 1), ("string", 1)])
def test_a_value_of_another_type_is_not_written(kind, value):
    with pytest.raises(ValueError):
        write(Scalar(kind), value)


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_survives_the_way_there_and_back(number):
    assert read(Scalar("long"), write(Scalar("long"), number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_survives_the_way_there_and_back(number):
    assert read(Scalar("double"), write(Scalar("double"), number)) == number


def test_a_list_and_a_union_follow_their_members():
    numbers = Scalar("list", members=(Scalar("int"),))
    either = Scalar("union", members=(Scalar("int"), Scalar("string", Facets(enumeration=("none",)))))
    assert read(numbers, " 1 2 ") == [1, 2]
    assert read(either, "5") == 5
    assert read(either, "none") == "none"
    assert schema(either)["anyOf"][1] == {"type": "string", "enum": ["none"]}


def test_an_enumeration_is_in_the_json_type_and_each_value_once():
    assert schema(Scalar("int", Facets(enumeration=("1", "01", "2"))))["enum"] == [1, 2]


@pytest.mark.parametrize(
    ("xsd", "expected"),
    [
        (r"[A-Z]-\d{3}", "^(?:[A-Z]-[0-9]{3})$"),
        (r"[\d.]+", "^(?:[0-9.]+)$"),
        (r"a^b$", r"^(?:a\^b\$)$"),
        (r"[^a$]", r"^(?:[^a\$])$"),
        (r"\i\c*", None),
        (r"\p{Lu}", None),
        (r"[a-z-[aeiou]]", None),
        (r"(", None),
    ],
)
def test_a_pattern_is_translated_or_left_alone(xsd, expected):
    assert ecma(xsd) == expected


def test_a_pattern_that_cannot_be_translated_is_still_shown():
    assert schema(Scalar("string", Facets(patterns=(r"\i\c*",)))) == {"type": "string", "x-xsd-pattern": [r"\i\c*"]}
