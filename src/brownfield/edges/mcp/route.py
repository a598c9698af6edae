"""The servers as HTTP routes: the key before everything, one stateless endpoint for both eras of the protocol."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Any

import anyio.to_thread
import orjson
from mcp.server.caching import CacheHint
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from brownfield.edges.mcp.catalog import Catalog, check_names, make_catalog
from brownfield.edges.mcp.desk import CALLER, Desk, defect
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import Assembly
from brownfield.runtime.guard import Guard
from brownfield.runtime.home import Settings

Lifespan = Callable[[], AbstractAsyncContextManager[None]]

FRESH = CacheHint(ttl_ms=60_000, scope="private")
"""How long a client may keep a list. It depends on the key, so nobody else may have it; a call is judged anew."""

LOCAL = ("127.0.0.1", "localhost", "[::1]")
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  addresses to listen on, and nobody's name


def create_mcp_routes(assembly: Assembly) -> tuple[list[Route], Lifespan]:
    """The routes `/{wrapper}/mcp`, and what must be entered while they are served.

    Returns:
        Routes for `app.router.routes`, and a context manager for the app's lifespan.

    Raises:
        BundleError: A tool could not be offered to every client.
    """
    catalogs = [make_catalog(opened) for opened in assembly.kernel.wrappers.values()]
    check_names(catalogs)
    security = transport_security(assembly.kernel.settings)
    doors = [Door(assembly.guard, make_server(assembly, catalog), security) for catalog in catalogs]
    routes = [
        Route(f"/{catalog.wrapper}/mcp", door, include_in_schema=False)
        for catalog, door in zip(catalogs, doors, strict=True)
    ]

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for door in doors:
                await stack.enter_async_context(door.open())
            yield

    return routes, lifespan


def make_server(assembly: Assembly, catalog: Catalog) -> Server[Any]:
    """The MCP server of one wrapper."""
    desk = Desk(assembly, catalog)
    return Server(
        catalog.wrapper,
        version=version("brownfield"),
        title=catalog.title,
        instructions=catalog.instructions,
        cache_hints={"tools/list": FRESH, "server/discover": FRESH},
        # Asked before anybody is known, and only for arguments mirrored into headers, which no schema of ours has:
        # without it, every call would run the whole list first.
        get_tool_input_schema=lambda _name: None,
        on_list_tools=desk.list_tools,
        on_call_tool=desk.call_tool,
    )


def transport_security(settings: Settings) -> TransportSecuritySettings:
    """The names under which this server may be asked for: any other is a page that rebinds DNS."""
    listening = () if settings.host in EVERYWHERE else (_bracketed(settings.host),)
    hosts = dict.fromkeys((*LOCAL, *listening, *settings.allowed_hosts))
    named = [name for host in hosts for name in (host, f"{host}:*")]
    origins = [f"{scheme}://{name}" for scheme in ("http", "https") for name in named]
    return TransportSecuritySettings(allowed_hosts=named, allowed_origins=origins)


class Door:
    """One server behind the key.

    Stateless, so that a restart or a second worker breaks no client: with no sessions, none can be taken over. Answers
    are plain JSON, half the work of a stream, and there is no progress to send.

    Args:
        guard: Knows callers.
        server: The wrapper's server.
        security: Whose names are let in.
    """

    def __init__(self, guard: Guard, server: Server[Any], security: TransportSecuritySettings) -> None:
        self._guard = guard
        self._server = server
        self._security = security
        self._manager: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve until left. A manager runs once only, so each opening has its own."""
        manager = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True, security_settings=self._security
        )
        async with manager.run():
            self._manager = manager
            yield
        self._manager = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in whose key is known.

        GET and DELETE belong to sessions. A client that tries them knows 405 as "no stream here", and takes anything
        else for a failure, so it is answered here and not by the application's own handler.
        """
        if scope["method"] != "POST":
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
            return
        key, trace = bearer(Headers(scope=scope)), secrets.token_hex(8)
        try:
            caller = await anyio.to_thread.run_sync(self._guard.admit, key)
        except Problem as problem:
            await refusal(problem, trace, sent=key is not None)(scope, receive, send)
            return
        except Exception as error:  # noqa: BLE001  a client of MCP can read a problem, and no stack trace
            await refusal(defect(error, trace), trace, sent=False)(scope, receive, send)
            return
        # httptools leaves the blanks around a header's value, and the SDK compares some of them to the letter.
        headers = [(name, value.strip()) for name, value in scope["headers"]]
        await self._opened.handle_request({**scope, "headers": headers, CALLER: caller}, receive, send)

    @property
    def _opened(self) -> StreamableHTTPSessionManager:
        if self._manager is None:
            raise RuntimeError("enter the lifespan of create_mcp_routes before serving its routes")
        return self._manager


def bearer(headers: Headers) -> str | None:
    """The key of `Authorization: Bearer KEY`, or None when there is none, or more than one."""
    sent = headers.getlist("authorization")
    scheme, _, key = sent[0].partition(" ") if len(sent) == 1 else ("", "", "")
    return key.strip() or None if scheme.lower() == "bearer" else None


def refusal(problem: Problem, trace: str, *, sent: bool) -> Response:
    """A problem before anybody is known, as problem+json with the challenge of RFC 6750.

    Args:
        problem: What is wrong.
        trace: Ties it to the log.
        sent: Whether a key was sent: an error is named only then (RFC 6750, 3.1).
    """
    challenge = 'Bearer realm="brownfield"' + (', error="invalid_token"' if sent else "")
    headers = {"WWW-Authenticate": challenge} if problem.kind.status == 401 else {}
    body = orjson.dumps(problem.body(trace))
    return Response(body, problem.kind.status, headers, "application/problem+json")


def _bracketed(host: str) -> str:
    """An address as a Host header has it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
