"""The proposals: those to decide, the story of one, and what may be said or done about it."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter, Response

from brownfield.edges.console.card import Card, deal
from brownfield.edges.console.page import Page
from brownfield.edges.console.visit import Posted, Signed, Visit, onward, within
from brownfield.ledger.audit import Recorded, search
from brownfield.rules.access import Ability
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import State
from brownfield.rules.sentence import Entry
from brownfield.rules.story import story
from brownfield.runtime.proposing import Seen

router = APIRouter(route_class=Page)
SHOWN = 25
"""Cards on one page; the page tells how many more wait."""
LATEST = 50
"""Settled proposals listed below them."""
MOST = 1000
"""Proposals looked through at most."""
OPEN = (State.PROPOSED, State.UNKNOWN, State.APPROVED, State.EXECUTING, State.SENT)


@router.get("/console/proposals")
async def proposals(visit: Signed) -> Response:
    """Those to decide, oldest first; what else is under way; the latest that ended."""
    under_way = [deal(visit, seen) for seen in reversed(await _listed(visit, OPEN, MOST))]
    waiting = [card for card in under_way if card.waits]
    others = [card for state in OPEN[1:] for card in under_way if card.proposal.state is state]
    ended = [deal(visit, seen) for seen in await _listed(visit, [s for s in State if s not in OPEN], LATEST)]
    return visit.page("proposals.html", waiting=waiting[:SHOWN], more=len(waiting[SHOWN:]), others=others, ended=ended)


@router.get("/console/proposals/{id}")
async def proposal(visit: Signed, id: str) -> Response:  # noqa: A002  the word of the http door
    """One proposal: everything that happened to it, and what may be done now."""
    seen = await asyncio.to_thread(visit.assembly.proposing.get, visit.caller, id)
    trail = await asyncio.to_thread(_trail, visit, id)
    undone = [other.proposal for other in await _listed(visit, None, MOST) if other.proposal.undo_of == id]
    card = deal(visit, seen)
    return visit.page("proposal.html", card=card, story=_story(visit, trail), changed=_changed(trail), undone=undone,
                      possible=_possible(visit, card))  # fmt: skip


@router.post("/console/proposals/{id}/decide")
async def decide(visit: Signed, id: str, form: Posted) -> Response:  # noqa: A002
    """Approve or decline what the form showed: its hash is the one that was shown."""
    decision, note, proposing = _decision(form), within(form, "note"), visit.assembly.proposing
    if decision == "approved":
        seen = await asyncio.to_thread(proposing.get, visit.caller, id)
        _ask_again(visit, seen, form.get("key", "").strip())
    await asyncio.to_thread(proposing.decide, visit.caller, id, decision, form.get("hash", ""), note)
    visit.assembly.worker.wake()
    return onward(f"/console/proposals/{id}")


@router.post("/console/proposals/{id}/undo")
async def undo(visit: Signed, id: str, form: Posted) -> Response:  # noqa: A002
    """Propose the write that reverses it; other people decide on that one."""
    seen = await visit.assembly.proposing.undo(visit.caller, id, within(form, "reason"))
    return onward(f"/console/proposals/{seen.proposal.id}")


@router.post("/console/proposals/{id}/done-by-hand")
async def done_by_hand(visit: Signed, id: str, form: Posted) -> Response:  # noqa: A002
    """Say that a person has made the approved write by hand."""
    reference = within(form, "reference", 200, needed=True)
    await asyncio.to_thread(visit.assembly.proposing.by_hand, visit.caller, id, reference)
    return onward(f"/console/proposals/{id}")


@router.post("/console/proposals/{id}/resolve")
async def resolve(visit: Signed, id: str, form: Posted) -> Response:  # noqa: A002
    """Say what an uncertain write did, after looking."""
    outcome: Literal["done", "failed"] = "done" if form.get("outcome") == "done" else "failed"
    if form.get("outcome") not in {"done", "failed"}:
        raise Problem("invalid", "say whether it was written; nothing was done", next="Go back and choose one.")
    note = within(form, "note", needed=True)
    await asyncio.to_thread(visit.assembly.proposing.resolve, visit.caller, id, outcome, note)
    return onward(f"/console/proposals/{id}")


def _decision(form: dict[str, str]) -> Literal["approved", "declined"]:
    match form.get("decision"):
        case "approved":
            return "approved"
        case "declined":
            return "declined"
    raise Problem("invalid", "press Approve or Decline; nothing was decided", next="Go back and press one of them.")


def _ask_again(visit: Visit, seen: Seen, key: str) -> None:
    """In the highest tier a session that was left open is not enough: the key is sent once more (T35).

    Raises:
        Problem: `denied`.
    """
    if seen.proposal.needed < 2:
        return
    try:
        again = visit.assembly.guard.admit(key)
    except Problem:
        again = None
    if again is None or again.identity.id != visit.caller.identity.id:
        raise Problem("denied", "two people approve this, so your key is asked for once more, and the one sent is "
                      "not yours; nothing was decided", next="Open the proposal again and enter your key.")  # fmt: skip


async def _listed(visit: Visit, states: Sequence[State] | None, limit: int) -> list[Seen]:
    return await asyncio.to_thread(visit.assembly.proposing.list, visit.caller, states, limit)


def _trail(visit: Visit, id_: str) -> list[Recorded]:
    """What the audit has of a proposal. Who may see the proposal may see this; `get` has judged that."""
    with visit.assembly.kernel.ledger.read() as connection:
        return search(connection, proposal=id_)


def _story(visit: Visit, trail: list[Recorded]) -> list[str]:
    lines = [Entry(e.event, e.at, e.identity, e.wrapper, e.operation, e.proposal, e.body) for e in trail]
    return story(lines, visit.zone)


def _changed(trail: list[Recorded]) -> dict[str, Any]:
    """Per field that the write changed: what it was and what it is."""
    return next((entry.body["changed"] for entry in reversed(trail) if entry.body.get("changed")), {})


def _possible(visit: Visit, card: Card) -> set[str]:
    """The forms that this person is shown."""
    state, caller = card.proposal.state, visit.caller
    opened = visit.assembly.kernel.wrappers.get(card.proposal.wrapper)
    by_hand = opened is not None and opened.bundle.manifest.mode == "read-only"
    ways = {
        "decide": card.waits and not card.refusal,
        "undo": state is State.DONE and bool(card.undoing) and caller.may(Ability.UNDO),
        "done-by-hand": state is State.APPROVED and by_hand and caller.may(Ability.SETTLE),
        "resolve": state is State.UNKNOWN and caller.may(Ability.SETTLE),
    }
    return {way for way, open_ in ways.items() if open_}
