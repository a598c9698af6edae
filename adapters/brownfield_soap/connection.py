"""The SOAP connection: the verbs of a call adapter over one WSDL and one endpoint."""

import contextlib
import socket
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from brownfield.contract import Contract, Drifted, Fields, Opening, Rejected, Reply, Unavailable
from brownfield_soap.answer import Answer, answer
from brownfield_soap.check import Check
from brownfield_soap.codec import Codec
from brownfield_soap.describe import contract, shape
from brownfield_soap.line import Deadline
from brownfield_soap.login import login
from brownfield_soap.model import Model, Operation
from brownfield_soap.reader import read
from brownfield_soap.reply import Parsed, answer_element, parsed
from brownfield_soap.request import Request
from brownfield_soap.settings import SoapSettings
from brownfield_soap.stream import Rows, Stream, rows
from brownfield_soap.transport import Exchange, Transport
from brownfield_soap.wire import Wire


@dataclass(frozen=True, slots=True)
class _Call:
    """One operation, ready to be called."""

    operation: Operation
    request: Request
    answer: Answer
    input: Check
    output: Check
    rows: Rows | None

    @property
    def path(self) -> str:
        """Where the result stands, for messages."""
        step = self.answer.step
        return f"{self.operation.name}/{step.name}" if step else self.operation.name


@dataclass(frozen=True, slots=True)
class _Far:
    """What is known of the far side once the WSDL has been read."""

    model: Model
    decoder: Codec


class SoapConnection:
    """A connection to one SOAP port. Safe to use from several threads; the WSDL is read once, on first use."""

    def __init__(self, opening: Opening[SoapSettings]) -> None:
        self._opening = opening
        self._settings = opening.settings
        wire = _wire(opening.settings)
        self._login = login(opening.settings, opening.secret, wire)
        self._transport = Transport(opening.limits.concurrency, wire=wire, introduce=self._login.introduce)
        self._reading = threading.RLock()
        self._calls: dict[str, _Call] = {}

    @cached_property
    def _model(self) -> Model:
        settings = self._settings
        wsdl = settings.wsdl if settings.wsdl.is_absolute() else self._opening.folder / settings.wsdl
        return read(wsdl, self._opening.folder, settings.service, settings.port, repair=settings.repair)

    @cached_property
    def _known(self) -> _Far:
        return _Far(self._model, Codec(self._model))

    def probe(self) -> None:
        """Opens a TCP connection to the endpoint and closes it. Performs no operation.

        Raises:
            Unavailable: Nothing listens there, or the endpoint is not set.
        """
        endpoint = self._endpoint()
        try:
            parts = urlsplit(endpoint)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise Unavailable(f"The endpoint of {self._opening.name} is no address. Nothing was sent.") from None
        try:
            socket.create_connection((parts.hostname or "", port), timeout=self._opening.limits.deadline).close()
        except OSError as error:
            reason = error.strerror or "it did not answer in time"
            raise Unavailable(f"Nothing answers at {parts.hostname}:{port}: {reason}.") from None

    def describe(self) -> Contract:
        """The contract, from the pinned WSDL; no network."""
        with self._reading:
            return contract(self._model)

    def invoke(self, operation: str, fields: Fields) -> Reply:
        """Makes one call, once.

        Raises:
            Rejected: The system said no, or the fields cannot be sent.
            Unavailable: Nothing was sent, or the server did not begin.
            Uncertain: The request was sent and no whole answer came.
            Drifted: The answer is outside the contract.
        """
        endpoint = self._endpoint()
        far, call = self._prepared(operation)
        given = dict(fields)
        fault = call.input.fault(given)
        if fault is not None:
            raise Rejected(f"{operation}: {fault}. Nothing was sent.", code="invalid-field")
        deadline = Deadline(self._opening.limits.deadline)
        exchange = self._transport.open(
            "POST",
            endpoint,
            deadline=deadline,
            max_bytes=self._opening.limits.max_bytes,
            content=call.request.envelope(given),
            headers={**call.request.http_headers, **self._login.headers(deadline)},
        )
        if exchange.status == 401:
            self._login.refused()
        return _received(far, call, exchange, self._opening.limits.max_bytes)

    def close(self) -> None:
        """Closes every socket. May be called twice."""
        self._transport.close()

    def _endpoint(self) -> str:
        if self._settings.endpoint:
            return self._settings.endpoint
        raise Unavailable(
            f"The connection {self._opening.name} has no endpoint: set the environment variable that `endpoint` names "
            f"under [connections.{self._opening.name}] in wrapper.toml. The address in the WSDL is never called."
        )

    def _prepared(self, operation: str) -> tuple[_Far, _Call]:
        if operation not in self._calls:
            with self._reading:
                self._calls.setdefault(operation, self._prepare(self._known, operation))
        return self._known, self._calls[operation]

    def _prepare(self, far: _Far, name: str) -> _Call:
        model = far.model
        operation = model.operations.get(name)
        if operation is None:
            raise Rejected(f"The WSDL has no operation {name}.", code="unknown-operation")
        request = Request(model, operation, self._settings, self._opening.secret)
        described = shape(model, operation)
        result = answer(model, operation.reply)
        streamed = rows(model, operation, result, far.decoder.reader, described.output)
        return _Call(operation, request, result, Check(described.input), Check(described.output), streamed)


def _wire(settings: SoapSettings) -> Wire:
    return Wire(
        keep_alive=settings.keep_alive,
        certificate=settings.certificate,
        key=settings.certificate_key,
        authorities=settings.authorities,
        proxy=settings.proxy,
    )


def _received(far: _Far, call: _Call, exchange: Exchange, max_bytes: int) -> Reply:
    """The reply: rows that still come, or the whole of it. Only rows keep the exchange open."""
    with contextlib.ExitStack() as held:
        held.enter_context(exchange)
        if call.rows is None or exchange.status != 200:
            return _whole(far, call, parsed(exchange, max_bytes))
        stream = Stream(call.rows, exchange, call.path, max_bytes)
        coming = stream.begin()
        if coming is None:
            return _whole(far, call, stream.parsed())
        held.pop_all()
        return Reply({}, coming)


def _whole(far: _Far, call: _Call, reply: Parsed) -> Reply:
    element = answer_element(far.model, far.decoder, call.operation, reply)
    try:
        found = {} if element is None else far.decoder.answer(call.answer, element, call.operation.name)
    except RecursionError:
        raise Drifted(f"The reply is nested too deeply: {call.operation.name}.") from None
    return _reply(call, call.operation.name, found)


def _reply(call: _Call, name: str, found: dict[str, Any]) -> Reply:
    """The reply, once the fields have met the contract that `describe` gave."""
    fault = call.output.fault(found)
    if fault is not None:
        raise Drifted(f"The reply is outside the contract: {name}: {fault}.")
    return Reply({}, iter(found["items"])) if call.answer.rows else Reply(found)
