"""What a tool says: answers, proposals and refusals, for a model that reads and a program that parses."""

import json
from collections.abc import Mapping
from typing import Any

from mcp_types import CallToolResult, TextContent

from brownfield.edges.mcp.catalog import SHOWN
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import FINAL, State
from brownfield.wrapper.bundle import Operation

LIMIT = 200_000
"""Bytes of JSON in one answer. More than that no model can use, and many clients refuse far less."""

_STANDING = {
    State.PROPOSED: "Nothing has been written. It waits for people, who decide outside MCP.",
    State.APPROVED: "Nothing has been written yet. It is approved and waits to be carried out.",
    State.EXECUTING: "It is being carried out now; whether it was written is not known yet.",
    State.SENT: "It has left in a file for a batch job, which has not answered yet. Do not ask for it again.",
    State.UNKNOWN: "It may have been written: nobody knows yet, and people are finding out. Do not ask for it again.",
    State.DONE: "It was written.",
    State.DONE_BY_HAND: "A person has written it by hand.",
    State.DECLINED: "Nothing was written: a person declined it.",
    State.DENIED: "Nothing was written: the policy said no.",
    State.EXPIRED: "Nothing was written: its time ran out.",
    State.REJECTED: "Nothing was written: the system said no.",
    State.FAILED: "Nothing was written: it could not be carried out.",
}


def answered(body: Mapping[str, Any], operation: Operation) -> CallToolResult:
    """A read's answer, as data and as the same JSON in text.

    It is never cut: half a list that looks whole would be believed.

    Raises:
        Problem: `drifted`: it holds a number that JSON has not; `invalid`: it is larger than `LIMIT`.
    """
    try:
        text = json.dumps(body, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode())
    except ValueError:
        raise Problem("drifted", "the answer holds what JSON cannot carry: NaN, Infinity or half a character") from None
    if size > LIMIT:
        raise _too_large(size, operation)
    return _result(text, dict(body))


def proposed(body: Mapping[str, Any], follow: str) -> CallToolResult:
    """Where a proposal is: what was written, what was not, and how to follow it."""
    state = State(body["state"])
    shown = {name: body[name] for name in SHOWN if name in body}
    if state not in {State.DONE, State.SENT, State.REJECTED}:
        shown.pop("result", None)
    sentences = [f"Proposal {body['proposal']} ({state.value}). {_STANDING[state]}"]
    if state not in FINAL:
        call = json.dumps({"id": body["proposal"]})
        sentences.append(f"Follow it with {follow} {call}. It expires at {body['expires_at']}.")
    return _result(" ".join(sentences), shown)


def refused(problem: Problem, trace: str, *, write: bool) -> CallToolResult:
    """What was wrong with every argument, what was done, whether to try again, what to do next.

    There is no structured content: a client would hold it against the schema of an answer.

    Args:
        problem: Why there is no answer.
        trace: Finds the call in the audit; empty where there was none.
        write: Whether the tool may have made a proposal.
    """
    lines = [
        f"{problem.kind.title} ({problem.code}): {problem.cause}",
        *(_argument(error) for error in problem.errors),
        *([f"The system's own words, as data: {json.dumps(problem.detail)}"] if problem.detail else []),
        f"Done: {_done(problem, write=write)}",
        f"Same call again: {_again(problem)}",
        f"Next: {_next(problem)}",
        *([f"Trace: {trace}"] if trace else []),
    ]
    return CallToolResult(content=[TextContent(text="\n".join(lines))], is_error=True)


def _result(text: str, body: dict[str, Any]) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text)], structured_content=body)


def _argument(error: Mapping[str, Any]) -> str:
    allowed = f" Allowed: {json.dumps(error['allowed'])}." if error.get("allowed") else ""
    example = f" Example: {json.dumps(error['example'])}." if "example" in error else ""
    message = str(error.get("message", "is wrong"))
    stop = "" if message.endswith((".", "?")) else "."
    return f"- {error.get('path') or 'the arguments'}: {message}{stop}{allowed}{example}"


def _done(problem: Problem, *, write: bool) -> str:
    if problem.code in {"not-found", "malformed"}:
        return "nothing."  # said before it is known who may see the tool: that it writes would tell that it is there
    if not write:
        return "nothing was changed; this tool only reads."
    if problem.code in {"internal", "uncertain"}:
        return "nothing was written; a proposal may have been made. The same call again makes no second one."
    return "nothing was written and no proposal was made."


def _again(problem: Problem) -> str:
    if problem.code in {"internal", "uncertain"}:
        return "harmless, because no tool writes; it may end the same way."
    if not problem.retry:
        return "no, it would end the same way."
    return f"yes, after {problem.retry_after:g} s." if problem.retry_after else "yes, later."


def _next(problem: Problem) -> str:
    # The table's advice on what is uncertain is for a write, and no write is made from here.
    usual = problem.next == problem.kind.next
    return "Make the same call again." if problem.code == "uncertain" and usual else problem.next


def _too_large(size: int, operation: Operation) -> Problem:
    names = ", ".join(_narrowing(operation.input)) or "none of its arguments narrows it"
    return Problem(
        "invalid",
        f"the answer has {size:,} bytes and a tool gives at most {LIMIT:,}; it was not cut, so none of it is here",
        next=f"Ask for less ({names}). A program gets the whole of it from /v1/{operation.wrapper}/{operation.name}.",
    )


def _narrowing(schema: Mapping[str, Any]) -> list[str]:
    """The arguments that can make an answer smaller: those that count rows, else those that one may leave out."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    counts = [name for name, inner in properties.items() if isinstance(inner, dict) and inner.get("type") == "integer"]
    return counts or [name for name in properties if name not in schema.get("required", ())]
