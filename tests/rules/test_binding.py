"""The manifest's mapping language."""

import pytest

from brownfield.rules.binding import Unbound, bind, same_named

SCOPES = {"result": {"id": "H-1", "lines": [{"sku": "A-100"}]}, "arguments": {"sku": "A-100", "note": None}}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("result.id", "H-1"),
        ("arguments.note", None),
        ("result.lines.0.sku", "A-100"),
        (12, 12),
        (True, True),
        ({"literal": "result.id"}, "result.id"),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_a_string_is_a_path_and_all_else_itself(rule, value):
    """R103: what undoes a write is bound from what it answered."""
    assert bind({"x": rule}, SCOPES) == {"x": value}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("result.nope", "result has no “nope”"),
        ("result.id.deeper", "result.id has no “deeper”"),
        ("result.lines.1.sku", "result.lines has no “1”"),
        ("result", "begin with"),
        ("before.id", "begin with"),
        ("", "begin with"),
        ("__class__.x", "begin with"),
        ("result.__class__", "has no"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(path, said):
    """R97: the error says where the path breaks off."""
    with pytest.raises(Unbound, match=said) as caught:
        bind({"id": path}, SCOPES)
    assert caught.value.path == path


def test_same_named_arguments_are_passed():
    """R99: the state before is read with the arguments both operations have."""
    schema = {"properties": {"sku": {}, "site": {}}}
    assert same_named({"sku": "A", "units": 3, "site": "LYS"}, schema) == {"sku": "A", "site": "LYS"}
    assert same_named({"sku": "A"}, {}) == {}
