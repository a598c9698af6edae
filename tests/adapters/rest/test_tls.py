"""Whom a connection trusts, and who it is."""

import socket
import threading

import pytest

from brownfield.contract import Unavailable


@pytest.mark.parametrize("setting", ["authorities", "certificate"])
@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "no PEM"])
def test_a_certificate_that_cannot_be_read_means_that_nothing_was_sent(connect, canned, tmp_path, setting, content):
    """Nor does it quietly fall back to what the machine trusts."""
    path = tmp_path / "some.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(Unavailable, match="Nothing was sent"):
        connect(**{setting: path}).invoke("version", {})
    assert canned.requests == []


def test_a_server_that_speaks_no_tls_is_told_nothing(connect):
    """Not a byte of the request, so it may be made again."""
    heard = []

    def serve():
        peer, _ = listener.accept()
        with peer:
            heard.append(peer.recv(65536))
            peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve)
        server.start()
        with pytest.raises(Unavailable, match="Nothing was sent"):
            connect(endpoint=f"https://127.0.0.1:{listener.getsockname()[1]}").invoke("version", {})
        server.join()
    assert b"version" not in heard[0]
