"""The lock: four fingerprints, each of which changes for its own reason only."""

from brownfield.contract import FaultShape, OperationShape, RecordShape
from brownfield.wrapper.lock import (
    Lock,
    Pinned,
    read_lock,
    shape_of,
    sources,
    surface_of,
    text_of,
    wordless,
    write_lock,
)

INPUT = {
    "type": "object",
    "properties": {"description": {"type": "string", "description": "a field named so"}},
    "additionalProperties": False,
}
SHAPE = OperationShape(input=INPUT, output={"type": "object"}, documentation="Reads.")


def changed(**fields):
    return SHAPE.model_copy(update=fields)


def test_words_change_the_text_and_not_the_shape():
    other = changed(documentation="Reads more.")
    assert shape_of(other) == shape_of(SHAPE)
    assert text_of(other) != text_of(SHAPE)


def test_a_schema_or_a_fault_changes_the_shape():
    """R21, R35: a contract that changes is noticed."""
    closed = {"type": "object", "additionalProperties": False}
    assert shape_of(changed(output=closed)) != shape_of(SHAPE)
    assert shape_of(changed(faults=(FaultShape(name="NotFound"),))) != shape_of(SHAPE)


def test_a_property_named_description_is_no_word():
    assert wordless(INPUT)["properties"] == {"description": {"type": "string"}}


def test_a_records_shape_is_that_of_its_fields():
    one = RecordShape(fields={"type": "object", "properties": {"sku": {"type": "string"}}})
    two = RecordShape(fields={"type": "object", "properties": {"sku": {"type": "integer"}}})
    assert shape_of(one) != shape_of(two)


def test_a_description_is_part_of_the_surface():
    """R28: a changed description is a change to review."""
    schemas = {"input": INPUT, "output": {}}
    assert surface_of("a", "read", "Reads.", schemas) != surface_of("a", "read", "Reads!", schemas)
    assert surface_of("a", "read", "Reads.", schemas) != surface_of("a", "write", "Reads.", schemas)


def test_a_lock_is_written_in_one_form(tmp_path):
    lock = Lock(wrapper="stock", calls={"b": {"X": Pinned(shape="1", text="2")}, "a": {}}, surface={"z": "1", "a": "2"})
    write_lock(tmp_path, lock)
    first = (tmp_path / "wrapper.lock").read_bytes()
    write_lock(tmp_path, read_lock(tmp_path))
    assert (tmp_path / "wrapper.lock").read_bytes() == first
    assert first.index(b'"a"') < first.index(b'"b"')


def test_sources_are_all_that_decides_what_it_does(tmp_path):
    """R35: the manifest, the code and the vendored files; its tests decide nothing."""
    for name in ("wrapper.toml", "wrapper.py", "deep/part.py", "tests/test_it.py", ".venv/x.py", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "contract" / "sub").mkdir(parents=True)
    (tmp_path / "contract" / "sub" / "types.xsd").write_bytes(b"x")
    (tmp_path / "contract" / "wms.contract.json").write_bytes(b"{}")
    assert list(sources(tmp_path)) == ["contract/sub/types.xsd", "deep/part.py", "wrapper.py", "wrapper.toml"]
