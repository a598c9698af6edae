"""What a reply means: an answer, or one of the four failures. One table.

| what came | outcome | why |
|---|---|---|
| a declared status of success, and the body that it declares | the answer | |
| 429 | Unavailable | the server says that it did not begin |
| 408, 502, 503, 504 | Uncertain | a gateway gave up on a system that may go on; a mesh says 503 too |
| other 4xx | Rejected | the system said no: its code and words, and the detail that the contract declares |
| other 5xx | Uncertain | something broke in it, before or after the effect |
| 3xx | Drifted | a redirect is never followed: it could lead credentials elsewhere |
| anything else: another status, HTML, empty, cut short, another shape | Drifted | it cannot be understood |

For a write, `Drifted` means that nobody knows whether it happened: the kernel treats it as unknown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brownfield.contract import Drifted, FaultShape, Rejected, Reply, Unavailable, Uncertain
from brownfield_rest.check import Check
from brownfield_rest.exact import Plan, parse, plan, received
from brownfield_rest.operation import Answer, Operation, is_json
from brownfield_rest.transport import Response

NOT_BEGUN = frozenset({429})
GATEWAY = frozenset({408, 502, 503, 504})
WORDS = ("detail", "message", "error_description", "title", "error")
"""Members in which a sentence for a person is looked for, best first."""
STACK = re.compile(r"\s*(?:--->|[\r\n]|\s+at [\w.$<>]+\(|Traceback \(most recent).*", re.DOTALL)
"""Where the words for a person end and a stack trace begins, in .NET, Java and Python."""
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Fault:
    """A declared refusal, ready to be read."""

    shape: FaultShape
    plan: Plan
    check: Check


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation with its schemas compiled.

    Attributes:
        operation: The operation.
        input: Holds the fields of a call to the contract.
        output: Holds an answer to it.
        sent: Which fields are exact numbers.
        received: What of an answer is kept.
        faults: The declared refusals, by status.
    """

    operation: Operation
    input: Check
    output: Check
    sent: Plan
    received: Plan
    faults: Mapping[str, Fault]


def prepare(operation: Operation) -> Prepared:
    """Compile an operation."""
    shape = operation.shape
    faults = {status: Fault(fault, plan(fault.detail), Check(fault.detail)) for status, fault in
              operation.faults.items() if fault.detail}  # fmt: skip
    return Prepared(
        operation, Check(shape.input), Check(shape.output), plan(shape.input), plan(shape.output), faults
    )  # fmt: skip


def answered(prepared: Prepared, response: Response, code: str) -> Reply:
    """The answer that a response is.

    Args:
        prepared: The operation that was called.
        response: What came.
        code: The member of an error's body that is the system's own code.

    Raises:
        Rejected: The system said no.
        Unavailable: The server did not begin.
        Uncertain: A gateway gave up, or something broke in the system.
        Drifted: The response is outside the contract.
    """
    if not 200 <= response.status < 300:
        raise refusal(prepared, response, code)
    answer = _declared(prepared.operation.answers, response.status)
    if answer is None:
        raise Drifted(f"The reply is outside the contract: HTTP {response.status} is not declared.")
    found = received(_fields(answer, response), prepared.received)
    fault = prepared.output.fault(found)
    if fault is not None:
        raise Drifted(f"The reply is outside the contract: {prepared.operation.name}: {fault}.")
    return Reply({}, iter(found["items"])) if prepared.operation.shape.rows else Reply(found)


def refusal(prepared: Prepared, response: Response, code: str) -> Rejected | Unavailable | Uncertain | Drifted:
    """What a response that is no answer means."""
    status, said = response.status, f"http-{response.status}"
    if status in NOT_BEGUN:
        return Unavailable(f"The system is not serving now (HTTP {status}).", code=said)
    if status in GATEWAY:
        return Uncertain(f"A gateway gave up waiting (HTTP {status}): the call may have been carried out.")
    if not 400 <= status < 600:
        return Drifted(f"The server answers with HTTP {status}, which is not followed. Set the endpoint.")
    body = _object(response)
    own = body.get(code)
    said = str(own) if isinstance(own, str | int) and str(own).strip() else said
    words = _words(body) or f"The server refused the request (HTTP {status})."
    if status >= 500:
        return Uncertain(
            f"Something broke in the system (HTTP {status}): the call may have been carried out.", code=said
        )
    strange = "" if any(name in prepared.operation.faults for name in _ranges(status)) else f"http-{status}"
    return Rejected(words, code=said, detail=_detail(prepared, status, body), undeclared=strange)


def one_line(words: str) -> str:
    """The first line of an error's words, without a stack trace and not endless."""
    line = " ".join(STACK.sub("", words.strip()).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _ranges(status: int) -> tuple[str, ...]:
    """Under which words a document may declare a status, the narrowest first."""
    return str(status), f"{status // 100}XX", "default"


def _declared(answers: Mapping[str, Answer], status: int) -> Answer | None:
    return next((answers[name] for name in _ranges(status) if name in answers), None)


def _fields(answer: Answer, response: Response) -> dict[str, Any]:
    if not answer.media:
        return {}
    if answer.media == "text":
        if not response.media.startswith("text/"):
            raise _unexpected(response)
        return {"value": response.body.decode("utf-8", "replace")}
    if not response.body or not is_json(response.media):
        raise _unexpected(response)
    value = parse(response.body)
    if answer.field:
        return {answer.field: value}
    if not isinstance(value, dict):
        raise Drifted("The reply is outside the contract: it is no object.")
    return value


def _unexpected(response: Response) -> Drifted:
    what = f"it says it is {response.media or 'nothing'}" if response.body else "it is empty"
    return Drifted(f"The reply cannot be understood: HTTP {response.status}, and {what}.")


def _object(response: Response) -> dict[str, Any]:
    """The body of a refusal, empty when it is no JSON object: the status says enough."""
    if not is_json(response.media):
        return {}
    try:
        value = parse(response.body)
    except Drifted:
        return {}
    return value if isinstance(value, dict) else {}


def _words(body: Mapping[str, Any]) -> str:
    said = (body.get(name) for name in WORDS)
    return one_line(next((words for words in said if isinstance(words, str) and words.strip()), ""))


def _detail(prepared: Prepared, status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """The members that the contract declares; anything else may be a stack trace and is dropped."""
    fault = next((prepared.faults[name] for name in _ranges(status) if name in prepared.faults), None)
    if fault is None:
        return {}
    try:
        found = received(dict(body), fault.plan)
    except Drifted:
        return {}
    return dict(found) if fault.check.fault(found) is None else {}
