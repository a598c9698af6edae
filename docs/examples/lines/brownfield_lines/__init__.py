"""The call adapter `lines`: one line out, one line back, over TCP. `STOCK A-100 LYON` is answered `OK OnHand=140`."""

import re
import socket
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from brownfield.contract import (
    Adapter,
    Contract,
    Drifted,
    Fields,
    Opening,
    OperationShape,
    Rejected,
    Reply,
    Unavailable,
    Uncertain,
)

WORD = re.compile(r"[A-Za-z0-9-]+")


class LinesSettings(BaseModel):
    """The adapter's own keys under `[connections.NAME]`. The host is None while the variable that names it is unset."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    commands: Path
    host: str | None = None
    port: int = 2323


class Lines:
    """One connection. It holds no socket between calls, so any number of threads may share it."""

    def __init__(self, opening: Opening[LinesSettings]) -> None:
        self._opening = opening

    def probe(self) -> None:
        """Connect and hang up."""
        self._connect(time.monotonic() + self._opening.limits.deadline).close()

    def describe(self) -> Contract:
        """The commands as pinned in the bundle, already in normal form."""
        return Contract.model_validate_json(self._opening.settings.commands.read_bytes())

    def invoke(self, operation: str, fields: Fields) -> Reply:
        """Give the PIN, then the command, once."""
        shape = (self._opening.contract or self.describe()).operations.get(operation)
        if shape is None:
            raise Rejected(f"there is no command {operation}", code="command")
        line = _line(operation, fields, shape)
        pin = self._opening.secret("pin")
        until = time.monotonic() + self._opening.limits.deadline
        with self._connect(until) as far:
            try:
                _fields(self._ask(far, f"PIN {pin}", until), OperationShape(input={}, output={}))
            except OSError as error:
                raise Unavailable(f"the terminal went away before the command: {error}") from None
            try:
                answer = self._ask(far, line, until)
            except OSError as error:
                # The command left us. Whether it was carried out, nobody here knows.
                raise Uncertain(f"no answer to {operation}: {error}") from None
        return Reply(_fields(answer, shape))

    def close(self) -> None:
        """Nothing is held open."""

    def _connect(self, until: float) -> socket.socket:
        settings = self._opening.settings
        if settings.host is None:
            raise Unavailable("the terminal's host is not set")
        try:
            return socket.create_connection((settings.host, settings.port), timeout=_left(until))
        except OSError as error:
            raise Unavailable(f"{settings.host}:{settings.port} cannot be reached: {error}") from None

    def _ask(self, far: socket.socket, line: str, until: float) -> str:
        far.settimeout(_left(until))
        far.sendall(f"{line}\r\n".encode("ascii"))
        received = b""
        while not received.endswith(b"\n"):
            if len(received) > self._opening.limits.max_bytes:
                raise Drifted("the answer is longer than the connection's max_bytes")
            far.settimeout(_left(until))
            part = far.recv(4096)
            if not part:
                raise ConnectionError("it hung up")
            received += part
        return received.decode("ascii", "replace").rstrip()


def _left(until: float) -> float:
    return max(0.001, until - time.monotonic())


def _line(operation: str, fields: Fields, shape: OperationShape) -> str:
    """The command line: the values in the order in which the contract names them."""
    names = list(shape.input["properties"])
    values = [str(fields.get(name, "")) for name in names]
    if set(fields) != set(names) or not all(WORD.fullmatch(value) for value in values):
        raise Rejected(f"{operation} takes {', '.join(names) or 'nothing'}, each one plain word", code="fields")
    return " ".join([operation, *values])


def _fields(answer: str, shape: OperationShape) -> dict[str, str | int]:
    word, *rest = answer.split(" ")
    if word == "ERR" and len(rest) > 1:
        raise Rejected(" ".join(rest[1:]), code=rest[0])
    kinds = {name: inner["type"] for name, inner in shape.output.get("properties", {}).items()}
    pairs = dict(pair.partition("=")[::2] for pair in rest)
    if word != "OK" or set(pairs) != set(kinds):
        raise Drifted("the answer is not what the contract says", detail={"answer": answer[:200]})
    try:
        return {name: int(text) if kinds[name] == "integer" else text for name, text in pairs.items()}
    except ValueError:
        raise Drifted("a number was expected", detail={"answer": answer[:200]}) from None


adapter = Adapter(
    name="lines",
    kind="call",
    settings=LinesSettings,
    open=Lines,
    capabilities=frozenset({"faults", "deadline"}),
)
