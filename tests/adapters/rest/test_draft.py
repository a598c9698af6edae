"""A document that nobody has read yet: what it becomes, and how it is refused."""

import json

import jsonschema_rs
import pytest

from brownfield.contract import Rejected, Unavailable
from brownfield_rest import adapter

SELF = {"type": "object", "properties": {"name": {"type": "string"}, "inner": {"$ref": "#/components/schemas/Tree"}}}

DOUBLING = "a0: &a0 {k: v}\n" + "".join(f"a{n}: &a{n} {{!!merge x: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 64))
"""Each line merges the one before it twice: it would unfold while it is read, and take all memory there is."""


def shape(connect, document):
    return connect(document).describe().operations["act"]


def referring(target):
    return {"openapi": "3.0.3", "paths": {"/x": {"get": {"responses": {"200": {"$ref": target}}}}}}


def drawn(tmp_path, content):
    path = tmp_path / "given"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return adapter.draft["openapi"]({"openapi": str(path)})


@pytest.mark.parametrize(
    ("version", "given", "found"),
    [
        ("3.0.3", {"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ("3.1.0", {"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ("3.0.3", {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
         {"type": "integer", "exclusiveMinimum": 0}),
        ("3.1.0", {"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "exclusiveMinimum": 0}),
        ("3.0.3", {"type": "number", "format": "double"}, {"type": "number", "format": "double"}),
        ("3.0.3", {"type": "string", "enum": ["a"], "nullable": True},
         {"type": ["string", "null"], "enum": ["a", None]}),
        ("3.0.3", {"oneOf": [{"type": "string"}, {"type": "integer"}]},
         {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ("3.0.3", {"type": "string", "example": "x", "xml": {"name": "y"}}, {"type": "string", "examples": ["x"]}),
    ],
)  # fmt: skip
def test_schemas_in_normal_form(connect, api, answering, version, given, found):
    document = api(answering({"type": "object", "properties": {"x": given}}), version=version)
    assert shape(connect, document).output["properties"]["x"] == found


def test_a_number_is_a_string_whose_content_is_a_number(connect, api, answering):
    """`money` and its like keep their digits; the bounds stay where they hold."""
    document = api(answering({"type": "object", "properties": {"x": {"type": "number", "minimum": 0}}}))
    x = shape(connect, document).output["properties"]["x"]
    assert (x["type"], x["contentMediaType"]) == ("string", "application/json")
    assert x["contentSchema"] == {"type": "number", "minimum": 0}


def test_all_of_is_one_closed_object(connect, api):
    parts = [{"$ref": "#/components/schemas/Base"}, {"type": "object", "properties": {"b": {"type": "string"}}}]
    operation = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"allOf": parts}}}}}
    base = {"type": "object", "properties": {"a": {"type": "string", "readOnly": True}, "c": {"type": "string"}},
            "required": ["a", "c"]}  # fmt: skip
    found = shape(connect, api(operation, method="post", components={"schemas": {"Base": base}})).input
    assert sorted(found["properties"]) == ["b", "c", "id"], "what the system alone sets is not asked for"
    assert sorted(found["required"]) == ["c", "id"]
    assert found["additionalProperties"] is False


def test_names_that_follow_a_pattern_are_let_through(connect, api):
    schema = {
        "type": "object",
        "patternProperties": {"^x-": {"type": "string"}},
        "properties": {"a": {"type": "string"}},
    }
    operation = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
    body = shape(connect, api(operation, method="post", version="3.1.0")).input["properties"]["body"]
    assert jsonschema_rs.is_valid(body, {"x-mark": "1"})


def test_a_schema_may_hold_itself(connect, api, answering):
    document = api(answering({"$ref": "#/components/schemas/Tree"}), components={"schemas": {"Tree": SELF}})
    output = shape(connect, document).output
    assert jsonschema_rs.is_valid(output, {"name": "a", "inner": {"name": "b", "inner": {"name": "c"}}})
    assert not jsonschema_rs.is_valid(output, {"inner": {"inner": {"name": 1}}})


def test_yaml_has_the_scalars_of_json(tmp_path):
    """`no` is Norway and a date is text, whatever YAML 1.1 says."""
    found = drawn(tmp_path, """
openapi: 3.0.3
info: {title: Ports API, version: 2024-01-01}
paths:
  /ports/{country}:
    get:
      operationId: listPorts
      summary: Ports of a country.
      parameters: [{name: country, in: path, required: true, schema: {type: string, enum: [no, on, "yes"]}}]
      responses: {200: {description: ok, content: {application/json: {schema: {type: array, items: {type: string}}}}}}
""")  # fmt: skip
    ports = found.contract.operations["listPorts"]
    assert ports.input["properties"]["country"]["enum"] == ["no", "on", "yes"]
    assert ports.rows == "items"
    assert (found.connection, [call.name for call in found.calls]) == ("ports", ["list_ports"])
    assert found.calls[0].guess == "looks like a read"


def test_what_it_cannot_call_is_left_out_with_the_reason(tmp_path, api):
    document = api()
    upload = {"content": {"multipart/form-data": {"schema": {"type": "object"}}}}
    document["paths"]["/files"] = {"post": {"operationId": "upload", "requestBody": upload, "responses": {"200": {}}}}
    found = drawn(tmp_path, document)
    assert list(found.contract.operations) == ["act"]
    assert "upload is left out: its body is multipart/form-data." in found.notes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"swagger": "2.0"}, "is Swagger 2.0; convert it"),
        ({"openapi": "3.2.0", "paths": {}}, "is OpenAPI 3.2.0"),
        ({"hello": 1}, "is no OpenAPI document"),
        ([], "is no OpenAPI document"),
        ("<html>Sign in</html>", "is HTML or XML"),
        ("a: 1\nb: [", "line 2: is neither JSON nor YAML"),
        ("!!python/object/apply:os.system ['true']", "is neither JSON nor YAML"),
        (DOUBLING, "is neither JSON nor YAML"),
        ({"openapi": "3.0.3", "paths": {}}, "has no operation that can be called"),
        (referring("other.yaml#/x"), "another file"),
        (referring("#/a/b"), "which is not there"),
        ({"openapi": "3.0.3", "a": {"$ref": "#/a"}, "paths": {"/x": {"$ref": "#/a"}}}, "in a circle"),
        ('{"openapi": "3.0.3", "paths": ' + '{"a":' * 300 + "1" + "}" * 301, "nested deeper"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_used_says_why(tmp_path, content, words):
    with pytest.raises(Rejected) as refusal:
        drawn(tmp_path, content)
    assert words in refusal.value.message


def test_a_small_yaml_that_unfolds_without_end_is_refused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(Rejected, match="more than"):
        drawn(tmp_path, "\n".join(lines))


def test_a_file_or_server_that_is_not_there(tmp_path):
    with pytest.raises(Rejected, match="No such file"):
        adapter.draft["openapi"]({"openapi": str(tmp_path / "none.yaml")})
    with pytest.raises(Unavailable):
        adapter.draft["openapi"]({"openapi": "http://127.0.0.1:9/openapi.json"})


def test_the_document_of_a_running_server_is_drawn(warehouse):
    found = adapter.draft["openapi"]({"openapi": f"{warehouse.url}openapi.json"})
    assert (found.settings["auth"], found.secrets) == ("basic", ("user", "password"))
    assert {call.name: call.guess for call in found.calls}["place_hold"] == "looks like a write"
