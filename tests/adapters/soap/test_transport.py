"""Sockets: one piece per request, one deadline, caps on what comes, proxies, and nothing that was not asked for."""

import contextlib
import gzip
import socket
import threading
import time

import pytest

from brownfield.contract import Drifted, Limits, Unavailable, Uncertain
from brownfield_soap.head import Incoming
from brownfield_soap.line import Deadline
from brownfield_soap.transport import Transport
from brownfield_soap.wire import Wire

from .conftest import envelope

NOTHING = envelope("<c:GetPatientResponse/>").encode()


@pytest.fixture
def transport():
    made = Transport(2)
    yield made
    made.close()


@pytest.fixture
def post(transport, canned):
    def send(content=b"x", *, through=transport, seconds=5.0, max_bytes=10_000, url=canned.url):
        return through.request("POST", url, deadline=Deadline(seconds), max_bytes=max_bytes, content=content)

    return send


def test_a_request_leaves_in_one_piece(post, canned, monkeypatch):
    """Head and body in two packets make a server's acknowledgement wait, and the call with it."""
    pieces = []
    send = socket.socket.send
    monkeypatch.setattr(socket.socket, "send", lambda self, data: pieces.append(bytes(data)) or send(self, data))
    canned.says("ok")
    post(b"x" * 5000)
    assert len(pieces) == 1
    assert pieces[0].startswith(b"POST /soap HTTP/1.1\r\n")
    assert pieces[0].endswith(b"\r\n\r\n" + b"x" * 5000)


def test_an_acknowledgement_is_not_delayed(post, canned):
    """A server that sends head and body apart waits for ours in between: 40 ms each, unless it comes at once."""

    def in_two_packets(peer):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        peer.sendall(b"ok")

    canned.does(in_two_packets)
    post()
    begun = time.monotonic()
    for _ in range(10):
        post()
    assert time.monotonic() - begun < 0.2


def test_the_deadline_holds_over_sending(post):
    """A server that takes a byte now and then keeps nobody."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        begun = time.monotonic()
        with pytest.raises(Uncertain):
            post(b"x" * 30_000_000, url=url, seconds=0.4)
    assert time.monotonic() - begun < 1.0


def test_the_deadline_holds_over_waiting_for_a_socket(canned, post):
    one = Transport(1)
    canned.says("ok")
    with (
        one.open("POST", canned.url, deadline=Deadline(5.0), max_bytes=100),
        pytest.raises(Unavailable, match=r"0\.2 s"),
    ):
        post(through=one, seconds=0.2)
    assert post(through=one).body == b"ok"
    one.close()


def test_a_refusal_before_the_request_was_read_is_heard(post, canned):
    """Whoever refuses a large request may say so and hang up while it is still being sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"

        def refuse():
            peer, _ = listener.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
                peer.shutdown(socket.SHUT_WR)
                time.sleep(0.3)
                while peer.recv(1 << 20):
                    pass

        threading.Thread(target=refuse, daemon=True).start()
        assert post(b"x" * 20_000_000, url=url).status == 413


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00" * 20_000, "larger than the 10000 bytes"),
        (gzip.compress(b"")[:10] + b"\x00\x00\x00\xff\xff" * 4000, "larger than the 10000 bytes"),
        (gzip.compress(b"ok") + b"\x00" * 200, "damaged"),
        (gzip.compress(b"ok" * 500)[:-9], "cut short"),
        (b"no gzip", "damaged"),
    ],
    ids=["raw", "blocks that inflate to nothing", "bytes behind the end", "cut short", "none"],
)
def test_a_compressed_reply_is_held_to_the_cap_as_it_comes_too(post, canned, content, said):
    canned.says(content, Content_Encoding="gzip")
    with pytest.raises(Drifted, match=said):
        post()


def test_several_gzip_members_are_one_content(post, canned):
    canned.says(gzip.compress(b"one, ") + gzip.compress(b"two"), Content_Encoding="gzip")
    assert post().body == b"one, two"


def test_another_compression_is_not_read(post, canned):
    canned.says("ok", Content_Encoding="br")
    with pytest.raises(Drifted, match="not asked for"):
        post()


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 30_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"",
    ],
    ids=["another protocol", "a head without end", "two lengths", "a broken chunk", "a chunk cut short", "nothing"],
)
def test_what_is_no_http_leaves_it_uncertain(post, canned, reply):
    def say(peer):
        peer.sendall(reply)
        peer.shutdown(socket.SHUT_RDWR)

    canned.does(say)
    with pytest.raises(Uncertain):
        post()


