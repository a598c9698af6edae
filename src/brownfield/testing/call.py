"""The suite that a call adapter passes. Inherit it and give one fixture.

class TestSoap(CallAdapterContract):
    @pytest.fixture
    def connection(self, warehouse):
        return CallCase(
            adapter=brownfield_soap.adapter,
            opening=Opening("wms", FOLDER, SoapSettings(wsdl=…, endpoint=warehouse.url), secret),
            read=("GetStock", {"ItemNo": "A-100", "Whse": "LYON"}),
            rejected=("GetItem", {"ItemNo": "Z-999"}),
        )
"""

import copy
import dataclasses
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from brownfield.contract import (
    CallAdapter,
    Contract,
    Drifted,
    Failure,
    Fields,
    Limits,
    Opening,
    Rejected,
    Reply,
    Unavailable,
    Uncertain,
)
from brownfield.runtime.reader import whole
from brownfield.testing.case import CallCase, Kind, Sample
from brownfield.testing.descriptor import AdapterContract, DescriptionContract, capable, connected
from brownfield.testing.observation import TRACES, misplaced_floats, not_plain, open_objects, outside, said

FOUR = (Rejected, Unavailable, Uncertain, Drifted)
DEADLINE = 0.5
"""Seconds that a slow call is given."""
GRACE = 2.0
"""Seconds that giving it up may take."""


def _ask(far: CallAdapter, sample: Sample) -> Reply:
    """Make a call with fields of its own, so that one test cannot spoil them for the next."""
    operation, fields = sample
    return far.invoke(operation, dict(fields))


def _answer(far: CallAdapter, sample: Sample) -> dict[str, Any]:
    return whole(_ask(far, sample), far.describe().operations[sample[0]].rows)


def _failure(far: CallAdapter, operation: str, fields: Fields) -> BaseException | None:
    """What a call raises, whatever that is; reads the reply to its end where there is one."""
    try:
        reply = _ask(far, (operation, fields))
        for _ in reply.rows or ():
            pass
    except Exception as error:  # noqa: BLE001  # which error it is, is the question
        return error
    return None


def _provoked(case: CallCase, opening: Opening[Any]) -> Iterator[tuple[str, BaseException]]:
    """Failures of every sort that can be had from outside."""
    operation, fields = case.read
    tries: list[tuple[str, Sample | None]] = [
        ("an unknown operation", (case.unknown, {})),
        ("an unknown field", (operation, {**fields, "no_such_field": "x"})),
        ("fields of the wrong kind", (operation, {name: [{"no": ["such"]}] for name in fields} or {"x": 1})),
        ("a refusal", case.rejected),
    ]
    with connected(case, opening) as far:
        for words, sample in tries:
            if sample and (error := _failure(far, *sample)):
                yield words, error
    if case.unreachable:
        with connected(case, dataclasses.replace(case.unreachable, secret=opening.secret)) as far:
            if error := _failure(far, operation, fields):
                yield "nobody there", error


def _listening(opening: Opening[Any], heard: set[str]) -> Opening[Any]:
    """The same opening, that remembers every secret it gives."""

    def secret(name: str) -> str:
        value = opening.secret(name)
        heard.add(value)
        return value

    return dataclasses.replace(opening, secret=secret)


