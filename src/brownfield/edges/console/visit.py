"""One request of somebody who is signed in: recognised again, and its form read and judged."""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from brownfield.edges.console.page import render
from brownfield.edges.console.session import Session, Sessions
from brownfield.rules.problem import Problem
from brownfield.runtime.assembly import Assembly
from brownfield.runtime.caller import Caller

COOKIE = "brownfield"
LARGEST = 64 * 1024
"""Bytes of a form at most."""


@dataclass(frozen=True, slots=True)
class Check:
    """A verification of the audit.

    Attributes:
        result: What `asking.verify` gave.
        since: When the first entry was made; None when there is none.
        at: When it was checked.
    """

    result: dict[str, Any]
    since: str | None
    at: datetime


@dataclass(slots=True)
class Console:
    """What the pages stand on.

    Attributes:
        assembly: The doors' one object.
        sessions: Who is signed in.
        check: The last verification of the audit since this process started.
    """

    assembly: Assembly
    sessions: Sessions
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who is signed in."""

    console: Console
    session: Session
    caller: Caller

    @property
    def assembly(self) -> Assembly:
        """The doors' one object."""
        return self.console.assembly

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are told."""
        return ZoneInfo(self.assembly.kernel.settings.timezone)

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.assembly.kernel.clock.now()

    def page(self, template: str, **facts: Any) -> Response:
        """A page for this visit."""
        return render(template, {"visit": self, **facts})


async def signed(request: Request) -> Visit:
    """The visit. Key, role, grants and halts are looked up anew, so that a revoked key ends the session.

    Raises:
        Problem: `unauthenticated`.
    """
    console: Console = request.state.console
    session = console.sessions.find(request.cookies.get(COOKIE))
    if session is None:
        raise Problem("unauthenticated", "Nobody is signed in here, or it was too long ago.")
    try:
        caller = console.assembly.guard.again(replace(session.caller, trace=secrets.token_hex(8)))
    except Problem:
        console.sessions.end(session.id)
        raise Problem("unauthenticated", "Your key is no longer good.") from None
    visit = Visit(console, session, caller)
    request.state.visit = visit
    return visit


Signed = Annotated[Visit, Depends(signed)]


async def posted(request: Request, visit: Signed) -> dict[str, str]:
    """The fields of a form that this session was shown.

    Raises:
        Problem: `denied`: the form is not of this session. Nothing was done.
    """
    form = await read_form(request)
    if not same(form.get("form", ""), visit.session.token):
        raise Problem("denied", "this form is not of your session; nothing was done",
                      next="Open the page again and send the form from there.")  # fmt: skip
    return form


Posted = Annotated[dict[str, str], Depends(posted)]


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a urlencoded form; no files, no repeated names.

    Raises:
        Problem: `malformed`.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise Problem("malformed", f"the form is larger than {LARGEST} bytes; nothing was done")
    try:
        return dict(parse_qsl(bytes(body).decode(), keep_blank_values=True, max_num_fields=50, errors="strict"))
    except ValueError as error:
        raise Problem("malformed", f"the form cannot be read: {error}; nothing was done") from None


def same(sent: str, known: str) -> bool:
    """Whether two secrets are the same, in constant time."""
    return bool(known) and hmac.compare_digest(sent.encode(), known.encode())


def within(form: dict[str, str], name: str, limit: int = 1000, *, needed: bool = False) -> str:
    """One field of a form.

    Raises:
        Problem: `invalid`: too long, or empty where it is needed.
    """
    value = form.get(name, "").strip()
    if len(value) > limit or (needed and not value):
        raise Problem("invalid", f"the field “{name}” needs {'1' if needed else '0'} to {limit} characters, "
                      f"and {len(value)} were sent; nothing was done", next="Go back and correct it.")  # fmt: skip
    return value


def onward(path: str) -> Response:
    """After a form: on to a page, so that reloading repeats nothing."""
    return RedirectResponse(path, 303)
