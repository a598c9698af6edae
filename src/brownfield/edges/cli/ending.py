"""How a command ends: what is said of an error, and the exit code that a scheduler goes by."""

import secrets
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from sqlalchemy.exc import SQLAlchemyError

from brownfield.contract import Failure
from brownfield.edges.cli.terminal import plain
from brownfield.rules.problem import Problem, from_failure
from brownfield.wrapper.finding import BundleError, Finding

EXITS: dict[int, str] = {
    0: "done",
    1: "a person said no when asked",
    64: "the command line is wrong (EX_USAGE)",
    65: "the input, or the state of things, is not right for it (EX_DATAERR)",
    66: "what was named is not there (EX_NOINPUT)",
    69: "no server is running, or the system does not answer (EX_UNAVAILABLE)",
    70: "a defect in brownfield (EX_SOFTWARE)",
    74: "a file or the ledger cannot be read or written (EX_IOERR)",
    75: "not now: busy, halted, out of time, or it may have happened (EX_TEMPFAIL)",
    76: "the system is not what is pinned (EX_PROTOCOL)",
    77: "no valid key, or not allowed (EX_NOPERM)",
    78: "a bundle or brownfield.toml is wrong, or a secret or a library is missing (EX_CONFIG)",
    130: "stopped with Ctrl-C",
}
"""Every exit code, as sysexits.h has them where one fits."""

USAGE, IO_ERROR, DRIFTED, CONFIG, INTERRUPTED = 64, 74, 76, 78, 130


class Interrupted(Exception):
    """Ctrl-C. Carried as an ordinary error, because the framework below would end the process without a word."""


class Told(Problem):
    """A problem that a server told us.

    Args:
        code: As in `KINDS`.
        body: The server's problem document, given on as it is.
    """

    def __init__(self, code: str, body: dict[str, Any]) -> None:
        super().__init__(
            code,
            str(body.get("detail", "")),
            next=str(body.get("next", "")),
            errors=tuple(body.get("errors", ())),
            detail=body.get("system"),
            retry_after=body.get("retry_after"),
        )
        self.received = body

    def body(self, trace: str) -> dict[str, Any]:  # noqa: ARG002  the server's own trace id is in it
        """The server's document."""
        return self.received


@dataclass(frozen=True, slots=True)
class Ending:
    """What is said and which code is given."""

    code: int
    document: dict[str, Any]
    lines: tuple[str, ...]


def ending(error: Exception, unfinished: str) -> Ending:
    """How a command ends that raised `error`. Nothing ends with a traceback."""
    match error:
        case Interrupted() | typer.Abort():
            words = f"Stopped. {unfinished}"
            return Ending(INTERRUPTED, _document("stopped", "Stopped", unfinished), (words,))
        case BundleError():
            findings = [finding_body(finding) for finding in error.findings]
            document = _document("bundle", "The bundle cannot be used", str(error)) | {"findings": findings}
            return Ending(CONFIG, document, tuple(str(finding) for finding in error.findings))
        case Problem():
            return _of_problem(error)
        case Failure():
            return _of_problem(from_failure(error, system="the system"))
        case typer.TyperException():
            return _usage(error)
        case SQLAlchemyError():
            return _of_problem(Problem("ledger", f"the ledger could not be used: {type(error).__name__}"))
        case OSError():
            words = f"{error.filename or 'a file'}: {error.strerror or error}"
            step = "Look at that path: whether it is there, whose it is, and whether the disk is full."
            document = _document("io", "A file cannot be read or written", words) | {"next": step}
            return Ending(IO_ERROR, document, (words, f"Next: {step}"))
    return _of_problem(_defect(error))


def finding_body(finding: Finding) -> dict[str, Any]:
    """A finding for a program."""
    return {"level": finding.level, "where": finding.where, "line": finding.line, "message": finding.message,
            "next": finding.next}  # fmt: skip


def _of_problem(problem: Problem) -> Ending:
    document = problem.body("")
    return Ending(problem.kind.exit, {k: v for k, v in document.items() if v != ""}, tuple(_told(problem, document)))


def _told(problem: Problem, document: dict[str, Any]) -> Iterator[str]:
    yield f"{document.get('title', problem.kind.title)}: {problem.cause}"
    for error in problem.errors:
        yield "  " + f"{error.get('path') or 'arguments'}: {error.get('message', '')}".strip()
        yield from (f"    {word}: {plain(error[word])}" for word in ("allowed", "example") if error.get(word))
    if problem.detail:
        yield f"  the system said: {plain(problem.detail)}"
    if problem.retry_after:
        yield f"  try again after {problem.retry_after:g} s"
    yield f"Next: {problem.next}"
    if document.get("trace"):
        yield f"Trace: {document['trace']}"


def _usage(error: typer.TyperException) -> Ending:
    context = getattr(error, "ctx", None)
    message = " ".join(error.format_message().replace("Value error, ", "").split())
    if not message:  # nothing was asked for: the help has been shown instead
        return Ending(USAGE, _document("usage", "The command line is wrong", "a command is missing"), ())
    document = _document("usage", "The command line is wrong", message)
    if context is None:
        return Ending(USAGE, document, (message,))
    document["next"] = f"Run: {context.command_path} --help"
    return Ending(USAGE, document, (context.get_usage(), message, f"Next: {document['next']}"))


def _document(code: str, title: str, detail: str) -> dict[str, Any]:
    return {"type": f"https://brownfield.example/problems/{code}", "title": title, "code": code, "detail": detail}


def _defect(error: Exception) -> Problem:
    """Keep the traceback where a report can take it from: a file for the owner alone, never the terminal."""
    name = f"brownfield-{secrets.token_hex(4)}-"
    with tempfile.NamedTemporaryFile("w", prefix=name, suffix=".txt", delete=False, encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return Problem("internal", f"{type(error).__name__}: {error}", next=f"Report it with {Path(file.name)}.")
