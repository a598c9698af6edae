"""Who may do what: a table of roles, and the decision on one call."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an identity is for. One identity has one role; a person may have several identities."""

    AGENT = "agent"
    APPROVER = "approver"
    OPERATOR = "operator"
    AUDITOR = "auditor"


class Ability(StrEnum):
    """What a door may be asked to do."""

    CALL = "call"
    PROPOSE = "propose"
    FOLLOW = "follow"  # read events of a granted feed
    OVERSEE = "oversee"  # see every proposal, batch and system
    DECIDE = "decide"
    UNDO = "undo"
    SETTLE = "settle"  # say how a write ended that a person did, or that nobody is sure of
    HALT = "halt"
    COLLECT = "collect"
    SEND = "send"  # have approved writes leave as a file, and see to those files
    ASK = "ask"
    AUDIT = "audit"


ABILITIES: dict[Role, frozenset[Ability]] = {
    Role.AGENT: frozenset({Ability.CALL, Ability.PROPOSE, Ability.FOLLOW}),
    Role.APPROVER: frozenset(
        {Ability.CALL, Ability.OVERSEE, Ability.DECIDE, Ability.UNDO, Ability.SETTLE, Ability.ASK}
    ),
    Role.OPERATOR: frozenset(Ability) - {Ability.DECIDE, Ability.AUDIT},
    Role.AUDITOR: frozenset({Ability.OVERSEE, Ability.ASK, Ability.AUDIT}),
}
"""An agent never decides; who operates the machine does not decide either; an auditor only looks."""

GRANTED = frozenset({Ability.CALL, Ability.PROPOSE, Ability.FOLLOW, Ability.DECIDE, Ability.UNDO, Ability.SETTLE})
"""Abilities that need a grant of the operation or feed besides the role."""

STOPPED = GRANTED - {Ability.SETTLE} | {Ability.COLLECT, Ability.SEND}
"""Abilities that a halt takes away. Looking, asking, settling, halting and resuming stay, but for an identity that is
itself halted."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A key's or login's holder.

    Attributes:
        id: The ledger's id, stable.
        name: Unique, shown in the audit: `billing-agent`.
        role: See `Role`.
        person: The human behind it, by mail address or staff number; approvals are counted by person.
        environment: The one environment in which its keys are good.
    """

    id: str
    name: str
    role: Role
    person: str
    environment: str


def person(text: str) -> str:
    """A person in the one form in which people are compared: two spellings of one name are one person.

    Raises:
        ValueError: It holds anything but plain letters, digits and signs, which may look like what it is not.
    """
    name = unicodedata.normalize("NFKC", text).strip().casefold()
    if not name or not all(" " <= sign <= "~" for sign in name):
        raise ValueError(f"the person {text!a} is not written in plain (printable ASCII) letters")
    return name


def may(role: Role, ability: Ability) -> bool:
    """Whether a role has an ability at all."""
    return ability in ABILITIES[role]


def covers(grants: Collection[tuple[str, str]], wrapper: str, operation: str) -> bool:
    """Whether rows (wrapper, operation) grant this operation. `*` stands for all: only an operator may hold it."""
    return any((w, o) in grants for w, o in ((wrapper, operation), (wrapper, "*"), ("*", "*")))


def grant_problem(role: Role, operation: str, *, agents: bool) -> str:
    """Why an identity of this role may not be granted an operation; an empty string when it may."""
    if operation == "*" and role is not Role.OPERATOR:
        return "only an operator may be granted *; name the operations one by one"
    if role is Role.AGENT and not agents:
        return "the manifest does not say agents = true for it"
    if role is Role.AUDITOR:
        return "an auditor reads the audit and calls nothing"
    return ""
