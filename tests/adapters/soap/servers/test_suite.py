"""The suite that every call adapter passes, with each stack's server at the far end."""

import dataclasses

import pytest

import brownfield_soap
from brownfield.contract import Limits, Opening, Unavailable
from brownfield.runtime.opening import read_connection_settings
from brownfield.testing import CallAdapterContract, CallCase
from brownfield.wrapper.bundle import open_bundle
from servers.stack import STACKS

from .conftest import surroundings
from .table import row_of


def no_secret(name):
    raise Unavailable(f"there is no secret {name}")


def sample(ledger, name):
    row = row_of(ledger.name, name)
    return row.operation, row.fields


SAME = {"spyne", "php-1.2", "jaxws-mtom"}
"""Servers that another name runs too; the table calls all of them."""


@pytest.fixture(scope="module", params=[name for name in STACKS if name not in SAME])
def ledger(request, ledgers):
    return ledgers(request.param)


class TestLedger(CallAdapterContract):
    test_a_missing_secret_is_unavailable = None
    """These servers ask for no password; `tests/testing/test_adapter.py` has one that does."""

    @pytest.fixture
    def connection(self, ledger):
        bundle = open_bundle(ledger.bundle)
        ((name, table),) = bundle.manifest.connections.items()
        adapter = brownfield_soap.adapter
        environ = surroundings(ledger.url).environ
        settings = read_connection_settings(ledger.bundle, name, table, adapter, environ)
        nobody = settings.model_copy(update={"endpoint": "http://127.0.0.1:9/"})
        opening = Opening(name, ledger.bundle, settings, no_secret, Limits(deadline=10.0))
        streams = bundle.contracts[name].operations["ListEntries"].rows is not None
        return CallCase(
            adapter=adapter,
            opening=opening,
            read=sample(ledger, "a closed account"),
            rejected=sample(ledger, "no account"),
            rows=sample(ledger, "three entries") if streams else None,
            slow=("SlowReport", {"Seconds": 2}),
            unreachable=dataclasses.replace(opening, settings=nobody),
            optional=("zeep", "lxml"),
        )

    def test_a_long_list_is_streamed(self, connection, opened):
        """The items of a SOAP-encoded array may be nil, so that they are a list and no rows."""
        if connection.rows is None:
            assert 'base="soapenc:Array"' in connection.opening.settings.wsdl.read_text("utf-8")
        else:
            super().test_a_long_list_is_streamed(connection, opened)
