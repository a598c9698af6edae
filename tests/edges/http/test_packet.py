"""An answer leaves in one piece, and still in pieces where it is made in pieces."""

import asyncio
import contextlib
import socket

import pytest
import uvicorn
from uvicorn.server import ServerState

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
    config = uvicorn.Config(application, log_level="critical", lifespan="off")
    config.load()
    protocol = Protocol(config=config, server_state=ServerState(), app_state={})
    protocol.connection_made(line)
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
