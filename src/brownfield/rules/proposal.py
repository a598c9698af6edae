"""The life of a proposal as a table: which event leads from which state to which."""

from enum import StrEnum

from brownfield.contract import Drifted, Failure, Rejected, Unavailable, Uncertain
from brownfield.rules.problem import Problem


class State(StrEnum):
    """Where a proposal is."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    EXECUTING = "executing"
    SENT = "sent"
    UNKNOWN = "unknown"
    DONE = "done"
    DONE_BY_HAND = "done_by_hand"
    DECLINED = "declined"
    DENIED = "denied"
    EXPIRED = "expired"
    REJECTED = "rejected"
    FAILED = "failed"


class Event(StrEnum):
    """What can happen to a proposal."""

    APPROVE = "approve"  # the last approval that its tier asks for
    DECLINE = "decline"  # a person said no
    EXPIRE = "expire"  # nobody decided, or nobody executed, in time
    DENY = "deny"  # our policy says no: what was approved is not what would happen now
    CLAIM = "claim"  # the worker takes it, before the call
    SEND = "send"  # the file that it is a record of has left, and nobody has answered yet
    CONFIRM = "confirm"  # the call succeeded and was read back
    REFUSE = "refuse"  # the system said no
    RELEASE = "release"  # nothing happened: may be claimed again
    EXHAUST = "exhaust"  # nothing happened, too often
    LOSE = "lose"  # it may have happened
    HAND = "hand"  # a person did it by hand and says so
    RULE_OUT = "rule_out"  # reconciled: it did not happen


TABLE: dict[State, dict[Event, State]] = {
    State.PROPOSED: {
        Event.APPROVE: State.APPROVED,
        Event.DECLINE: State.DECLINED,
        Event.EXPIRE: State.EXPIRED,
        Event.DENY: State.DENIED,
    },
    State.APPROVED: {
        Event.CLAIM: State.EXECUTING,
        Event.HAND: State.DONE_BY_HAND,
        Event.DECLINE: State.DECLINED,
        Event.EXPIRE: State.EXPIRED,
        Event.DENY: State.DENIED,
    },
    State.EXECUTING: {
        Event.CONFIRM: State.DONE,
        Event.REFUSE: State.REJECTED,
        Event.RELEASE: State.APPROVED,
        Event.EXHAUST: State.FAILED,
        Event.DENY: State.DENIED,
        Event.LOSE: State.UNKNOWN,
        Event.SEND: State.SENT,
    },
    State.SENT: {
        Event.CONFIRM: State.DONE,
        Event.REFUSE: State.REJECTED,
        Event.LOSE: State.UNKNOWN,
    },
    State.UNKNOWN: {
        Event.CONFIRM: State.DONE,
        Event.REFUSE: State.REJECTED,
        Event.RULE_OUT: State.FAILED,
        Event.LOSE: State.UNKNOWN,  # more was heard of it, and nobody is surer
    },
    State.DONE: {},
    State.DONE_BY_HAND: {},
    State.DECLINED: {},
    State.DENIED: {},
    State.EXPIRED: {},
    State.REJECTED: {},
    State.FAILED: {},
}
"""No path leads to `executing` but through an approval, and none from `executing` back to a second call except
`release`, which is said only when nothing happened. What was sent is never sent in a second file."""

FINAL = frozenset(state for state, ways in TABLE.items() if not ways)
UNDONE = frozenset({State.DECLINED, State.DENIED, State.EXPIRED, State.REJECTED, State.FAILED})
"""Final states in which nothing was written: the idempotency key is free again."""

ATTEMPTS = 5
"""Claims of one proposal after which `Unavailable` is given up."""


class NotPossible(Exception):
    """An event that the state does not allow."""


def follow(state: State, event: Event) -> State:
    """The state after an event.

    Raises:
        NotPossible: The table has no such way.
    """
    try:
        return TABLE[state][event]
    except KeyError:
        said = _SAID.get(event, f"{event.value}d")
        raise NotPossible(f"a proposal that is {state.replace('_', ' ')} cannot be {said}") from None


_SAID = {
    Event.APPROVE: "approved",
    Event.DECLINE: "declined",
    Event.DENY: "denied",
    Event.CLAIM: "executed",
    Event.SEND: "sent",
    Event.CONFIRM: "said to be done",
    Event.REFUSE: "rejected",
    Event.HAND: "done by hand",
    Event.RULE_OUT: "ruled out",
    Event.LOSE: "made unknown",
    Event.EXHAUST: "given up",
}
"""Events as they are told to who asked for one that the state does not allow."""


def after_attempt(failure: Failure | None, attempts: int) -> Event:
    """What an attempt's outcome means for the proposal.

    A reply outside the contract is not a proof that nothing was written: it is `lose`, as an uncertain one is.
    """
    match failure:
        case None:
            return Event.CONFIRM
        case Rejected():
            return Event.REFUSE
        case Unavailable():
            return Event.RELEASE if attempts < ATTEMPTS else Event.EXHAUST
        case Uncertain() | Drifted() | _:
            return Event.LOSE


def judge(error: Exception | None, *, begun: bool, answered: bool, ending: Failure | None) -> Failure | Problem | None:
    """What an attempt did, by what the write call itself said; None when it was written and all went well.

    Once the write call was begun only its own ending decides: what a handler caught, looked up or raised afterwards
    says nothing about the write.

    Args:
        error: How the attempt ended: the handler's exception, or None when it returned.
        begun: Whether the write call was begun.
        answered: Whether the system answered it.
        ending: The failure that the write call ended in; None while it runs, and when it was answered.
    """
    if answered:
        return Uncertain(f"the system answered the write, and then: {words(error)}") if error else None
    if begun:
        return ending or Uncertain(words(error) if error else "the function returned while the write was under way")
    match error:
        case None:
            return Problem("drifted", "the function made no write call; nothing was written")
        case Rejected():
            return error
        case Unavailable() | Uncertain() | Problem():
            return Unavailable(words(error))
        case _:
            return Problem("drifted", f"{words(error)}; nothing was written")


def words(error: Exception) -> str:
    """An error in one sentence; of one that is none of ours only its kind, for its text may hold anything."""
    match error:
        case Failure():
            return error.message
        case Problem():
            return error.cause
        case _:
            return f"the wrapper's function failed: {type(error).__name__}"
