"""The handlers of one wrapper's server: which tools a caller sees, and one call of one tool."""

import logging
import traceback
from pathlib import Path
from typing import Any

import anyio.to_thread
from anyio import CancelScope
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    Tool,
)

from brownfield.edges.mcp.catalog import FOLLOW_INPUT, Catalog
from brownfield.edges.mcp.portable import portable
from brownfield.edges.mcp.wording import answered, proposed, refused
from brownfield.rules.problem import Problem
from brownfield.rules.redaction import plain
from brownfield.runtime.assembly import Assembly
from brownfield.runtime.caller import Caller
from brownfield.runtime.guard import Answer
from brownfield.runtime.proposing import Seen
from brownfield.runtime.refusal import audited
from brownfield.runtime.validator import Validator

CALLER = "brownfield.caller"
"""Where the door leaves the caller, in the scope of the one request that the key came with."""

Context = ServerRequestContext[Any]
_log = logging.getLogger(__name__)
_follow_validator = Validator(FOLLOW_INPUT, {})


class Desk:
    """Answers `tools/list` and `tools/call`.

    Args:
        assembly: What every door stands on.
        catalog: The wrapper's tools.
    """

    def __init__(self, assembly: Assembly, catalog: Catalog) -> None:
        self._kernel = assembly.kernel
        self._guard = assembly.guard
        self._proposing = assembly.proposing
        self._catalog = catalog

    async def list_tools(self, context: Context, _params: PaginatedRequestParams | None) -> ListToolsResult:
        """The tools that this caller may use.

        Raises:
            MCPError: Only for a defect; it has the trace.
        """
        caller = _caller(context)
        try:
            return ListToolsResult(tools=self._shown(caller))
        except Exception as error:  # noqa: BLE001  the last place where it can become words
            problem = defect(error, caller.trace)
            raise MCPError(INTERNAL_ERROR, f"{problem.cause} Trace: {caller.trace}") from None

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        """Answer a read, or turn a write into a proposal; what goes wrong is told in the result."""
        caller, name = _caller(context), params.name
        operation = self._catalog.operations.get(name)
        write = operation is not None and operation.effect == "write"
        try:
            arguments = portable(params.arguments or {})
            if name == self._catalog.follow and self._sees(caller, name):
                return await self._follow(caller, arguments)
            # A colon is in no operation's name: what is no tool is nothing to the guard either, and is in the audit.
            asked = operation.name if operation else f"tool:{plain(name)}"
            with CancelScope(shield=write):  # a client that hangs up does not leave half a proposal
                given = await self._guard.call(caller, self._catalog.wrapper, asked, arguments)
            if isinstance(given, Answer):
                return answered(given.body(), self._catalog.operations[name])
            return proposed(self._proposing.body(given), self._catalog.follow)
        except Problem as problem:
            return refused(self._taught(problem, caller, name), caller.trace, write=write)
        except Exception as error:  # noqa: BLE001  the last place where it can become words
            return refused(defect(error, caller.trace), caller.trace, write=write)

    async def _follow(self, caller: Caller, arguments: dict[str, Any]) -> CallToolResult:
        _follow_validator.check_arguments(arguments)
        seen = await anyio.to_thread.run_sync(self._look, caller, arguments["id"])
        return proposed(self._proposing.body(seen), self._catalog.follow)

    def _look(self, caller: Caller, id_: str) -> Seen:
        """The caller's own proposal. The audit knows who looked, and who was not shown one."""
        with audited(self._kernel, caller, self._catalog.follow, self._catalog.wrapper):
            seen = self._own(caller, id_)
        entry = self._kernel.entry("proposal.read", {}, caller.identity, trace=caller.trace, proposal=seen.proposal.id,
                                   wrapper=seen.proposal.wrapper, operation=seen.proposal.operation)  # fmt: skip
        self._kernel.journal.commit(entry)
        return seen

    def _own(self, caller: Caller, id_: str) -> Seen:
        try:
            seen = self._proposing.get(caller, id_)
            if (seen.proposal.proposer, seen.proposal.wrapper) == (caller.identity.name, self._catalog.wrapper):
                return seen
        except Problem as problem:
            if problem.code != "not-found":
                raise
        raise Problem("not-found", f"you have made no proposal {plain(id_)} to {self._catalog.title}",
                      next="Use the id that the write tool gave.")  # fmt: skip

    def _shown(self, caller: Caller) -> list[Tool]:
        return self._catalog.shown(self._guard.visible(caller, self._catalog.wrapper))

    def _sees(self, caller: Caller, name: str) -> bool:
        return any(tool.name == name for tool in self._shown(caller))

    def _taught(self, problem: Problem, caller: Caller, name: str) -> Problem:
        """The same words for a tool that is not there and for one that this caller may not see (R53)."""
        if problem.code != "not-found" or (name == self._catalog.follow and self._sees(caller, name)):
            return problem
        names = ", ".join(tool.name for tool in self._shown(caller)) or "none; ask an operator for a grant"
        return Problem("not-found", f"there is no tool {plain(name)} for this key", next=f"The tools are: {names}.")


def defect(error: Exception, trace: str) -> Problem:
    """What a caller is told of an exception that nobody expected; the log gets where it was, and no values."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[-6:])
    _log.error("trace %s: %s in %s", trace, type(error).__name__, where)
    return Problem("internal", "brownfield failed; the log says where, under the trace.")


def _caller(context: Context) -> Caller:
    caller = context.request.scope[CALLER] if context.request is not None else None
    if not isinstance(caller, Caller):
        raise MCPError(INTERNAL_ERROR, "no request comes here without a key")
    return caller
