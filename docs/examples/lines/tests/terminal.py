"""The far side in a box: a terminal server that knows one item."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PIN = "4711-0815"


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Answer lines until the caller hangs up."""
        for raw in self.rfile:
            self.wfile.write(f"{_answer(raw.decode().split())}\r\n".encode())


def _answer(words: list[str]) -> str:
    match words:
        case ["PIN", pin]:
            return "OK" if pin == PIN else "ERR 401 wrong pin"
        case ["STOCK", "A-100", _]:
            return "OK OnHand=140"
        case ["STOCK", *_]:
            return "ERR 404 no such item"
        case ["REPORT"]:
            time.sleep(1.5)
            return "OK Lines=0"
    return "ERR 400 what?"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hung up is no news."""


@contextmanager
def terminal() -> Iterator[int]:
    """Serve on a free port of 127.0.0.1 while the block runs; the port."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
