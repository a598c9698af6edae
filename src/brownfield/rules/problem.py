"""Everything that can go wrong for a caller: one table of codes, and the error that carries one.

Each door renders the same facts in its own form: problem+json, an MCP tool error, a line and an exit code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brownfield.contract import Drifted, Failure, Rejected, Unavailable, Uncertain


@dataclass(frozen=True, slots=True)
class Kind:
    """What one code means.

    Attributes:
        status: The HTTP status.
        title: What happened, in a few words.
        next: What to do next, one sentence.
        retry: Whether the same call may simply be made again.
        exit: The exit code of the command line (sysexits.h where one fits).
    """

    status: int
    title: str
    next: str
    retry: bool = False
    exit: int = 1


KINDS: dict[str, Kind] = {
    "unauthenticated": Kind(401, "No valid key", "Send a key: Authorization: Bearer KEY (BROWNFIELD_KEY).", exit=77),
    "denied": Kind(403, "Denied by policy", "Ask an operator for a grant of this operation.", exit=77),
    "halted": Kind(403, "Halted", "An operator has stopped this; wait until it is resumed.", exit=75),
    "not-found": Kind(404, "Not found", "List what there is and check the name.", exit=66),
    "invalid": Kind(422, "The arguments are not valid", "Correct every listed argument and call again.", exit=65),
    "malformed": Kind(400, "The request cannot be read", "Send a JSON object.", exit=65),
    "conflict": Kind(409, "Conflict with the present state", "Read the present state, then decide again.", exit=65),
    "stale": Kind(412, "Not what was approved", "Look at the proposal again: it or its state has changed.", exit=65),
    "drifted": Kind(502, "Outside the pinned contract", "Tell the wrapper's owner: run brownfield drift.", exit=76),
    "rejected": Kind(422, "The system said no", "Read the system's code and detail; change the call.", exit=65),
    "unavailable": Kind(503, "The system did not answer", "Nothing happened; try again later.", retry=True, exit=69),
    "unconfigured": Kind(500, "Not set up", "Ask whoever runs brownfield; the system was not asked.", exit=78),
    "uncertain": Kind(504, "It may have happened", "Do not repeat it: read the state first.", exit=75),
    "busy": Kind(429, "Too much at once", "Wait, then make the same call again.", retry=True, exit=75),
    "taken": Kind(409, "Already taken", "Stop who has it, or choose another.", exit=75),
    "deadline": Kind(504, "Out of time", "Try again later or ask for less.", retry=True, exit=75),
    "ledger": Kind(503, "The ledger cannot be written", "Nothing was done. Free the disk or the lock.", exit=74),
    "internal": Kind(500, "A defect in brownfield", "Report it with the trace id.", exit=70),
}
"""The closed list of codes, each with status, words and what to do next."""

FAILURES: dict[type[Failure], str] = {
    Rejected: "rejected",
    Unavailable: "unavailable",
    Uncertain: "uncertain",
    Drifted: "drifted",
}


INSTALL = "Run that in brownfield's checkout, with the Python that runs brownfield; then do the same again."
"""What to do where a library is missing: the message has the `pip install`. It is on no package index yet."""


class Unconfigured(Unavailable):
    """Nothing was sent, for our own configuration lacks something: to try again does not help.

    Args:
        message: What is missing.
        next: What to do about it.
    """

    def __init__(self, message: str, *, next: str) -> None:  # noqa: A002  the word of the page
        super().__init__(message)
        self.next = next


class Problem(Exception):
    """What a caller is told instead of an answer.

    Args:
        code: One of `KINDS`.
        cause: One sentence: what happened, and what did not.
        next: Overrides the table's advice where something better is known.
        errors: For `invalid`: one entry per argument (`path`, `message`, `allowed`).
        detail: The system's own code and detail, as data.
        retry_after: Seconds, where known.
        retry: Overrides the table where it is known that the call changes nothing.
    """

    def __init__(
        self,
        code: str,
        cause: str,
        *,
        next: str = "",  # noqa: A002  the word of the page
        errors: tuple[Mapping[str, Any], ...] = (),
        detail: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
        retry: bool | None = None,
    ) -> None:
        super().__init__(cause)
        self.code = code
        self.kind = KINDS[code]
        self.cause = cause
        self.next = next or self.kind.next
        self.errors = errors
        self.detail = dict(detail or {})
        self.retry_after = retry_after
        self.retry = self.kind.retry if retry is None else retry

    def body(self, trace: str) -> dict[str, Any]:
        """The problem as RFC 9457 members, the same for every door."""
        members: dict[str, Any] = {
            "type": f"https://brownfield.example/problems/{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "code": self.code,
            "detail": self.cause,
            "next": self.next,
            "retry": self.retry,
            "trace": trace,
        }
        optional = {"errors": list(self.errors), "system": self.detail, "retry_after": self.retry_after}
        return members | {name: value for name, value in optional.items() if value}


def from_failure(failure: Failure, *, system: str) -> Problem:
    """The problem that an adapter's failure is to the caller of a read."""
    if isinstance(failure, Unconfigured):
        return Problem("unconfigured", f"{system} was not asked: {failure.message}", next=failure.next)
    if isinstance(failure, Unavailable) and isinstance(failure.__cause__, ImportError):
        return Problem("unconfigured", failure.message, next=INSTALL)
    code = next(name for kind, name in FAILURES.items() if isinstance(failure, kind))
    said = {"code": failure.code, "detail": failure.detail} if failure.code or failure.detail else {}
    cause = f"{system}: {failure.message}"
    if isinstance(failure, Uncertain):
        return Problem(code, cause, next="Make the same call again: a read changes nothing.", detail=said, retry=True)
    return Problem(code, cause, detail=said)
