"""The SOAP connection: the verbs of a call adapter over one WSDL and one endpoint."""

import threading
from dataclasses import dataclass
from functools import cached_property

from brownfield.contract import Contract, Fields, Opening, Rejected, Reply, Unavailable
from brownfield_soap.answer import answer
from brownfield_soap.check import Check
from brownfield_soap.codec import Codec
from brownfield_soap.describe import contract, shape
from brownfield_soap.kept import Origin, model
from brownfield_soap.line import Deadline
from brownfield_soap.login import login
from brownfield_soap.model import Model
from brownfield_soap.receive import Receiver
from brownfield_soap.request import Message, Request
from brownfield_soap.seal import Seal
from brownfield_soap.settings import SoapSettings
from brownfield_soap.stream import Coming, Unread, rows
from brownfield_soap.transport import Exchange, Transport
from brownfield_soap.wire import Wire


@dataclass(frozen=True, slots=True)
class _Call:
    """One operation, ready to be called."""

    input: Check
    request: Request
    receiver: Receiver


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
        self._unread = Unread()
        self._transport = Transport(
            opening.limits.concurrency, wire=wire, introduce=self._login.introduce, make_room=self._unread.read_on
        )
        self._seal = Seal(opening.settings, opening.secret)
        self._reading = threading.RLock()
        self._calls: dict[str, _Call] = {}

    @cached_property
    def _model(self) -> Model:
        return model(Origin.of(self._settings, self._opening.folder), self._opening.derived)

    @cached_property
    def _known(self) -> _Far:
        return _Far(self._model, Codec(self._model))

    def probe(self) -> None:
        """Opens a socket to the endpoint as a call would, TLS and the proxy included. Performs no operation.

        Raises:
            Unavailable: Nothing listens there, it is not whom it should be, or the endpoint is not set.
        """
        self._transport.reach(self._endpoint(), Deadline(self._opening.limits.deadline))

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
        call = self._prepared(operation)
        given = dict(fields)
        fault = call.input.fault(given)
        if fault is not None:
            raise Rejected(f"{operation}: {fault}. Nothing was sent.", code="invalid-field")
        message = call.request.message(given, endpoint)
        reply = call.receiver.receive(self._sent(endpoint, message), message.id)
        if isinstance(reply.rows, Coming):
            self._unread.add(reply.rows)
        return reply

    def close(self) -> None:
        """Closes every socket. May be called twice."""
        self._transport.close()

    def _sent(self, endpoint: str, message: Message) -> Exchange:
        deadline = Deadline(self._opening.limits.deadline)
        exchange = self._transport.open(
            "POST",
            endpoint,
            deadline=deadline,
            max_bytes=self._opening.limits.max_bytes,
            headers={**message.headers, **self._login.headers(deadline)},
            content=message.content,
        )
        if exchange.status == 401:
            self._login.refused()
        return exchange

    def _endpoint(self) -> str:
        if self._settings.endpoint:
            return self._settings.endpoint
        raise Unavailable(
            f"The connection {self._opening.name} has no endpoint: set the environment variable that `endpoint` names "
            f"under [connections.{self._opening.name}] in wrapper.toml. The address in the WSDL is never called."
        )

    def _prepared(self, operation: str) -> _Call:
        if operation not in self._calls:
            with self._reading:
                self._calls.setdefault(operation, self._prepare(self._known, operation))
        return self._calls[operation]

    def _prepare(self, far: _Far, name: str) -> _Call:
        operation = far.model.operations.get(name)
        if operation is None:
            raise Rejected(f"The WSDL has no operation {name}.", code="unknown-operation")
        described = shape(far.model, operation)
        result = answer(far.model, operation.reply)
        return _Call(
            input=Check(described.input),
            request=Request(far.model, operation, self._settings, self._seal),
            receiver=Receiver(
                operation,
                result,
                far.decoder,
                output=Check(described.output),
                rows=None
                if self._seal.opens
                else rows(far.model, operation, result, far.decoder.reader, described.output),
                max_bytes=self._opening.limits.max_bytes,
                seal=self._seal,
            ),
        )


def _wire(settings: SoapSettings) -> Wire:
    return Wire(
        keep_alive=settings.keep_alive,
        certificate=settings.certificate,
        key=settings.certificate_key,
        authorities=settings.authorities,
        proxy=settings.proxy,
    )
