"""A far side that says exactly what a test tells it to, byte for byte, and what reading it may cost."""

import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from brownfield.contract import Limits, Opening
from brownfield_soap import adapter

FOLDER = Path(__file__).with_name("wsdl")
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
SECRETS = {"password": "s3cr3t-Passw0rd", "user": "clinic-write"}

Say = Callable[[socket.socket], object]


class Canned:
    """Answers each request with the next thing it was told to say; the last one again when there is no more."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/soap"
        self.requests: list[bytes] = []
        self.connections = 0
        self.script: list[Say] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def says(self, body: bytes | str, status: int = 200, kind: str = "text/xml; charset=utf-8", **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{more}\r\n"
        whole = (
            (head.encode() + content,) if len(content) < 1 << 20 else (head.encode(), content)
        )  # a bomb is not copied
        self.script.append(lambda peer: [peer.sendall(piece) for piece in whole])

    def answers(self, inner: str, space: str = SOAP_11) -> None:
        self.says(envelope(inner, space))

    def does(self, action: Say) -> None:
        self.script.append(action)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            while (request := _request(peer)) is not None:
                with self._lock:
                    self.requests.append(request)
                    say = self.script[min(len(self.requests), len(self.script)) - 1]
                try:
                    say(peer)
                except OSError:
                    return


def _request(peer: socket.socket) -> bytes | None:
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            chunk = peer.recv(65536)
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
        while lengths and len(body) < int(lengths[0]):
            body += peer.recv(65536)
    except OSError:
        return None
    return head + b"\r\n\r\n" + body


def envelope(inner: str, space: str = SOAP_11) -> str:
    return (
        f'<s:Envelope xmlns:s="{space}" xmlns:c="urn:clinic" xmlns:t="urn:clinic:types" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>{inner}</s:Body></s:Envelope>'
    )


@pytest.fixture
def canned():
    server = Canned()
    yield server
    server.close()


@pytest.fixture
def connect(canned):
    """Opens the clinic; settings and limits can be given by name."""
    opened = []

    def opening(*, limits: Limits | None = None, secret=SECRETS.__getitem__, **settings):
        given = {"wsdl": FOLDER / "clinic.wsdl", "endpoint": canned.url, **settings}
        made = adapter.open(
            Opening("clinic", given["wsdl"].parent, adapter.settings(**given), secret, limits or Limits(deadline=5.0))
        )
        opened.append(made)
        return made

    yield opening
    for one in opened:
        one.close()


@pytest.fixture
def clinic(connect):
    return connect()


SECONDS = 3.0
BYTES = 64 * 1024 * 1024


def hwm():
    """The most bytes of memory that this process held since `forget` (proc(5), VmHWM)."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def forget():
    Path("/proc/self/clear_refs").write_text("5")


@pytest.fixture
def little(require):
    """Holds what is done within to seconds and bytes."""
    require("proc", os.access("/proc/self/clear_refs", os.W_OK), "no /proc: the measure is Linux only")

    class Little:
        def __enter__(self):
            forget()
            self.before, self.begun = hwm(), time.process_time()

        def __exit__(self, *_):
            assert time.process_time() - self.begun < SECONDS
            assert hwm() - self.before < BYTES

    return Little()
