"""What differs between the pinned contract and the live one."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.contract import Contract, FaultShape, OperationShape, RecordShape
from brownfield.rules.comparison import compare
from brownfield.wrapper.lock import shape_of

INPUT = {
    "type": "object",
    "properties": {
        "Item": {"type": "string", "maxLength": 5, "description": "the item number"},
        "Status": {"enum": ["A", "B"]},
        "Lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
    },
    "required": ["Item"],
    "additionalProperties": False,
    "$defs": {
        "Line": {
            "type": "object",
            "properties": {"Qty": {"type": "integer", "minimum": 1}, "Sub": {"$ref": "#/$defs/Line"}},
            "required": ["Qty"],
        }
    },
}


def contract(schema=INPUT, output=INPUT, **more) -> Contract:
    return Contract(operations={"GetItem": OperationShape(input=schema, output=output, **more)})


def edited(path: str, value) -> dict:
    """The schema with one place changed; None takes it away."""
    schema = copy.deepcopy(INPUT)
    *steps, last = path.split("/")
    place = schema
    for step in steps:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return schema


NEW_SITE = {**INPUT["properties"], "Site": {"type": "string"}}


@pytest.mark.parametrize(
    ("schema", "where", "sent", "answered", "said"),
    [
        (edited("properties", NEW_SITE), ".Site", "nothing", "nothing", "the new optional field Site"),
        (edited("properties/Status", None), ".Status", "everything", "writes", "no longer"),
        (edited("properties/Item", None), ".Item", "everything", "everything", "no longer"),
        (edited("properties/Item/type", "integer"), ".Item", "everything", "everything", "from string to integer"),
        (edited("properties/Item/type", ["string", "null"]), ".Item", "nothing", "writes", "null or string"),
        (edited("properties/Status/enum", ["A", "B", "H"]), ".Status", "nothing", "writes", 'has the new value "H"'),
        (edited("properties/Status/enum", ["A"]), ".Status", "writes", "nothing", 'no longer has the value "B"'),
        (
            edited("properties/Item/maxLength", 9),
            ".Item",
            "nothing",
            "writes",
            "maxLength of the field Item from 5 to 9",
        ),
        (edited("properties/Item/maxLength", 3), ".Item", "writes", "nothing", "from 5 to 3"),
        (edited("properties/Item/maxLength", None), ".Item", "nothing", "writes", "from 5 to none"),
        (
            edited("properties/Item/pattern", "^A"),
            ".Item",
            "writes",
            "nothing",
            'pattern of the field Item from none to "^A"',
        ),
        (edited("required", []), ".Item", "nothing", "writes", "no longer"),
        (edited("required", ["Item", "Status"]), ".Status", "everything", "nothing", "now"),
        (edited("$defs/Line/properties/Qty/minimum", 0), ".Lines[].Qty", "nothing", "writes", "the field Lines.Qty"),
        (edited("additionalProperties", None), "", "nothing", "writes", "additionalProperties"),
        (edited("properties/Item/x-unknown", 1), ".Item", "everything", "everything", "x-unknown"),
    ],
)
def test_a_change_of_shape_is_weighed_by_the_way_it_goes(schema, where, sent, answered, said):
    """R21: what we send and what comes back do not break alike."""
    (change,) = compare(contract(), contract(schema=schema))
    assert (change.subject, change.kind, change.where, change.breaks) == ("GetItem", "shape", f"input{where}", sent)
    assert said in change.words
    (change,) = compare(contract(), contract(output=schema))
    assert (change.where, change.breaks) == (f"output{where}", answered)
    assert said in change.words


def test_a_new_required_field_is_said_in_words():
    """R21: typed failure, not wrong data, and a sentence that names the field."""
    schema = edited("properties", NEW_SITE) | {"required": ["Item", "Site"]}
    (change,) = compare(contract(), contract(schema=schema))
    assert change.words == "GetItem now requires the new field Site"
    assert change.breaks == "everything"


def test_operations_come_and_go():
    """R19: what is no longer offered stops; what is new is not exposed by itself."""
    one, other = contract(), Contract(operations={"GetStock": contract().operations["GetItem"]})
    assert [(change.breaks, change.words) for change in compare(one, other)] == [
        ("everything", "GetItem is no longer offered"),
        ("nothing", "GetStock is new"),
    ]


def test_changed_words_are_told_and_break_nothing():
    """R28: description change = diff and review."""
    schema = edited("properties/Item/description", "number of the item")
    changes = compare(contract(), contract(schema=schema, documentation="Reads an item."))
    assert [(change.kind, change.breaks, change.where) for change in changes] == [
        ("text", "nothing", ""),
        ("text", "nothing", "input.Item"),
    ]


def test_a_property_named_description_is_a_property():
    """R21: schema words and field names are not confused."""
    schema = edited("properties", {**INPUT["properties"], "description": {"type": "string"}})
    (change,) = compare(contract(), contract(schema=schema))
    assert (change.kind, change.where) == ("shape", "input.description")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"x-offset": 12}, {"x-offset": 14}, "STOCK moved the field QTY from 12 to 14"),
        ({"x-length": 5}, {"x-length": 6}, "STOCK changed x-length of the field QTY from 5 to 6"),
        ({"maxLength": 5}, {"maxLength": 6}, "maxLength"),
    ],
)
def test_anything_in_a_record_breaks_everything(old, new, said):
    """R21: a batch is read by position; a moved field makes every later byte mean something else."""
    before, after = (
        Contract(records={"STOCK": RecordShape(fields={"properties": {"QTY": one}})}) for one in (old, new)
    )
    (change,) = compare(before, after)
    assert change.breaks == "everything"
    assert said in change.words


def test_faults_and_the_long_list():
    """R16: a new way to say no is still a no; another list is another answer."""
    old = contract(faults=(FaultShape(name="NotFound"), FaultShape(name="Busy")), rows="Lines")
    new = contract(faults=(FaultShape(name="NotFound", detail={"type": "object"}), FaultShape(name="Locked")))
    found = {change.where: change.breaks for change in compare(old, new)}
    assert found == {
        "fault.Busy": "nothing",
        "fault.Locked": "nothing",
        "fault.NotFound": "nothing",
        "rows": "everything",
    }


def test_nothing_changed_is_nothing_said():
    """R19: no false alarm, whatever the order of the keys."""
    turned = {key: INPUT[key] for key in reversed(INPUT)}
    assert compare(contract(), contract(schema=turned)) == ()


FIELD = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", ["string", "null"]])},
    optional={
        "maxLength": st.integers(1, 3),
        "enum": st.lists(st.sampled_from("abc"), unique=True),
        "pattern": st.sampled_from(["a", "b"]),
        "description": st.sampled_from(["x", "y"]),
        "x-offset": st.integers(0, 2),
        "items": st.just({"type": "string"}),
        "anyOf": st.lists(st.just({"type": "string"}), max_size=2),
    },
)
OBJECT = st.builds(
    lambda fields, required, closed: {
        "type": "object",
        "properties": fields,
        "required": sorted(set(fields) & required),
        **({"additionalProperties": False} if closed else {}),
    },
    st.dictionaries(st.sampled_from(["A", "B", "description"]), FIELD),
    st.sets(st.sampled_from(["A", "B"])),
    st.booleans(),
)


@given(OBJECT, OBJECT)
def test_another_shape_is_always_told_and_the_same_never(old, new):
    """R21: no drift without a sentence, no sentence without a drift."""
    one, other = contract(schema=old), contract(schema=new)
    shapes = [change for change in compare(one, other) if change.kind == "shape"]
    differs = shape_of(one.operations["GetItem"]) != shape_of(other.operations["GetItem"])
    assert bool(shapes) is differs
    assert all(change.words for change in shapes)


@given(OBJECT, OBJECT)
def test_the_order_is_always_the_same(old, new):
    """R31: deterministic."""
    assert compare(contract(schema=old), contract(schema=new)) == compare(contract(schema=old), contract(schema=new))


def folded(kind, depth=64):
    """A schema whose every definition refers to the next one twice: written out, it would be 2**64 fields."""
    twice = {
        f"T{at}": {"type": "object", "properties": {name: {"$ref": f"#/$defs/T{at + 1}"} for name in "AB"}}
        for at in range(depth)
    }
    return {
        "type": "object",
        "properties": {"A": {"$ref": "#/$defs/T0"}},
        "$defs": twice | {f"T{depth}": {"type": kind}},
    }


def test_what_many_places_refer_to_is_compared_once():
    """R21: else a live description of a few lines keeps the watch, and whoever waits for it, busy for ever."""
    (change,) = compare(contract(folded("string")), contract(folded("integer")))
    assert change.breaks == "everything"