def test_a_length_beside_chunks_is_the_last_word_on_its_line():
    """Whoever stands between may have believed the length: what comes behind is in doubt (RFC 9112, 6.1)."""
    chunks = b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    for head, last in ((b"HTTP/1.1 200 OK\r\n", False), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", True)):
        reply = Incoming()
        reply.feed(head + chunks)
        assert (reply.taken(), reply.complete, reply.last) == ([b"ok"], True, last)


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (b"HTTP/1.1 200 OK\nContent-Length: 2\nX: y\n\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok"),
        (b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nUpgrade: h2,h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nLast: z\r\n\r\n", b"ok"),
        (b"HTTP/1.1 204 None\r\n\r\n", b""),
    ],
    ids=["line feeds", "two lengths", "a word before", "an offer", "an old one", "no reason", "a trailer", "nothing"],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["in one piece", "byte by byte"])
def test_what_servers_say_is_read(post, canned, reply, body, at_once):
    """Whatever its pieces are; and the next request is answered too."""

    def say(peer):
        for piece in [reply] if at_once else [bytes([byte]) for byte in reply]:
            peer.sendall(piece)
        if reply.endswith(b"to the end"):
            peer.shutdown(socket.SHUT_RDWR)

    canned.does(say)
    for _ in range(2):
        assert post().body == body


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 30_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 11 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["another protocol", "cut short", "no length", "a blank", "half a head", "a chunk's line", "trailers", "words"],
)
def test_what_is_not_whole_is_no_answer(post, canned, reply):
    """R34: and nothing without end is taken for the rest of it."""

    def say(peer):
        with contextlib.suppress(OSError):
            peer.sendall(reply)
            peer.shutdown(socket.SHUT_RDWR)

    canned.does(say)
    with pytest.raises(Uncertain):
        post()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X", "a\r\nY: b"),
        ("X", "a\nb"),
        ("X\r\nY", "b"),
        ("X:", "b"),
        ("X", "a\x00"),
        ("X", "é"),
        ("", "b"),
        ("X", " b"),
    ],
)
def test_a_header_that_would_be_two_is_not_sent(canned, transport, name, value):
    """R34: whoever gives a value adds no header, and no request."""
    with pytest.raises(Unavailable, match="cannot be written"):
        transport.request("POST", canned.url, deadline=Deadline(5), max_bytes=100, headers={name: value})
    assert canned.requests == []


def test_bytes_that_nobody_asked_for_end_the_line(post, canned):
    """Whatever is read before the next request was sent is no answer to it."""

    def twice(peer):
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")

    canned.does(twice)
    for _ in range(3):
        assert post().body == b"ok"
    assert canned.connections == 3


def test_a_line_that_was_idle_for_long_is_not_used(post, canned, monkeypatch):
    monkeypatch.setattr("brownfield_soap.transport.KEPT_SECONDS", 0.05)
    canned.says("ok")
    post()
    post()
    assert canned.connections == 1
    time.sleep(0.1)
    post()
    assert canned.connections == 2


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://127.0.0.1/", "no http"),
        ("http://", "no http"),
        ("http://[::1/", "no http"),
        ("http://127.0.0.1:99999/", "no http"),
        ("http://clerk:s3cret@127.0.0.1/", "carries a user or a password"),
        ("http://127.0.0.1/a b", "cannot be written as HTTP"),
        ("http://127.0.0.1/a\r\nX: y", "cannot be written|no http"),
        ("http://" + "a" * 70 + ".invalid/", "could not be reached"),
    ],
)
def test_an_address_that_is_none_means_that_nothing_happened(post, url, said):
    with pytest.raises(Unavailable, match=said) as caught:
        post(url=url, seconds=2.0)
    assert "s3cret" not in caught.value.message


def test_a_proxy_connects_through_and_sees_only_the_name(canned, post):
    """What follows its consent is TLS; here it is none, and so nothing of the request was sent."""
    through = Transport(1, wire=Wire(proxy=canned.url))
    canned.says("", 200)
    with pytest.raises(Unavailable, match="Nothing was sent"):
        post(b"secret body", through=through, url="https://wms.invalid/soap", seconds=0.5)
    assert canned.requests[0].startswith(b"CONNECT wms.invalid:443 HTTP/1.1\r\n")
    assert b"secret body" not in b"".join(canned.requests)


def test_a_proxy_that_refuses_means_that_nothing_happened(canned, post):
    through = Transport(1, wire=Wire(proxy=canned.url))
    canned.says("", 407)
    with pytest.raises(Unavailable, match="the proxy answered HTTP 407"):
        post(through=through, url="https://wms.invalid/soap")


def test_a_connection_that_is_closed_and_used_again_opens_a_new_socket(connect, canned):
    canned.says(NOTHING)
    opened = connect(limits=Limits(deadline=2.0))
    opened.invoke("GetPatient", {"Id": 7})
    opened.close()
    opened.invoke("GetPatient", {"Id": 7})
    assert canned.connections == 2


def test_probing_goes_through_the_proxy_and_sends_no_request(connect, canned):
    canned.says("", 200)
    connect(endpoint="http://wms.invalid/soap", proxy=canned.url).probe()
    assert canned.requests == []
    with pytest.raises(Unavailable, match=r"wms\.invalid:80"):
        connect(endpoint="http://wms.invalid/soap").probe()
