"""The application: every web door on one assembly, and the server that runs it."""

import gc
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from brownfield.contract import Failure
from brownfield.edges.console import create_console
from brownfield.edges.http import describe, desk, operation
from brownfield.edges.http.exchange import Bounded, told
from brownfield.edges.http.packet import Protocol
from brownfield.edges.mcp import create_mcp_routes
from brownfield.ledger.conflict import Conflict
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import Assembly, first_operator, open_assembly, warnings
from brownfield.runtime.defect import problem_of
from brownfield.runtime.home import Settings

log = logging.getLogger("brownfield.http")
LOCAL = ("127.0.0.1", "localhost", "[::1]", "::1")
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  addresses to listen on, and nobody's name


def create_app(assembly: Assembly) -> FastAPI:
    """The application. Worker and scheduler run while it does."""
    tools, tools_open = create_mcp_routes(assembly)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with assembly.running(), tools_open():
            yield

    # Nothing of a call goes to whatever collects traces in this process: what may be kept of it is in the audit.
    app = FastAPI(title="brownfield", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None,
                  telemetry={"tracing": False, "metrics": False, "logs": False})  # fmt: skip
    app.state.assembly = assembly
    for router in (create_console(assembly), describe.router, desk.router):
        app.include_router(router)
    app.router.routes.extend([*tools, *operation.routes()])
    app.add_exception_handler(Exception, _told)
    for kind in (Problem, Failure, Conflict, SQLAlchemyError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _told)
    calls = operation.Calls(app.build_middleware_stack(), assembly.kernel.wrappers, _told)
    app.middleware_stack = TrustedHostMiddleware(Bounded(calls), allowed_hosts=hosts(assembly.kernel.settings))
    return app


def hosts(settings: Settings) -> list[str]:
    """The Host names that are answered: others would be a rebound name."""
    named = () if settings.host in EVERYWHERE else (settings.host,)
    return [*LOCAL, *named, *settings.allowed_hosts]


def serve(folder: Path, environ: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """Run everything in one process until it is stopped.

    Args:
        folder: The bundles.
        environ: See `open_assembly`.
        tell: Called with each line that the operator should read.

    Raises:
        BundleError: With everything that keeps a bundle from starting.
        Problem: Another process holds the ledger, or the address is taken.
    """
    with open_assembly(folder, environ) as assembly:
        kernel = assembly.kernel
        with _listen(kernel.settings) as listening:
            host, port = listening.getsockname()[:2]
            address = f"http://{host}:{port}"
            for line in (*warnings(kernel), *_greeting(assembly, address)):
                tell(line)
            config = uvicorn.Config(create_app(assembly), http=Protocol, log_level="warning", access_log=False,
                                    server_header=False, timeout_graceful_shutdown=10)  # fmt: skip
            # What is there now stays, and a call leaves little behind: the collector took a tenth of each call's time.
            gc.freeze()
            gc.set_threshold(10_000, 10, 10)
            kernel.home.announce(address)
            try:
                uvicorn.Server(config).run(sockets=[listening])
            finally:
                kernel.home.leave()


def _greeting(assembly: Assembly, address: str) -> list[str]:
    key = first_operator(assembly.kernel)
    lines = [f"The operator's key, shown this once: {key}"] if key else []
    systems = ", ".join(f"{w.id} ({w.bundle.manifest.mode})" for w in assembly.kernel.wrappers.values())
    return [*lines, f"Wrapped in {assembly.kernel.environment}: {systems}", f"Listening on {address}"]


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle off only for a socket that says TCP: 45 ms an answer else.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(512)
    except OSError as error:
        listening.close()
        why = os.strerror(error.errno or 0)
        raise Problem("taken", f"{settings.host}:{settings.port} cannot be listened on: {why}",
                      next="Say another port in brownfield.toml, or stop what has it.") from error  # fmt: skip
    return listening


async def _told(request: Request, error: Exception) -> Response:
    # The trace of the audit's entries, where somebody was recognised: what the caller is told can be found again.
    trace = getattr(request.state, "trace", "") or secrets.token_hex(8)
    return told(_problem(request, error, trace), trace)


def _problem(request: Request, error: Exception, trace: str) -> Problem:
    match error:
        case HTTPException():
            code = {404: "not-found", 405: "malformed"}.get(error.status_code, "malformed")
            return Problem(code, f"{request.method} {request.url.path}: {error.detail}")
        case RequestValidationError():
            found = error.errors()
            if any(fault["type"] == "json_invalid" for fault in found):
                return Problem("malformed", "the body is not JSON; nothing was done")
            errors = tuple({"path": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in found)
            return Problem("invalid", "the request is not valid", errors=errors)
    return problem_of(error, system=request.url.path, trace=trace)
