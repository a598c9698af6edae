"""An example value for a schema."""

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.sample import sample


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "examples": ["A-100"]}, "A-100"),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 3}, 3),
        ({"type": "string"}, "text"),
        ({"type": "string", "minLength": 6}, "textxx"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "string", "pattern": "^[A-Z]-[0-9]{3,5}$"}, "A-000"),
        ({"type": "string", "pattern": r"^(?:LYS|PAR)-\d+(\.\d{2})?x*$"}, "LYS-0"),
        ({"type": "string", "pattern": "^[^0-9a]+$"}, "A"),
        ({"type": "string", "pattern": r"^-?\d{1,3}$"}, "0"),
        ({"type": "string", "format": "date"}, "2026-11-17"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "exclusiveMinimum": 7, "multipleOf": 5}, 10),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "boolean"}, True),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": ["null", "integer"]}, 1),
        ({"anyOf": [{"type": "string", "pattern": "(?=x)"}, {"type": "integer"}]}, 1),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "integer"}}}, 1),
        ({"properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({"allOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}], "type": "object"}, {"a": 1}),
    ],
)
def test_a_sample_is_the_plainest_value_that_fits(schema, value):
    """R27, R34: an example for every argument."""
    assert sample(schema) == value
    assert jsonschema_rs.is_valid(schema, sample(schema), validate_formats=True)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": "^(?=a)b$"},
        {"type": "string", "pattern": "(unclosed"},
        {"type": "string", "pattern": r"^\p{L}$"},
        {"type": "string", "pattern": "^a$", "minLength": 3},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "array", "items": {"type": "integer"}, "minItems": 2, "uniqueItems": True},
        {"$ref": "#/$defs/A", "$defs": {"A": {"properties": {"a": {"$ref": "#/$defs/A"}}, "required": ["a"]}}},
        {"$ref": "#/$defs/None"},
    ],
)
def test_where_none_can_be_made_there_is_none(schema):
    """R34: no example is better than a wrong one."""
    assert sample(schema) is None


PIECE = st.sampled_from(["a", "[A-F]", r"\d", r"\w{2}", "(x|y)", "(?:ab)?", "[^a]", r"\.", "0*", "[0-9]{2,4}", "-"])


@given(st.lists(PIECE, min_size=1, max_size=6).map(lambda pieces: f"^{''.join(pieces)}$"))
def test_the_patterns_that_systems_use_have_a_sample_that_fits(pattern):
    """R34: generated, then held against the validator."""
    schema = {"type": "string", "pattern": pattern}
    assert jsonschema_rs.is_valid(schema, sample(schema))


@given(st.integers(-20, 20), st.integers(0, 20), st.sampled_from([1, 2, 5, 7]), st.sampled_from(["integer", "number"]))
def test_a_number_within_bounds(low, width, step, kind):
    """R34: in range and on the step, or none."""
    schema = {"type": kind, "minimum": low, "maximum": low + width, "multipleOf": step}
    value = sample(schema)
    assert value is None or jsonschema_rs.is_valid(schema, value)
    assert value is not None or width < 2 * step


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 300_000_000},
        {"type": "array", "items": {"type": "integer"}, "minItems": 20_000_000},
        {"type": "string", "pattern": "^[A-Z]{50000000}$"},
        {"type": "string", "pattern": "^((A{900}){900}){900}$"},
    ],
)
def test_the_far_side_does_not_choose_how_large_an_example_is(schema):
    """R33: none is made that nobody would read."""
    assert sample(schema) is None
