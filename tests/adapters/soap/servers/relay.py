"""The wire between us and a server, where a test can look."""

import socket
import threading


class Relay:
    """Passes connections on to a port, and keeps what went each way.

    Args:
        port: where to.
        held_after: bytes of replies after which nothing more is passed on until `go` is set.
    """

    def __init__(self, port: int, held_after: int | None = None) -> None:
        self.sent, self.received = bytearray(), bytearray()
        self.go = threading.Event()
        self._held_after = held_after
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
            threading.Thread(target=self._pass_on, args=(near, far, self.sent), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(far, near, self.received), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, kept: bytearray) -> None:
        with one:
            try:
                while part := one.recv(65536):
                    kept += part
                    other.sendall(part)
                    if kept is self.received and self._held_after is not None and len(kept) > self._held_after:
                        self.go.wait(30)
                other.shutdown(socket.SHUT_WR)
            except OSError:
                return
