"""WSDLs from the world: every one of the shared corpus that can be satisfied becomes a contract, offline."""

from pathlib import Path

import jsonschema_rs
import pytest

from brownfield.contract import Failure, canonical
from brownfield_soap import adapter

UNSATISFIABLE = Path(__file__).with_name("unsatisfiable.tsv")
METASCHEMA = {"$schema": "https://json-schema.org/draft/2020-12/schema"}

pytestmark = pytest.mark.corpus


def table(path):
    return [line.split("\t") for line in path.read_text("utf-8").splitlines()[1:]]


def drafted(path):
    """The draft, or the failure's message."""
    try:
        return adapter.draft["wsdl"]({"wsdl": str(path)})
    except Failure as failure:
        return failure.message


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_):
        raise OSError("no network in this test")

    monkeypatch.setattr("socket.getaddrinfo", refuse)


@pytest.mark.parametrize("shard", range(4))
def test_every_wsdl_that_can_be_satisfied_becomes_a_contract(corpus, no_network, shard):
    missing = dict(table(UNSATISFIABLE))
    for path, *_ in table(corpus / "wsdl" / "INDEX.tsv")[shard::4]:
        found = drafted(corpus / "wsdl" / path)
        if path in missing:
            assert isinstance(found, str), f"{path} can be satisfied now: take it off the list"
            assert found.startswith("The WSDL ")
            continue
        assert not isinstance(found, str), f"{path}: {found}"
        operations = found.contract.operations.values()
        for operation in operations:
            for schema in (operation.input, operation.output, *(fault.detail for fault in operation.faults)):
                assert jsonschema_rs.meta.is_valid({**METASCHEMA, **schema})
                canonical(schema)
            jsonschema_rs.Draft202012Validator(operation.input)
            jsonschema_rs.Draft202012Validator(operation.output)
