"""Paths of the manifest through schemas."""

import pytest

from brownfield.wrapper.path import lost

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}},
        "maybe": {"anyOf": [{"$ref": "#/$defs/Row"}, {"type": "null"}]},
        "any": {},
        "cut": {"type": "object", "x-cut": "1a2b"},
        "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        "self": {"$ref": "#/$defs/Node"},
    },
    "anyOf": [{"required": ["id"]}, {"maxProperties": 0}],
    "$defs": {
        "Row": {"type": "object", "properties": {"qty": {"type": "integer"}}},
        "Node": {"anyOf": [{"$ref": "#/$defs/Node"}, {"properties": {"next": {"$ref": "#/$defs/Node"}}}]},
    },
}


@pytest.mark.parametrize("path", [
    "result.id", "result.rows.0.qty", "result.maybe.qty", "result.any.thing.at.all", "result.cut.x", "result.map.key",
    "result.self.next.next",
])  # fmt: skip
def test_a_path_that_can_lead_somewhere(path):
    assert lost(path, {"result": SCHEMA}) == ""


@pytest.mark.parametrize(("path", "said"), [
    ("result", "is no path: begin with result."),
    ("id", "is no path"),
    ("before.id", "is no path"),
    ("result.ids", "result has no `ids`, did you mean `id`"),
    ("result.id.more", "result.id has no `more`"),
    ("result.rows.qty", "result.rows has no `qty`"),
    ("result.rows.0.qtty", "did you mean `qty`"),
    ("result.self.other", "result.self has no `other`"),
])  # fmt: skip
def test_a_path_that_leads_nowhere(path, said):
    assert said in lost(path, {"result": SCHEMA})
