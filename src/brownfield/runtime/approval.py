"""Whether what was approved is what would happen now: asked of every write before it is made, however it leaves."""

from typing import Any

from sqlalchemy import Connection

from brownfield.contract import Failure, Fields, Unavailable, fingerprint
from brownfield.ledger.identity import find_identity, grants
from brownfield.ledger.proposal import Proposal, binding, decisions
from brownfield.rules.access import covers, person
from brownfield.rules.problem import Problem
from brownfield.runtime.kernel import OpenWrapper
from brownfield.runtime.reader import read_before
from brownfield.wrapper.bundle import Operation


def flaw(connection: Connection, proposal: Proposal) -> str:
    """Why what is marked as approved may not be executed; empty when it may. The mark alone proves nothing."""
    if binding(proposal) != proposal.hash:
        return "it is not what was approved: its content does not have its hash"
    made = [d for d in decisions(connection, proposal.id) if d.decision == "approved" and d.hash == proposal.hash]
    try:
        approving = {person(decision.person) for decision in made} - {person(proposal.person)}
    except ValueError as error:
        return f"nobody can tell who approved it: {error}"
    if len(approving) < proposal.needed:
        return f"it has not the {proposal.needed} approvals that it needs"
    proposer = find_identity(connection, proposal.proposer)
    held = grants(connection, proposer.id) if proposer else frozenset()
    if not covers(held, proposal.wrapper, proposal.operation):
        return f"{proposal.proposer} no longer holds the grant"
    return ""


async def changed_since(opened: OpenWrapper, operation: Operation, proposal: Proposal) -> str:
    """Why what was approved is not what would happen now; empty when it is.

    Raises:
        Unavailable: The state could not be read; nothing was begun.
    """
    if opened.bundle.pledge(operation) != proposal.surface:
        return "the operation is not the one that was approved: its surface or its bundle has changed"
    before = await state_before(opened, operation, proposal.arguments)
    if fingerprint(before) != proposal.before_hash:
        return "the state has changed since it was shown to the approver"
    return ""


async def state_before(opened: OpenWrapper, operation: Operation, arguments: Fields) -> dict[str, Any] | None:
    """The state that a write would change.

    Raises:
        Unavailable: It could not be read. The write was not begun, whatever went wrong with the look.
    """
    try:
        return await read_before(opened, operation, arguments)
    except Problem as problem:
        raise Unavailable(problem.cause) from problem
    except Failure as failure:
        raise Unavailable(f"the state before could not be read: {failure.message}") from failure