class InvocationContract:
    """What `invoke` gives when the system answers."""

    def test_inputs_are_closed(self, opened: CallAdapter) -> None:
        """What the contract does not name is not sent."""
        operations = opened.describe().operations
        found = {name: open_objects(shape.input) for name, shape in operations.items()}
        assert not {name: places for name, places in found.items() if places}

    def test_the_samples_are_in_the_contract(self, connection: CallCase, opened: CallAdapter) -> None:
        """A suite that asks for other things than the contract offers would test nothing."""
        described: Contract = opened.describe()
        for operation, fields in filter(None, (connection.read, connection.rejected, connection.rows, connection.slow)):
            assert operation in described.operations
            assert outside(fields, described.operations[operation].input) == []
        assert connection.unknown not in described.operations

    def test_a_reply_is_what_describe_says(self, connection: CallCase, opened: CallAdapter) -> None:
        """Every reply meets the output schema of its operation."""
        for sample in filter(None, (connection.read, connection.rows)):
            shape = opened.describe().operations[sample[0]]
            assert outside(_answer(opened, sample), shape.output) == []

    def test_a_reply_is_plain_json(self, connection: CallCase, opened: CallAdapter) -> None:
        """It comes back from JSON as it was: no date, no decimal, no tuple, no NaN."""
        for sample in filter(None, (connection.read, connection.rows)):
            assert not_plain(_answer(opened, sample)) == ""

    def test_decimals_are_no_floats(self, connection: CallCase, opened: CallAdapter) -> None:
        """A float stands only where the contract says `number`; what must be exact travels as a string."""
        for sample in filter(None, (connection.read, connection.rows)):
            shape = opened.describe().operations[sample[0]]
            assert misplaced_floats(_answer(opened, sample), shape.output) == []

    def test_a_long_list_is_streamed(self, connection: CallCase, opened: CallAdapter) -> None:
        """The rows come from an iterator, and not in the fields as well."""
        capable(connection.adapter, "rows", connection.rows)
        operation, fields = connection.rows or connection.read
        name = opened.describe().operations[operation].rows
        reply = _ask(opened, (operation, fields))
        assert name is not None
        assert name not in reply.fields
        assert reply.rows is not None
        assert iter(reply.rows) is reply.rows, "rows are read once: an iterator, not a list"
        assert list(reply.rows), "the sample must have rows"

    def test_the_given_fields_stay_as_they_are(self, connection: CallCase, opened: CallAdapter) -> None:
        """They are the caller's: they go into the audit after the call."""
        operation, fields = connection.read
        given = copy.deepcopy(dict(fields))
        opened.invoke(operation, given)
        assert given == fields

    def test_two_threads_at_once(self, connection: CallCase, opened: CallAdapter) -> None:
        """A connection is shared by its pool's threads."""
        together = threading.Barrier(2, timeout=30)

        def ask(_: int) -> list[dict[str, Any]]:
            together.wait()
            return [_answer(opened, connection.read) for _ in range(4)]

        with ThreadPoolExecutor(2) as pool:
            answers = [answer for answers in pool.map(ask, range(2)) for answer in answers]
        assert {frozenset(answer) for answer in answers} == {frozenset(_answer(opened, connection.read))}

    def test_nothing_is_printed(self, connection: CallCase, capfd: pytest.CaptureFixture[str]) -> None:
        """Standard output belongs to the door: over stdio it is the protocol."""
        capfd.readouterr()
        with connected(connection) as far:
            far.describe()
            far.probe()
            _ask(far, connection.read)
            _failure(far, connection.unknown, {})
        assert capfd.readouterr() == ("", "")


