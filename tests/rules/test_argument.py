"""Validation problems that teach."""

import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.argument import carried, explain

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


@pytest.mark.parametrize("count", [21, 1000])
def test_a_caller_does_not_choose_how_long_the_explanation_is(count):
    """R33, R97: twenty are told and the rest is counted, however they are wrong."""
    *_, last = found = problems(VALID | {f"x{number:04}": 1 for number in range(count)})
    assert len(found) == 21
    assert last["message"] == ("there is 1 more" if count == 21 else f"there are {count - 20} more")
    lines = problems(VALID | {"lines": [{"x": number} for number in range(count)]})
    assert len(lines) == 21
    assert lines[-1]["message"].startswith("there are ")


def test_whole_numbers_are_carried_as_integers_or_not_at_all():
    """R34: what 64 bits of a float cannot hold has become another number on the way."""
    assert carried({"a": [2.0, 1e2, 2.5, True, "2.0"]}) == {"a": [2, 100, 2.5, True, "2.0"]}
    assert type(carried(2.0)) is int
    for number in (1e20, -1e20, 9007199254740993.0):
        with pytest.raises(ValueError, match="exactly"):
            carried({"a": [number]})


@pytest.mark.parametrize("kind", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_what_is_nested_too_deep_is_not_carried(kind):
    """R33: 64 levels are, 65 are not."""
    value = 1
    for _ in range(64):
        value = kind(value)
    assert carried(value) == value
    with pytest.raises(ValueError, match="64 levels"):
        carried(kind(value))
