"""Every operation of every stack's ledger, called through our adapter: one table for all of them."""

import pytest

from brownfield.contract import Failure
from brownfield.runtime.reader import whole
from servers.stack import STACKS

from .table import DIFFERENCES, ROWS, row_of


@pytest.fixture(params=STACKS)
def stack(request):
    return request.param


def outcome(far, row):
    """What the call answered, or the failure."""
    try:
        return whole(far.invoke(row.operation, row.fields), far.describe().operations[row.operation].rows)
    except Failure as failure:
        return failure


@pytest.mark.parametrize("name", ROWS)
def test_the_ledger_answers_as_the_table_says(connect, ledgers, stack, name):
    """And writes what it says, by the server's own log: one line, or none."""
    far, ledger, row = connect(stack), ledgers(stack), row_of(stack, name)
    before = ledger.writes()
    found = outcome(far, row)
    assert ledger.writes() == before + ([row.wrote] if row.wrote else [])
    if row.failure is None:
        assert found == (row.answer(len(before) + 1) if callable(row.answer) else row.answer)
    else:
        assert isinstance(found, row.failure), found
        assert (row.code, row.detail) in [(None, None), (getattr(found, "code", ""), getattr(found, "detail", {}))]


def test_the_table_calls_every_operation(connect, stack):
    assert {row.operation for row in ROWS.values()} == set(connect(stack).describe().operations)


def test_a_failure_tells_nothing_of_the_inside(connect, stack):
    """R16: no stack trace, no host name, whatever the server puts into its fault."""
    failure = outcome(connect(stack), row_of(stack, "a broken server"))
    told = f"{failure} {failure.detail}"
    assert [sign for sign in ("\n", "at java", ".java:", ".php", ".pl line", ".js:", "hostname") if sign in told] == []


def test_a_difference_is_one():
    """A stack that has learned to answer like the others is taken off the list."""
    assert [(stack, name) for stack, rows in DIFFERENCES.items() for name in rows
            if stack not in STACKS or row_of(stack, name) == ROWS[name]] == []  # fmt: skip
