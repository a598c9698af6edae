"""What leaves the house."""

import json
import unicodedata

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.redaction import commit, hide, hide_schema, keep, plain

CUSTOMER = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "email": {"type": "string"}},
    "required": ["name", "email"],
    "additionalProperties": False,
}
SCHEMA = {
    "type": "object",
    "properties": {
        "owner": {"$ref": "#/$defs/Customer"},
        "payer": {"anyOf": [{"$ref": "#/$defs/Customer"}, {"type": "null"}]},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"cost": {}, "sku": {}}, "required": ["cost"]},
        },
        "margin": {"type": "number"},
    },
    "required": ["owner", "margin"],
    "additionalProperties": False,
    "examples": [{"owner": {"name": "n", "email": "e"}, "margin": 1}],
    "$defs": {"Customer": CUSTOMER},
}
DOCUMENT = {
    "owner": {"name": "Ada", "email": "ada@example.com"},
    "payer": {"name": "Bob", "email": "bob@example.com"},
    "lines": [{"cost": 1, "sku": "A"}, {"sku": "B"}],
    "margin": 0.3,
}


def test_a_hidden_field_leaves_no_trace_in_schema_and_output():
    """R4: absent from the schema, its required list and its examples, and from what comes back."""
    hidden = ["margin", "lines.cost", "owner.email"]
    schema, document = hide_schema(SCHEMA, hidden), hide(DOCUMENT, hidden)
    assert "margin" not in json.dumps(schema)
    assert "cost" not in json.dumps(schema)
    assert document["owner"] == {"name": "Ada"}
    assert document["lines"] == [{"sku": "A"}, {"sku": "B"}]
    assert jsonschema_rs.is_valid(schema, document)


def test_hiding_a_field_in_one_place_leaves_it_in_the_other():
    """R4: a shared definition is copied where it is changed."""
    schema = hide_schema(SCHEMA, ["owner.email"])
    assert "email" not in schema["properties"]["owner"]["properties"]
    assert "email" in schema["$defs"]["Customer"]["properties"]


def test_a_definition_that_nothing_uses_goes_too():
    """R4: no trace of the field is left."""
    schema = hide_schema(SCHEMA, ["owner.email", "payer.email"])
    assert "email" not in json.dumps(schema)
    assert "$defs" not in schema


def test_the_given_schema_and_document_stay_as_they_are():
    """R4: pure."""
    before = json.dumps([SCHEMA, DOCUMENT])
    hide_schema(SCHEMA, ["margin", "payer.email"])
    hide(DOCUMENT, ["margin", "payer.email"])
    commit(DOCUMENT, ["owner.email"], str.upper)
    assert json.dumps([SCHEMA, DOCUMENT]) == before


def test_a_field_that_is_not_there_is_no_error():
    """R4: an optional field may be hidden."""
    assert hide({"a": 1}, ["b.c", "a.x"]) == {"a": 1}
    assert hide_schema({"type": "object"}, ["b.c"]) == {"type": "object"}


def test_a_schema_that_refers_to_itself_can_be_redacted():
    """R4: a path is finite even where the schema is not."""
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "secret": {}}}
    schema = {"$ref": "#/$defs/Node", "$defs": {"Node": node}}
    hidden = hide_schema(schema, ["secret"])
    assert "secret" not in hidden["properties"]
    assert "Node" in hidden["$defs"]
    assert keep({"next": {"next": {"x": 1}}}, schema) == {"next": {"next": {"x": 1}}}


def test_lists_within_lists_without_end_can_be_redacted():
    """R4: a definition that is a list of itself."""
    tree = {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Tree"}}, {"properties": {"secret": {}, "a": {}}}]}
    schema = {"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}
    assert hide_schema(schema, ["secret"])["anyOf"][1] == {"properties": {"a": {}}}
    assert hide([[{"secret": 1, "a": 2}]], ["secret"]) == [[{"a": 2}]]


def test_a_reference_without_the_field_stays_a_reference():
    """R4: nothing is copied that need not be."""
    assert hide_schema(SCHEMA, ["payer.phone"]) == SCHEMA


@pytest.mark.parametrize(
    ("value", "committed"),
    [
        ("4471", {"commitment": "<4471>"}),
        (4471, {"commitment": "<4471>"}),
        (None, None),
        (["a", "b"], [{"commitment": "<a>"}, {"commitment": "<b>"}]),
        ({"b": 1, "a": 2}, {"commitment": '<{"a":2,"b":1}>'}),
    ],
)
def test_a_personal_value_enters_the_audit_as_a_commitment(value, committed):
    """R60, R100: not readable, and found by a question however it was sent."""
    assert commit({"account": value, "units": 3}, ["account"], lambda text: f"<{text}>") == {
        "account": committed,
        "units": 3,
    }


def test_personal_fields_are_found_within_lists():
    """R60: dotted paths go through arrays."""
    arguments = {"people": [{"name": "Ada", "age": 3}]}
    assert commit(arguments, ["people.name"], lambda _: "x") == {"people": [{"name": {"commitment": "x"}, "age": 3}]}


@pytest.mark.parametrize(
    ("schema", "document", "kept"),
    [
        ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1, "b": 2}, {"a": 1}),
        ({"properties": {"a": {}}}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"items": {"properties": {"a": {}}, "additionalProperties": False}}, [{"a": 1, "b": 2}], [{"a": 1}]),
        (SCHEMA, {"payer": {"name": "B", "ssn": "1"}, "x": 1}, {"payer": {"name": "B"}}),
        ({"patternProperties": {"^x": {}}, "additionalProperties": False}, {"x1": 1, "y": 2}, {"x1": 1}),
        ({"additionalProperties": {"properties": {}, "additionalProperties": False}}, {"k": {"z": 1}}, {"k": {}}),
        ({"additionalProperties": False}, None, None),
    ],
)
def test_what_the_output_schema_does_not_name_is_dropped(schema, document, kept):
    """R4, R60: an allow-list, wherever the schema is closed."""
    assert keep(document, schema) == kept


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A-100", '"A-100"'),
        ("", '""'),
        ("a\nb\tc", r'"a\nb\tc"'),
        ("\u202eevil", r'"\u202eevil"'),
        ("zero\u200bwidth", r'"zero\u200bwidth"'),
        ("tag\U000e0041", r'"tag\U000e0041"'),
        ("hidden\ufe0f", r'"hidden\ufe0f"'),
        ("filler\u3164", r'"filler\u3164"'),
        ("no\u00a0break", r'"no\u00a0break"'),
        ("\x1b[31mred", r'"\u001b[31mred"'),
        ('say "x" \\', r'"say \"x\" \\"'),
        ("Zoë 東京", '"Zoë 東京"'),
        ("x" * 80, '"' + "x" * 80 + '"'),
        ("x" * 81, '"' + "x" * 79 + '…"'),
    ],
)
def test_text_from_outside_is_made_safe_to_read(text, shown):
    """R100: what cannot be seen is written out, what is long is cut."""
    assert plain(text) == shown


@given(st.text(max_size=200), st.integers(10, 100))
def test_plain_text_is_short_visible_and_on_one_line(text, limit):
    """R100: whatever comes."""
    shown = plain(text, limit)
    assert len(shown) <= limit + 2
    assert len(shown.splitlines()) == 1
    assert all(unicodedata.category(character)[0] != "C" for character in shown)
