"""Bytes as attachments (MTOM), to and from a server that means it."""

import base64
import random
import socket
import threading

import pytest

from .table import ROWS, VALUES


class Relay:
    """Passes connections on to a port, and keeps what went each way."""

    def __init__(self, port: int) -> None:
        self.sent, self.received = bytearray(), bytearray()
        self._far = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._far))
            for one, other, kept in ((near, far, self.sent), (far, near, self.received)):
                threading.Thread(target=_pass_on, args=(one, other, kept), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket, kept: bytearray) -> None:
    with one:
        try:
            while part := one.recv(65536):
                kept += part
                other.sendall(part)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return


@pytest.fixture
def relay(ledgers):
    made = Relay(ledgers("jaxws-mtom").port)
    yield made
    made.close()


@pytest.mark.parametrize("size", [3, 1_000_000])
def test_bytes_go_as_attachments_and_come_back_the_same(connect, relay, size):
    text = base64.b64encode(random.Random(size).randbytes(size)).decode()
    values = {**VALUES, "Data": text}
    assert connect("jaxws-mtom", url=relay.url).invoke("Echo", {"Values": values}).fields == values
    for wire in (bytes(relay.sent), bytes(relay.received)):
        assert b":Include " in wire
        assert text[-60:].encode() not in wire


def test_without_attachments_the_same_bytes_stand_in_the_text(connect, ledgers):
    """The rows of the table are the same for both."""
    assert connect("jaxws").invoke("Echo", ROWS["values"].fields).fields == VALUES
