"""A contract stays small enough to be stored, read and shown, whatever the WSDL."""

import time

import pytest

from brownfield.contract import canonical
from brownfield_soap.describe import contract
from brownfield_soap.model import Field, Model, Operation, Part, Record, Scalar
from brownfield_soap.reader import read


def wide(levels, width=8, kind="string"):
    """Records that refer to all records of the next level."""
    records = {}
    for level in range(levels):
        for number in range(width):
            last = level == levels - 1
            fields = [
                Field(f"f{one}", f"f{one}", Scalar(kind) if last else f"r{level + 1}.{one}", least=0)
                for one in range(width)
            ]
            records[f"r{level}.{number}"] = Record(f"R{level}x{number}", tuple(fields))
    part = Part("Get", "Get", "r0.0")
    operation = Operation("Get", "", rpc=False, request=part, reply=part, headers={}, faults=())
    return Model("S", "P", "", "urn:e", {"Get": operation}, records)


def test_the_schema_of_a_reply_is_cut_where_it_would_grow_too_large_and_that_of_a_request_is_not():
    shape = contract(wide(60)).operations["Get"]
    assert len(canonical(shape.output)) < 100_000 < len(canonical(shape.input))
    assert b'"x-cut"' in canonical(shape.output)
    assert b'"x-cut"' not in canonical(shape.input)


def test_a_change_below_the_cut_is_seen():
    before, after = (contract(wide(60, kind=kind)).operations["Get"].output for kind in ("string", "int"))
    assert before != after


def test_a_small_schema_is_whole():
    assert b"x-cut" not in canonical(contract(wide(3)).operations["Get"].output)


@pytest.mark.corpus
def test_exchange_is_a_few_megabytes_in_a_few_seconds(corpus):
    """101 operations over 774 types; without the cut the contract has 53 MB."""
    folder = corpus / "wsdl" / "WsdlToPhp+PackageEws365" / "wsdl"
    begun = time.process_time()
    found = contract(read(folder / "services.updated.wsdl", folder))
    assert len(canonical(found.model_dump())) < 16_000_000
    assert time.process_time() - begun < 10
