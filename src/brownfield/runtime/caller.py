"""Who is calling, recognised once per call from the key."""

from dataclasses import dataclass

from brownfield.ledger.halt import Halt, blocking
from brownfield.ledger.identity import Admission, admit
from brownfield.rules.access import GRANTED, STOPPED, Ability, Identity, Role, covers, may
from brownfield.rules.problem import Problem
from brownfield.runtime.kernel import Kernel
from brownfield.runtime.key import KeyRing


@dataclass(frozen=True, slots=True)
class Caller:
    """An identity with what it may do now.

    Attributes:
        identity: Whose key it is.
        grants: Rows (wrapper, operation or feed).
        halts: What is halted now, for anybody.
        prefix: Of the key that was sent.
        trace: Ties together everything of one request.
    """

    identity: Identity
    grants: frozenset[tuple[str, str]]
    halts: tuple[Halt, ...]
    prefix: str
    trace: str

    def may(self, ability: Ability, wrapper: str = "", operation: str = "") -> bool:
        """Whether role and grants allow it."""
        if not may(self.identity.role, ability):
            return False
        return ability not in GRANTED or not wrapper or covers(self.grants, wrapper, operation)

    def demand(self, ability: Ability, wrapper: str = "", operation: str = "") -> None:
        """Return when it is allowed and not halted.

        Raises:
            Problem: `denied`, or `halted`.
        """
        if not self.may(ability, wrapper, operation):
            what = f" {wrapper}.{operation}" if wrapper else ""
            raise Problem("denied", f"{self.identity.name} ({self.identity.role}) may not {ability.value}{what}",
                          next=_advice(self.identity.role, ability))  # fmt: skip
        halt = blocking(self.halts, self.identity.name, wrapper, operation)
        own = next((one for one in self.halts if one.scope == f"identity:{self.identity.name}"), None)
        halt = own or (halt if ability in STOPPED else None)
        if halt:
            raise Problem("halted", f"{halt.by} has halted {halt.scope}: {halt.reason or 'no reason given'}")


def _advice(role: Role, ability: Ability) -> str:
    if may(role, ability):
        return ""
    able = " or ".join(other.value for other in Role if may(other, ability))
    return f"This needs a key of the role {able}."


def recognise(kernel: Kernel, key: str | None, trace: str) -> Caller:
    """The caller that a key belongs to.

    Raises:
        Problem: `unauthenticated`: no key, unknown, expired, revoked, or of another environment; which, is not told.
    """
    prefix = KeyRing.prefix(key) if key else None
    refusal = Problem("unauthenticated", "no valid key was sent")
    if key is None or prefix is None:
        raise refusal
    with kernel.ledger.glance() as connection:
        admission = admit(connection, prefix)
    if admission is None or not kernel.keys.matches(key, admission.key.mac):
        raise refusal
    return _good(kernel, admission, trace)


def recognise_again(kernel: Kernel, caller: Caller) -> Caller:
    """The same caller as of now.

    Raises:
        Problem: `unauthenticated`: the key is no longer good.
    """
    with kernel.ledger.glance() as connection:
        admission = admit(connection, caller.prefix)
    if admission is None:
        raise Problem("unauthenticated", "the key is gone")
    return _good(kernel, admission, caller.trace)


def _good(kernel: Kernel, admission: Admission, trace: str) -> Caller:
    row, now = admission.key, kernel.clock.now()
    if row.revoked_at or (row.expires_at and row.expires_at <= now) or row.environment != kernel.environment:
        raise Problem("unauthenticated", "no valid key was sent")
    return Caller(row.identity, admission.grants, admission.halts, row.prefix, trace)
