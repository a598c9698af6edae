"""The REST connection: the verbs of a call adapter over one OpenAPI document and one endpoint."""

import socket
import threading
from functools import cached_property
from urllib.parse import urlsplit

from brownfield.contract import Contract, Fields, Opening, Rejected, Reply, Unavailable
from brownfield_rest.document import read
from brownfield_rest.operation import Operation, operations
from brownfield_rest.reply import Prepared, answered, prepare
from brownfield_rest.request import credentials, request
from brownfield_rest.setting import RestSettings
from brownfield_rest.transport import Transport


class RestConnection:
    """A connection to one REST API. Safe to use from several threads; the document is read once, on first use."""

    def __init__(self, opening: Opening[RestSettings]) -> None:
        self._opening = opening
        self._settings = opening.settings
        self._transport = Transport(opening.limits.concurrency, opening.settings)
        self._reading = threading.RLock()
        self._prepared: dict[str, Prepared] = {}

    def probe(self) -> None:
        """Opens a TCP connection to the endpoint and closes it. Performs no operation.

        Raises:
            Unavailable: Nothing listens there, or the endpoint is not set.
        """
        try:
            parts = urlsplit(self._endpoint())
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise Unavailable(f"The endpoint of {self._opening.name} is no address. Nothing was sent.") from None
        try:
            socket.create_connection((parts.hostname or "", port), timeout=self._opening.limits.deadline).close()
        except OSError as error:
            reason = error.strerror or "it did not answer in time"
            raise Unavailable(f"Nothing answers at {parts.hostname}:{port}: {reason}.") from None

    def describe(self) -> Contract:
        """The contract, from the pinned document; no network."""
        with self._reading:
            found = self._operations[0]
        return Contract(operations={name: found[name].shape for name in sorted(found)})

    def invoke(self, operation: str, fields: Fields) -> Reply:
        """Makes one call, once.

        Raises:
            Rejected: The system said no, or the fields cannot be sent.
            Unavailable: Nothing was sent, or the server did not begin.
            Uncertain: The request was sent and no whole answer came, or something broke in the system.
            Drifted: The answer is outside the contract.
        """
        endpoint, prepared = self._endpoint(), self._ready(operation)
        fault = prepared.input.fault(dict(fields))
        if fault is not None:
            raise Rejected(f"{operation}: {fault}. Nothing was sent.", code="invalid-field")
        headers = credentials(self._settings, self._opening.secret)
        call = request(prepared.operation, prepared.sent, fields, endpoint, headers)
        limits = self._opening.limits
        response = self._transport.send(call, seconds=limits.deadline, max_bytes=limits.max_bytes)
        return answered(prepared, response, self._settings.code)

    def close(self) -> None:
        """Closes every socket. May be called twice."""
        self._transport.close()

    @cached_property
    def _operations(self) -> tuple[dict[str, Operation], dict[str, str]]:
        path = self._opening.folder / self._settings.openapi
        return operations(read(path.read_bytes(), path.name))

    def _ready(self, name: str) -> Prepared:
        with self._reading:
            if name not in self._prepared:
                found, odd = self._operations
                if name not in found:
                    why = f"The operation {name} cannot be called: {odd[name]}" if name in odd else (
                        f"The document has no operation {name}")  # fmt: skip
                    raise Rejected(f"{why}.", code="unknown-operation")
                self._prepared[name] = prepare(found[name])
            return self._prepared[name]

    def _endpoint(self) -> str:
        if self._settings.endpoint:
            return self._settings.endpoint
        raise Unavailable(
            f"The connection {self._opening.name} has no endpoint: set the environment variable that `endpoint` names "
            f"under [connections.{self._opening.name}] in wrapper.toml. The document's servers are never called."
        )
