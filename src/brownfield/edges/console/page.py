"""One page: its frame, its headers, and how a problem looks as one."""

import secrets
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException

from brownfield.contract import Failure
from brownfield.edges.console import text
from brownfield.rules import phrase
from brownfield.rules.problem import Problem, from_failure
from brownfield.runtime.defect import report

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer: nothing but our own style sheet and forms, in no frame, in no cache (T35)."""

HOME = "/console/"
FORM = "brownfield_form"
"""The cookie that the sign-in form is bound to; there is no session yet."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("brownfield.edges.console", "template"),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    filters = (text.quoted, text.visible, text.shown, text.alike, text.rows, text.field, text.moment, text.span,
               text.dump, phrase.name, phrase.money, phrase.counted, phrase.spelt, phrase.capital)  # fmt: skip
    made.filters |= {filter_.__name__: filter_ for filter_ in filters}
    return made


TEMPLATES = _environment()


def render(template: str, facts: Mapping[str, Any], status: int = 200) -> Response:
    """A page from a template."""
    return HTMLResponse(TEMPLATES.get_template(template).render(facts), status)


class Page(APIRoute):
    """A route whose every answer is a page with our headers, a problem's too."""

    def get_route_handler(self) -> Handler:
        """The handler of the route, wrapped."""
        handle = super().get_route_handler()

        async def paged(request: Request) -> Response:
            try:
                response = await handle(request)
            except Exception as error:  # noqa: BLE001  whatever it was, a person is told on a page
                response = told(request, _problem(request, error))
            response.headers.update(HEADERS)
            return response

        return paged


def told(request: Request, problem: Problem) -> Response:
    """A problem as a page: what happened, why, what to do next, and the trace. Without a key, the way in."""
    if problem.code == "unauthenticated":
        return locked(request, problem.cause, 401)
    visit = getattr(request.state, "visit", None)
    trace = visit.caller.trace if visit else secrets.token_hex(8)
    proposal = request.path_params.get("id") if "/proposals/" in request.url.path else None
    facts = {"problem": problem, "trace": trace, "visit": visit, "proposal": proposal}
    return render("problem.html", facts, problem.kind.status)


def locked(request: Request, why: str = "", status: int = 200) -> Response:
    """The page that asks for a key. Its form is bound to a cookie, so that no other page can sign a browser in."""
    path = request.url.path
    onward = path if request.method == "GET" and path.startswith(HOME) else ""
    token = request.cookies.get(FORM) or secrets.token_urlsafe(32)
    response = render("sign_in.html", {"token": token, "onward": onward, "why": why, "visit": None}, status)
    keep(request, response, FORM, token)
    if status == 401:
        response.headers["www-authenticate"] = "Bearer"
    return response


def keep(request: Request, response: Response, name: str, value: str) -> None:
    """Set a cookie that no script reads, no other site sends, and no plain line carries once there is a secure one."""
    response.set_cookie(name, value, path="/", httponly=True, samesite="strict", secure=request.url.scheme == "https")


def _problem(request: Request, error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case Failure():
            return from_failure(error, system=request.url.path)
        case HTTPException(status_code=404):
            return Problem("not-found", f"there is no page {request.url.path}")
        case HTTPException() | RequestValidationError():
            return Problem("malformed", "the address or the form cannot be read; nothing was done",
                           next="Go back, reload the page, and send it once more.")  # fmt: skip
    trace = secrets.token_hex(8)
    report(f"a defect, trace {trace}", error)
    return Problem("internal", f"{type(error).__name__} (logged under {trace})")
