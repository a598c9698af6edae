"""A proposal as a page shows it: what it is worth and what is worst about it first, from the payload alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from brownfield.edges.console.visit import Visit
from brownfield.ledger.halt import blocking
from brownfield.ledger.proposal import Proposal
from brownfield.rules import phrase, tier
from brownfield.rules.access import Ability
from brownfield.rules.proposal import State
from brownfield.runtime.caller import Caller
from brownfield.runtime.kernel import Kernel, OpenWrapper
from brownfield.runtime.proposing import Seen
from brownfield.wrapper.bundle import Operation
from brownfield.wrapper.money import Money

STATES: dict[State, str] = {
    State.PROPOSED: "waits for a decision",
    State.APPROVED: "approved, not written yet",
    State.EXECUTING: "is being written",
    State.SENT: "left in a file, not answered yet",
    State.UNKNOWN: "nobody knows whether it was written",
    State.DONE: "done",
    State.DONE_BY_HAND: "done by hand",
    State.DECLINED: "declined",
    State.DENIED: "denied by policy",
    State.EXPIRED: "expired, nothing was written",
    State.REJECTED: "rejected by the system",
    State.FAILED: "failed, nothing was written",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One proposal for one person.

    Attributes:
        seen: The proposal and its decisions.
        title: The operation in words.
        system: The system's title.
        state: See `STATES`.
        risks: Sentences, the worst first.
        undoing: How it could be undone; empty when it cannot.
        why: Why its tier is what it is; empty when the policy has changed since.
        approved: Who has approved it.
        left: Time until it expires.
        refusal: Why this person may not decide on it; empty when they may.
        strict: Whether approving asks for the key once more.
    """

    seen: Seen
    title: str
    system: str
    state: str
    risks: list[str]
    undoing: str
    why: str
    approved: list[str]
    left: timedelta
    refusal: str
    strict: bool

    @property
    def proposal(self) -> Proposal:
        """The proposal."""
        return self.seen.proposal

    @property
    def waits(self) -> bool:
        """Whether it waits for a decision."""
        return self.proposal.state is State.PROPOSED


def deal(visit: Visit, seen: Seen) -> Card:
    """The card of a proposal for who is visiting."""
    kernel, proposal, now = visit.assembly.kernel, seen.proposal, visit.now
    opened = kernel.wrappers.get(proposal.wrapper)
    operation = opened.bundle.operations.get(proposal.operation) if opened else None
    return Card(
        seen,
        title=phrase.capital(phrase.words(proposal.operation)),
        system=opened.title if opened else proposal.wrapper,
        state=STATES[proposal.state],
        risks=_risks(proposal, opened, operation, visit.caller),
        undoing=_undoing(operation),
        why=_why(kernel, proposal, opened),
        approved=[decision.person for decision in seen.decisions if decision.decision == "approved"],
        left=proposal.expires_at - now,
        refusal=_refusal(visit.caller, seen, now),
        strict=proposal.needed > 1,
    )


def _risks(proposal: Proposal, opened: OpenWrapper | None, operation: Operation | None, caller: Caller) -> list[str]:
    if opened is None or operation is None:
        return ["The operation is no longer declared: it cannot be written."]
    halt = blocking(caller.halts, proposal.proposer, proposal.wrapper, proposal.operation)
    found = {
        f"It cannot be undone: {operation.table.irreversible}.": operation.table.undo is None,
        "What it is worth is not known.": proposal.impact is None,
        "Its state before was not read, so a change in between would not be noticed.": proposal.before is None,
        f"{opened.title} is a source of last resort.": opened.source_class == tier.LAST_RESORT,
        "The operation has changed since it was proposed: it will be denied.": opened.bundle.pledge(operation)
        != proposal.surface,
        f"Halted by {halt.by if halt else ''}: nothing is written until it is resumed.": halt is not None,
    }
    return [sentence for sentence, applies in found.items() if applies]


def _undoing(operation: Operation | None) -> str:
    undo = operation.table.undo if operation else None
    return phrase.words(undo.operation) if undo else ""


def _why(kernel: Kernel, proposal: Proposal, opened: OpenWrapper | None) -> str:
    impact = Money(**proposal.impact) if proposal.impact else None
    decision = tier.decide(kernel.settings.policy, impact, source_class=opened.source_class if opened else "")
    return decision.why if decision.tier == proposal.tier else ""


def _refusal(caller: Caller, seen: Seen, now: datetime) -> str:
    proposal, who = seen.proposal, caller.identity
    if not caller.may(Ability.DECIDE):
        return f"You may look and not decide: your key is an {who.role}'s."
    if not caller.may(Ability.DECIDE, proposal.wrapper, proposal.operation):
        return f"You have no grant to decide on {proposal.wrapper}.{proposal.operation}."
    if who.person == proposal.person:
        return "You proposed this. Another person decides."
    if any(decision.person == who.person for decision in seen.decisions):
        return "You have decided on this already. It waits for somebody else."
    return "It has expired." if proposal.expires_at <= now else ""
