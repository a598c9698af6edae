"""WSDLs from the world: every fourth of the shared corpus."""

import os
from pathlib import Path

import jsonschema_rs
import pytest

from brownfield.contract import Failure, Opening, canonical
from brownfield_soap import adapter

ROOT = Path(__file__).parents[4]
CORPUS = Path(os.environ.get("BROWNFIELD_CORPUS", ROOT / "shared" / "corpus")) / "wsdl"
STEP = 4
METASCHEMA = {"$schema": "https://json-schema.org/draft/2020-12/schema"}

pytestmark = [pytest.mark.corpus, pytest.mark.usefixtures("corpus")]


def sample():
    index = CORPUS / "INDEX.tsv"
    rows = [line.split("\t") for line in index.read_text("utf-8").splitlines()[1:]]
    return [{"path": row[0], "plain": row[6]} for row in rows[::STEP]]


def described(path):
    """The contract, or the failure's message."""
    bundle = CORPUS / Path(path).parts[0]
    opened = adapter.open(Opening("far", bundle, adapter.settings(wsdl=CORPUS / path), str))
    try:
        return opened.describe()
    except Failure as failure:
        return failure.message
    finally:
        opened.close()


def test_most_wsdls_become_a_contract_and_the_others_say_why(capsys):
    rows = [(row, described(row["path"])) for row in sample()]
    failed = [(row["path"], found) for row, found in rows if isinstance(found, str)]
    readable = [found for row, found in rows if row["plain"] == "OK"]
    with capsys.disabled():
        print(
            f"\ncorpus: {len(rows) - len(failed)} of {len(rows)} describe; of the {len(readable)} that plain zeep "
            f"reads, {sum(not isinstance(found, str) for found in readable)}"
        )
    for _, found in rows:
        for operation in {} if isinstance(found, str) else found.operations.values():
            for schema in (operation.input, operation.output, *(fault.detail for fault in operation.faults)):
                assert jsonschema_rs.meta.is_valid({**METASCHEMA, **schema})
                jsonschema_rs.Draft202012Validator(schema)
                canonical(schema)
    assert all(message.startswith("The WSDL ") for _, message in failed)
    assert len(rows) - len(failed) >= 26
