"""Validation problems that teach."""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.argument import explain

SCHEMA = {
    "type": "object",
    "properties": {
        "sku": {"type": "string", "pattern": "^[A-Z]-[0-9]{3}$", "examples": ["A-100"]},
        "site": {"enum": ["LYS", "PAR"]},
        "units": {"type": "integer", "minimum": 1, "maximum": 99},
        "note": {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
        "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "day": {"type": "string", "format": "date"},
        "to": {"$ref": "#/$defs/Address"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}, "maxItems": 2},
        "pin": {"type": "string", "writeOnly": True, "enum": ["s3cret"]},
        "many": {"enum": [f"V{number}" for number in range(50)]},
        "fixed": {"const": 3},
    },
    "required": ["sku", "site"],
    "additionalProperties": False,
    "$defs": {
        "Address": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "Line": {"type": "object", "properties": {"sku": {"type": "string"}}, "additionalProperties": False},
    },
}
VALID = {"sku": "A-100", "site": "LYS"}
VALIDATOR = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


def problems(arguments) -> tuple[dict, ...]:
    return explain(VALIDATOR.iter_errors(arguments), SCHEMA)


@pytest.mark.parametrize(
    ("arguments", "entry"),
    [
        ({"sku": "x"}, {"path": "sku", "message": "sku must match the pattern ^[A-Z]-[0-9]{3}$", "example": "A-100"}),
        (
            {"site": "LYON"},
            {
                "path": "site",
                "message": "site must be one of the allowed values",
                "allowed": ["LYS", "PAR"],
                "example": "LYS",
            },
        ),
        ({"units": 0}, {"path": "units", "message": "units must be 1 or more", "example": 1}),
        ({"units": 100}, {"path": "units", "message": "units must be 99 or less", "example": 1}),
        ({"units": "3"}, {"path": "units", "message": "units must be an integer", "example": 1}),
        ({"note": 3}, {"path": "note", "message": "note must be a string or null", "example": "tex"}),
        ({"note": "long"}, {"path": "note", "message": "note must have at most 3 characters", "example": "tex"}),
        ({"either": True}, {"path": "either", "message": "either must be a string or an integer", "example": "text"}),
        ({"day": "today"}, {"path": "day", "message": "day must be a valid date", "example": "2026-11-17"}),
        ({"to": {}}, {"path": "to.city", "message": "city is missing: a string is needed", "example": "text"}),
        ({"fixed": 4}, {"path": "fixed", "message": "fixed must be 3", "example": 3}),
        (
            {"lines": [{}, {"skus": 1}]},
            {"path": "lines[1].skus", "message": '"skus" is not a field here: did you mean sku?', "allowed": ["sku"]},
        ),
    ],
)
def test_each_problem_says_what_is_allowed_and_shows_an_example(arguments, entry):
    """R33, R34: a caller can mend its call from the answer alone."""
    assert problems(VALID | arguments) == (entry,)


def test_all_problems_come_at_once():
    """R34: one round, not one per field."""
    found = problems({"sight": 1, "units": 0, "lines": [{}, {}, {"q": 1}]})
    assert [entry["path"] for entry in found] == ["lines", "lines[2].q", "sight", "site", "sku", "units"]


def test_a_missing_field_names_what_is_needed():
    """R34: with its type, its values and an example."""
    (entry,) = problems({"sku": "A-100"})
    assert entry == {
        "path": "site",
        "message": 'site is missing: one of "LYS", "PAR" is needed',
        "allowed": ["LYS", "PAR"],
        "example": "LYS",
    }


def test_a_long_list_of_values_is_cut():
    """R89: at most 20."""
    (entry,) = problems(VALID | {"many": "W"})
    assert len(entry["allowed"]) == 20


@pytest.mark.parametrize("arguments", [{"sku": "hunter2" * 30}, {"note": ["hunter2"]}, {"pin": "hunter2"}, ["hunter2"]])
def test_the_value_that_was_sent_is_never_repeated(arguments):
    """R60: a secret in the wrong field does not come back in an error."""
    found = problems(VALID | arguments if isinstance(arguments, dict) else arguments)
    assert found
    assert "hunter2" not in json.dumps(found)
    assert "s3cret" not in json.dumps(found)


def test_an_unknown_field_is_shown_safely():
    """R33: its name is text from outside: quoted, visible, cut."""
    (entry,) = problems(VALID | {"a\u202e" + "x" * 300: 1})
    assert "\u202e" not in json.dumps(entry, ensure_ascii=False)
    assert len(entry["message"]) < 120


NAMES = st.sampled_from([*SCHEMA["properties"], "city"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 200) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SCHEMA["properties"], "city"]), inner)
    ),
    max_leaves=8,
)


@given(JSON)
def test_whatever_is_refused_is_explained(arguments):
    """R97: no problem without words."""
    found = problems(arguments)
    assert bool(found) is not VALIDATOR.is_valid(arguments)
    assert all(entry["message"] for entry in found)
