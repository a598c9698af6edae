"""The systems: what is wrapped, what it may be asked, what is stopped; halting and resuming."""

import asyncio
from typing import Any

from fastapi import APIRouter, Response

from brownfield.edges.console.page import Page
from brownfield.edges.console.text import field
from brownfield.edges.console.visit import Posted, Signed, Visit, onward, within
from brownfield.ledger.halt import EVERYTHING, Halt
from brownfield.rules.access import Ability
from brownfield.rules.sentence import scope
from brownfield.runtime.kernel import OpenWrapper
from brownfield.wrapper.bundle import Operation

router = APIRouter(route_class=Page)


@router.get("/console/systems")
async def systems(visit: Signed) -> Response:
    """Every system."""
    status = await asyncio.to_thread(visit.assembly.control.status, visit.caller)
    halts = [{"halt": halt, "covers": scope(halt.scope)} for halt in visit.caller.halts]
    shown = [_system(visit, system) for system in status["systems"]]
    return visit.page("systems.html", systems=shown, halts=halts,
                      may_halt=visit.caller.may(Ability.HALT), halted={halt.scope for halt in visit.caller.halts},
                      everything=EVERYTHING)  # fmt: skip


@router.post("/console/halt")
async def halt(visit: Signed, form: Posted) -> Response:
    """Stop everything in a scope, at once."""
    named, reason = within(form, "scope", 200, needed=True), within(form, "reason", needed=True)
    await asyncio.to_thread(visit.assembly.control.halt, visit.caller, named, reason)
    return onward("/console/systems")


@router.post("/console/resume")
async def resume(visit: Signed, form: Posted) -> Response:
    """Let it go on."""
    await asyncio.to_thread(visit.assembly.control.resume, visit.caller, within(form, "scope", 200, needed=True))
    return onward("/console/systems")


def _system(visit: Visit, told: dict[str, Any]) -> dict[str, Any]:
    opened = visit.assembly.kernel.wrappers[told["id"]]
    halts = {halt.scope: halt for halt in visit.caller.halts}
    whole = halts.get(EVERYTHING) or halts.get(f"wrapper:{opened.id}")
    operations = [_operation(opened, opened.bundle.operations[name], whole, halts) for name in told["operations"]]
    feeds = [opened.bundle.feeds[name] for name in told["feeds"]]
    scopes = [] if whole else [(f"wrapper:{opened.id}", "the whole system")]
    scopes += [(item["scope"], field(item["operation"].name)) for item in operations if not item["halted"]]
    return {**told, "halt": whole, "operations": operations, "feeds": feeds, "scopes": scopes}


def _operation(opened: OpenWrapper, operation: Operation, whole: Halt | None,
               halts: dict[str, Halt]) -> dict[str, Any]:  # fmt: skip
    named = f"operation:{opened.id}.{operation.name}"
    halted = whole or halts.get(named)
    call = operation.table.call
    drifted = opened.stopped(operation)
    state = f"halted by {halted.by}" if halted else f"stopped: {call} is not as locked" if drifted else "open"
    return {"operation": operation, "state": state, "scope": named, "halted": halted}
