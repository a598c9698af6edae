"""What was told is what was found when both mean the same, and the schema says that they mean anything."""

import jsonschema_rs
import pytest

from brownfield.rules.sameness import same

DECIMAL = {"type": "string", "pattern": r"^(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))$"}
MOMENT = {
    "type": "string",
    "pattern": r"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)$",
}
TEXT = {"type": "string"}
NULLABLE = {**DECIMAL, "type": ["string", "null"]}
LONG = "9" * 300


def takes(schema):
    return jsonschema_rs.Draft202012Validator(schema).is_valid


@pytest.mark.parametrize(
    ("schema", "told", "found"),
    [
        (TEXT, "A-1", "A-1"),
        (DECIMAL, "10.5", "10.50"),
        (DECIMAL, "10", "10.00"),
        (DECIMAL, 10.5, "10.50"),
        (DECIMAL, "-0", "0.0"),
        (NULLABLE, "+.5", "0.50"),
        ({"type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$"}, "49.9", "49.90"),
        ({"anyOf": [{"type": "number"}, DECIMAL]}, "10.5", "10.50"),
        (MOMENT, "2026-11-21T12:00:00Z", "2026-11-21T13:00:00+01:00"),
        (MOMENT, "2026-11-21T12:00:00", "2026-11-21T12:00:00.000"),
    ],
)
def test_values_that_mean_the_same_are(schema, told, found):
    assert same(told, found, takes(schema))


@pytest.mark.parametrize(
    ("schema", "told", "found"),
    [
        (TEXT, "7", "007"),
        ({"type": "string", "pattern": "^[0-9]{3}$"}, "070", "70"),
        ({"type": "string", "pattern": "^[0-9.]*$"}, "1.0", "1.00"),
        (TEXT, "10.5", "10.50"),
        (DECIMAL, "10.5", "10.51"),
        (DECIMAL, "10.5", None),
        (DECIMAL, True, "1"),
        (DECIMAL, LONG, LONG + ".0"),
        (DECIMAL, "1e1", "10"),
        (DECIMAL, "\u0661\u0660", "10"),
        (MOMENT, "2026-11-21T12:00:00Z", "2026-11-21T12:00:00"),
        (MOMENT, "2026-11-21T12:00:00.1234567Z", "2026-11-21T12:00:00.1234568Z"),
        (MOMENT, "2026-11-21T24:00:00", "2026-11-22T00:00:00"),
    ],
    ids=str,
)
def test_values_that_do_not_or_of_which_nobody_says_so_are_not(schema, told, found):
    """A version 1.0 and a code 007 are texts: the schema takes others that are no numbers."""
    assert not same(told, found, takes(schema))
