"""The audit: a question in plain words, its answer in sentences, and whether the record is whole."""

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter, Response

from brownfield.edges.console.page import Page
from brownfield.edges.console.visit import Check, Posted, Signed, Visit, onward, within
from brownfield.rules.access import Ability

router = APIRouter(route_class=Page)


@router.get("/console/audit")
async def audit(visit: Signed) -> Response:
    """The question box."""
    return _page(visit)


@router.post("/console/audit")
async def ask(visit: Signed, form: Posted) -> Response:
    """The answer. Sent as a form, because a question names people and accounts, and is itself an entry."""
    question = within(form, "question", 500)
    answer = await asyncio.to_thread(visit.assembly.asking.ask, visit.caller, question)
    return _page(visit, question=question, answer=answer)


@router.post("/console/audit/verify")
async def verify(visit: Signed, form: Posted) -> Response:  # noqa: ARG001  the form is judged by its dependency
    """Check every link of every chain, and remember when."""
    asking = visit.assembly.asking
    result = await asyncio.to_thread(asking.verify, visit.caller)
    first = await asyncio.to_thread(asking.entries, visit.caller, 0, 1)
    visit.console.check = Check(result, first[0]["at"] if first else None, visit.now)
    return onward("/console/audit")


def _page(visit: Visit, question: str = "", answer: object = None) -> Response:
    return visit.page("audit.html", question=question, answer=answer, check=visit.console.check, sealed=_sealed(visit),
                      may_ask=visit.caller.may(Ability.ASK), may_verify=visit.caller.may(Ability.AUDIT))  # fmt: skip


def _sealed(visit: Visit) -> datetime | None:
    """When a seal was last stored outside the database."""
    path = visit.assembly.kernel.home.seals
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None
