"""An answer leaves in one piece, and still in pieces where it is made in pieces."""

import asyncio
import contextlib
import socket

import pytest
import uvicorn
from uvicorn.server import ServerState

from brownfield.edges.http import packet
from brownfield.edges.http.packet import Joined, Protocol

pytestmark = pytest.mark.anyio
ASKED = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n"


async def application(scope, _receive, send):
    """`/slow` gives its body in two parts, a moment apart; anything else in one."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    if scope["path"] == "/slow":
        await send({"type": "http.response.body", "body": b"ab", "more_body": True})
        await asyncio.sleep(0.2)
    await send({"type": "http.response.body", "body": b"cd" if scope["path"] == "/slow" else b"abcd"})


def on(line):
    """Our side of a line."""
    config = uvicorn.Config(application, log_level="critical", lifespan="off")
    config.load()
    protocol = Protocol(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(line)
    return protocol


@contextlib.asynccontextmanager
async def served():
    config = uvicorn.Config(application, http=Protocol, port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    reader, writer = await asyncio.open_connection(host, port)
    yield reader, writer
    writer.close()
    server.should_exit = True
    await running


class Line:
    """A transport over a pair of sockets that keep pieces apart: a stream joins them, however they were sent."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.theirs.settimeout(10)
        self.closed = False

    def get_extra_info(self, name, default=None):
        return self.ours if name == "socket" else default

    def get_write_buffer_size(self):
        return 0

    def is_closing(self):
        return self.closed

    def write(self, data):
        assert not self.closed, "uvloop raises here"
        self.ours.send(data)

    def close(self):
        self.closed = True


@pytest.fixture
def line():
    line = Line()
    with line.ours, line.theirs:
        yield line


async def test_head_and_body_are_one_piece(line):
    """Two pieces would wake a client twice for one answer."""
    protocol = on(line)
    for _ in range(3):
        protocol.data_received(ASKED % (b"/", b""))
        received = await asyncio.to_thread(line.theirs.recv, 65536)
        assert received.endswith(b"\r\n\r\nabcd")
    protocol.connection_lost(None)


async def test_what_waits_when_the_line_is_lost_is_given_up(line):
    """What is closed takes nothing."""
    joined = Joined(line)
    joined.write(b"head")
    line.close()
    joined.release()
    joined._send()


async def test_what_is_made_in_pieces_is_sent_in_pieces():
    """A stream of events does not wait for its end."""
    async with served() as (reader, writer):
        writer.write(ASKED % (b"/slow", b""))
        assert (await reader.read(65536)).endswith(b"\r\n\r\nab")
        assert await reader.read(65536) == b"cd"


async def test_an_answer_after_which_the_line_is_closed_is_sent_whole():
    """The last piece is not lost with the line."""
    async with served() as (reader, writer):
        writer.write(ASKED % (b"/", b"Connection: close\r\n"))
        assert (await reader.read(-1)).endswith(b"\r\n\r\nabcd")


HEADS = {
    "a header": ASKED[:-4] % b"/" + b"X: ",
    "many headers": ASKED[:-4] % b"/" + b"X: y\r\n" * 100,
    "a target": b"GET /",
    "the extension of a chunk": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;",
    "a trailer": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
}


@pytest.mark.parametrize("asked", [0, 2], ids=["first", "later"])
@pytest.mark.parametrize("begun", HEADS)
async def test_a_head_without_end_is_not_kept(line, begun, asked):
    """R34, R92: whoever sends it is nobody, and the memory is everybody's. On a connection that is kept as well."""
    protocol = on(line)
    for _ in range(asked):
        protocol.data_received(ASKED % (b"/", b""))
        await asyncio.to_thread(line.theirs.recv, 65536)
    protocol.data_received(HEADS[begun])
    sent = 0
    while not line.closed and sent < 1_000_000:
        protocol.data_received(b"a" * 1000)
        sent += 1000
    assert 60_000 < sent < 70_000
    if protocol.cycle is None or protocol.cycle.response_complete:
        assert b" 431 " in line.theirs.recv(65536)
    protocol.connection_lost(None)


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 300000\r\n\r\n" + b"a" * 300_000,
     b"Transfer-Encoding: chunked\r\n\r\n" + b"2;x\r\naa\r\n" * 30_000 + b"0\r\n\r\n"],
    ids=["of one length", "in chunks"],
)  # fmt: skip
async def test_a_body_is_not_a_head(body):
    """However long it is, in pieces of any size: its own bound is elsewhere."""
    async with served() as (reader, writer):
        for _ in range(2):
            writer.write(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + body)
            assert (await asyncio.wait_for(reader.readuntil(b"abcd"), 30)).startswith(b"HTTP/1.1 200")
            await asyncio.wait_for(writer.drain(), 30)


@pytest.mark.parametrize("first", [b"", b"GET / HT"], ids=["nothing", "half a head"])
async def test_a_connection_that_says_nothing_whole_is_ended(monkeypatch, first):
    """R92: each takes descriptors, and a byte now and then kept it for ever."""
    monkeypatch.setattr(packet, "PATIENCE", 0.3)
    async with served() as (reader, writer):
        writer.write(first)
        assert b" 408 " in await asyncio.wait_for(reader.read(-1), 30)


async def test_a_slow_head_is_ended_on_a_kept_connection_too(monkeypatch):
    async with served() as (reader, writer):
        writer.write(ASKED % (b"/", b""))
        assert (await reader.read(65536)).endswith(b"abcd")
        monkeypatch.setattr(packet, "PATIENCE", 0.3)
        writer.write(b"GET / HTTP/1.1\r\nX: ")

        async def drip():
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        assert b" 408 " in await asyncio.wait_for(reader.read(-1), 30)
        dripping.cancel()


async def test_an_answer_that_takes_longer_than_a_head_may_is_given(monkeypatch):
    """The time of a head is over when it is whole."""
    monkeypatch.setattr(packet, "PATIENCE", 0.1)
    async with served() as (reader, writer):
        writer.write(ASKED % (b"/slow", b"Connection: close\r\n"))
        assert (await reader.read(-1)).endswith(b"\r\n\r\nabcd")


async def test_connections_have_a_number(monkeypatch):
    """R92: one more is told so, and those that are there go on."""
    monkeypatch.setattr(packet, "MOST", 1)
    async with served() as (reader, writer):
        more, other = await asyncio.open_connection(*writer.get_extra_info("peername"))
        assert b" 503 " in await more.read(-1)
        other.close()
        writer.write(ASKED % (b"/", b"Connection: close\r\n"))
        assert (await reader.read(-1)).endswith(b"abcd")
