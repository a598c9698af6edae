"""What a caller must not see."""

import json

import jsonschema_rs

from brownfield.wrapper.hiding import hide, hide_schema

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


def test_lists_within_lists_without_end_can_be_redacted():
    """R4: a definition that is a list of itself."""
    tree = {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Tree"}}, {"properties": {"secret": {}, "a": {}}}]}
    schema = {"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}}
    assert hide_schema(schema, ["secret"])["anyOf"][1] == {"properties": {"a": {}}}
    assert hide([[{"secret": 1, "a": 2}]], ["secret"]) == [[{"a": 2}]]


def test_a_reference_without_the_field_stays_a_reference():
    """R4: nothing is copied that need not be."""
    assert hide_schema(SCHEMA, ["payer.phone"]) == SCHEMA