class FailureContract:
    """How `invoke` fails."""

    def test_an_unknown_operation_is_rejected(self, connection: CallCase, opened: CallAdapter) -> None:
        """Nothing is guessed and nothing is passed through."""
        assert isinstance(_failure(opened, connection.unknown, {}), Rejected)

    def test_an_unknown_field_is_rejected(self, connection: CallCase, opened: CallAdapter) -> None:
        """It is not dropped in silence."""
        operation, fields = connection.read
        assert isinstance(_failure(opened, operation, {**fields, "no_such_field": "x"}), Rejected)

    def test_a_refusal_has_a_code_and_words(self, connection: CallCase, opened: CallAdapter) -> None:
        """The system's own code, one sentence for a person, and a detail that is plain JSON."""
        capable(connection.adapter, "faults", connection.rejected)
        operation, fields = connection.rejected or connection.read
        failure = _failure(opened, operation, fields)
        assert isinstance(failure, Rejected)
        assert failure.code.strip()
        assert failure.message.strip()
        assert not_plain(failure.detail) == ""

    def test_a_connection_outlives_a_failure(self, connection: CallCase, opened: CallAdapter) -> None:
        """What failed does not spoil the next call."""
        _failure(opened, connection.unknown, {})
        if connection.rejected:
            _failure(opened, *connection.rejected)
        assert _answer(opened, connection.read)

    def test_nobody_there_is_unavailable(self, connection: CallCase) -> None:
        """Nothing was sent, so the call may be made again: not `Uncertain`."""
        if connection.unreachable is None:
            pytest.skip("the case gives no `unreachable` opening")
        with connected(connection, connection.unreachable) as far:
            assert isinstance(_failure(far, *connection.read), Unavailable)

    def test_failures_are_the_four(self, connection: CallCase) -> None:
        """No library's own error comes through, and none is the bare `Failure`."""
        strange = {words: repr(error) for words, error in _provoked(connection, connection.opening)
                   if not isinstance(error, FOUR)}  # fmt: skip
        assert strange == {}

    def test_a_failure_has_words_and_no_stack_trace(self, connection: CallCase) -> None:
        """Neither ours nor the system's own: it would tell an attacker how the system is built."""
        for words, error in _provoked(connection, connection.opening):
            if isinstance(error, Failure):
                assert error.message.strip(), words
                told = f"{error.message}\n{error.detail}"
                assert not [sign for sign in TRACES if sign in told], f"{words}: {told}"

    def test_no_secret_is_told(self, connection: CallCase, caplog: pytest.LogCaptureFixture) -> None:
        """Not in a failure, what is behind it, a reply, a representation, or a log line, however detailed."""
        caplog.set_level(logging.DEBUG)
        heard: set[str] = set()
        opening = _listening(connection.opening, heard)
        told = [said(error) for _, error in _provoked(connection, opening)]
        with connected(connection, opening) as far:
            told += [repr(_ask(far, connection.read)), repr(far), str(far)]
        told += [record.getMessage() for record in caplog.records]
        leaks = [text for text in told if any(secret and secret in text for secret in heard)]
        assert not leaks, f"a secret is told in {len(leaks)} of {len(told)} places"

    def test_a_missing_secret_is_unavailable(self, connection: CallCase) -> None:
        """A secret that cannot be had means that nothing was sent."""
        heard: set[str] = set()
        with connected(connection, _listening(connection.opening, heard)) as far:
            _ask(far, connection.read)
        if not heard:
            pytest.skip("the adapter asks for no secret here")
        with connected(connection, dataclasses.replace(connection.opening, secret=_no_secret)) as far:
            assert isinstance(_failure(far, *connection.read), Unavailable)

    def test_the_deadline_is_kept(self, connection: CallCase) -> None:
        """A slow system is given up in time, as `Unavailable` or `Uncertain`, never with an answer."""
        capable(connection.adapter, "deadline", connection.slow)
        limits: Limits = dataclasses.replace(connection.opening.limits, deadline=DEADLINE)
        with connected(connection, dataclasses.replace(connection.opening, limits=limits)) as far:
            began = time.monotonic()
            failure = _failure(far, *(connection.slow or connection.read))
            took = time.monotonic() - began
        assert isinstance(failure, Unavailable | Uncertain)
        assert took < DEADLINE + GRACE


class CallAdapterContract(AdapterContract, DescriptionContract, InvocationContract, FailureContract):
    """What every call adapter does. Inherit it, and give the fixture `connection`: see `CallCase`."""

    kind: Kind = "call"

    @pytest.fixture
    def connection(self) -> CallCase:
        """To be given by the author."""
        raise NotImplementedError("give a fixture `connection` that returns a CallCase")


def _no_secret(name: str) -> str:
    raise Unavailable(f"the secret {name} is not there")
