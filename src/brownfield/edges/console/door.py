"""The console's router: the way in, the way out, and the pages behind it."""

from importlib.resources import files

from fastapi import APIRouter, Depends, Request, Response

from brownfield.edges.console import audit, batch, proposal, system
from brownfield.edges.console.page import FORM, HOME, Page, keep, locked
from brownfield.edges.console.session import Sessions
from brownfield.edges.console.visit import COOKIE, Console, Posted, Signed, onward, read_form, same, signed
from brownfield.rules.access import Ability
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import Assembly
from brownfield.runtime.caller import Caller

router = APIRouter(route_class=Page)
STYLE = files("brownfield.edges.console").joinpath("template", "style.css")


def create_console(assembly: Assembly) -> APIRouter:
    """The pages at `/` and under `/console/`. Include it before anything that takes every path."""
    console = Console(assembly, Sessions(assembly.kernel.clock.ticks))

    async def stand(request: Request) -> None:
        request.state.console = console

    whole = APIRouter(dependencies=[Depends(stand)], include_in_schema=False)
    for part in (proposal.router, system.router, batch.router, audit.router, router):
        whole.include_router(part)
    return whole


@router.get("/")
async def enter(request: Request) -> Response:
    """To the work of who is signed in, else the form that asks for a key."""
    try:
        visit = await signed(request)
    except Problem:
        return locked(request)
    return onward(_first(visit.caller))


@router.post("/console/sign-in")
async def sign_in(request: Request) -> Response:
    """Begin a session for a key."""
    console: Console = request.state.console
    form = await read_form(request)
    if not same(form.get("form", ""), request.cookies.get(FORM, "")):
        return locked(request, "This form was not asked for here, or cookies are off. Please try once more.", 403)
    try:
        caller = console.assembly.guard.admit(form.get("key", "").strip())
    except Problem:
        return locked(request, "That key is not good here: unknown, expired or revoked.", 401)
    if not caller.may(Ability.OVERSEE):
        return locked(request, "The console is for people; an agent's key opens nothing here.", 403)
    console.sessions.end(request.cookies.get(COOKIE))
    wanted = form.get("onward", "")
    response = onward(wanted if wanted.startswith(HOME) else _first(caller))
    keep(request, response, COOKIE, console.sessions.begin(caller).id)
    response.delete_cookie(FORM, path="/", httponly=True, samesite="strict")
    return response


@router.post("/console/sign-out")
async def sign_out(visit: Signed, form: Posted) -> Response:  # noqa: ARG001  the form is judged by its dependency
    """End the session."""
    visit.console.sessions.end(visit.session.id)
    response = onward("/")
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


@router.get("/console/style.css")
async def style() -> Response:
    """The one style sheet."""
    return Response(STYLE.read_text("utf-8"), media_type="text/css")


@router.get("/console")
@router.get("/console/{rest:path}")
async def nowhere(request: Request, visit: Signed, rest: str = "") -> Response:
    """The overview, or a page that says there is none.

    Raises:
        Problem: `not-found`.
    """
    if rest:
        raise Problem("not-found", f"there is no page {request.url.path}", next="Go on from the links above.")
    return onward(_first(visit.caller))


def _first(caller: Caller) -> str:
    """Where the work of a role is."""
    if caller.may(Ability.AUDIT):
        return "/console/audit"
    return "/console/proposals" if caller.may(Ability.DECIDE) else "/console/systems"
