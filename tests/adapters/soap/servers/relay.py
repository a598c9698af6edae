"""The wire between us and a server, where a test can look."""

import socket
import threading


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
