"""The life of a proposal as a table: which event leads from which state to which."""

from enum import StrEnum

from brownfield.contract import Drifted, Failure, Rejected, Unavailable, Uncertain


class State(StrEnum):
    """Where a proposal is."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    EXECUTING = "executing"
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
    },
    State.UNKNOWN: {
        Event.CONFIRM: State.DONE,
        Event.RULE_OUT: State.FAILED,
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
`release`, which is said only when nothing happened."""

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
