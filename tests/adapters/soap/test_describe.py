"""What a WSDL promises, said as JSON Schema."""

import subprocess
import sys

import jsonschema_rs
import pytest

from brownfield.contract import Rejected, canonical


@pytest.fixture
def operations(clinic):
    return clinic.describe().operations


def patient(operations):
    return operations["GetPatient"].output["properties"]


def test_importing_the_adapter_imports_neither_zeep_nor_lxml():
    code = "import sys, brownfield_soap; sys.exit(any(name in sys.modules for name in ('zeep', 'lxml')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_zeep_the_connection_says_what_to_install():
    code = (
        "import sys; sys.modules['zeep'] = None\n"
        "import brownfield_soap, brownfield.contract as c\n"
        "from pathlib import Path\n"
        "opening = c.Opening('t', Path('.'), brownfield_soap.adapter.settings(wsdl='t.wsdl'), str)\n"
        "try: brownfield_soap.adapter.open(opening).describe()\n"
        "except c.Unavailable as error: print(error.message)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "pip install '.[soap]'" in ran.stdout


def test_describing_twice_gives_the_same_bytes(connect):
    first, second = (canonical(connect().describe().model_dump()) for _ in range(2))
    assert first == second


def test_every_schema_is_json_schema_2020_12(operations):
    for operation in operations.values():
        for schema in (operation.input, operation.output, *(fault.detail for fault in operation.faults)):
            assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_input_refuses_unknown_fields_and_keeps_facets_and_words(operations):
    schema = operations["GetPatient"].input
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["Id"]
    assert schema["properties"]["Id"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 99999,
        "description": "The number on the wristband.",
    }
    assert schema["properties"]["At"]["type"] == ["string", "null"]


def test_words_of_the_wsdl_are_on_one_line(operations):
    assert operations["GetPatient"].documentation == "Returns one patient."


def test_the_result_is_unwrapped(operations):
    assert patient(operations)["Id"]["type"] == "integer"
    assert operations["CountPatients"].output["properties"]["value"]["type"] == ["integer", "null"]
    assert operations["FindPatients"].output["properties"]["items"]["type"] == "array"


def test_a_long_list_of_records_is_rows(operations):
    assert operations["FindPatients"].rows == "items"
    assert operations["GetPatient"].rows is None


def test_a_decimal_is_text_with_its_limits_in_words(operations):
    weight = patient(operations)["Weight"]
    assert weight["type"] == "string"
    assert weight["description"] == "More than 0, at most 2 fraction digits."


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("Ward", {"type": "string", "enum": ["A1", "B2"]}),
        ("Codes", {"type": "array", "maxItems": 2, "items": {"type": "string", "pattern": "^(?:[A-Z]-[0-9]{3})$"}}),
        ("Photo", {"type": "string", "contentEncoding": "base64"}),
        ("Allergies", {"type": ["array", "null"], "items": {"type": ["string", "null"]}}),
        ("Smoker", {"type": "boolean"}),
        ("Name", {"type": "string", "maxLength": 40}),
        ("attr__Name", {"type": "string"}),
    ],
)
def test_each_kind_of_field_has_its_schema(operations, field, part):
    assert patient(operations)[field] == part


def test_a_type_that_contains_itself_is_a_definition(operations):
    schema = operations["GetPatient"].output
    kin = schema["properties"]["Kin"]["$ref"].rpartition("/")[2]
    assert schema["$defs"][kin]["properties"]["Kin"] == schema["properties"]["Kin"]


def test_simple_content_is_a_value_beside_its_attributes(operations):
    note = patient(operations)["Note"]
    assert note["maxItems"] == 3
    assert set(note["items"]["properties"]) == {"value", "lang"}


def test_a_declared_fault_has_a_typed_detail(operations):
    (fault,) = operations["GetPatient"].faults
    assert fault.name == "ClinicFault"
    assert set(fault.detail["properties"]) == {"Code", "Id"}


def test_a_port_can_be_chosen_and_a_wrong_one_is_answered_with_those_there_are(connect):
    assert list(connect(port="ClinicSoap12").describe().operations) == ["GetPatient"]
    with pytest.raises(Rejected, match=r"ClinicService/ClinicSoap12, ClinicService/ClinicSoap"):
        connect(port="Nowhere").describe()


@pytest.mark.parametrize("location", ["http://127.0.0.1:9/x.xsd", "file:///etc/passwd", "../../../../../etc/passwd"])
def test_nothing_outside_the_bundle_is_read(connect, tmp_path, location):
    """No network and no file outside the bundle while a bundle is read."""
    from brownfield.contract import Opening
    from brownfield_soap import adapter

    wsdl = tmp_path / "evil.wsdl"
    wsdl.write_text(
        '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" targetNamespace="urn:e"><types>'
        '<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:e">'
        f'<import namespace="urn:x" schemaLocation="{location}"/></schema></types></definitions>'
    )
    opened = adapter.open(Opening("evil", tmp_path, adapter.settings(wsdl=wsdl), str))
    with pytest.raises(Rejected, match=r"not in the bundle|outside the folder"):
        opened.describe()
