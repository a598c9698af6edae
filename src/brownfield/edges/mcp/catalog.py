"""A wrapper's operations as MCP tools, made once; what a caller gets of them is decided call by call."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_types import Tool, ToolAnnotations

from brownfield.contract import JsonSchema
from brownfield.edges.mcp.embedding import embed
from brownfield.rules.proposal import State
from brownfield.runtime.kernel import OpenWrapper
from brownfield.wrapper.bundle import Operation
from brownfield.wrapper.finding import BundleError, Finding

NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
"""What every model's interface accepts as the name of a tool; the protocol itself would allow more."""

FOLLOW_INPUT: JsonSchema = {
    "type": "object",
    "properties": {"id": {"type": "string", "minLength": 1, "maxLength": 64, "description": "As the write tool gave."}},
    "required": ["id"],
    "additionalProperties": False,
}
SHOWN = ("proposal", "state", "hash", "url", "operation", "needed", "expires_at", "result", "outcome", "reference")
"""Of a proposal's body, what its proposer is shown here; the rest is for those who decide."""

_SOURCE: JsonSchema = {
    "type": "object",
    "description": "Which system was asked, and how far it is to be trusted.",
    "properties": {
        "system": {"type": "string"},
        "class": {"enum": ["record", "engagement", "last-resort"]},
        "connection": {"type": "string"},
    },
    "required": ["system", "class", "connection"],
}
_TEXT: JsonSchema = {"type": "string"}
_TRUST = {
    "record": "the system of record for {what}",
    "engagement": "a system of engagement: where it differs from the system of record for {what}, that one is right",
    "last-resort": "a source of last resort for {what}: check what it says against another system",
}


@dataclass(frozen=True, slots=True)
class Catalog:
    """The tools of one wrapper.

    Attributes:
        wrapper: The wrapper's id.
        title: The system's name for people.
        instructions: One paragraph for a model, before its first call.
        operations: The exposed operations by the name of their tool.
        tools: Every tool by its name, the one that follows proposals included.
        follow: The name of the tool that shows a caller its own proposals.
    """

    wrapper: str
    title: str
    instructions: str
    operations: Mapping[str, Operation]
    tools: Mapping[str, Tool]
    follow: str

    def shown(self, visible: Iterable[Operation]) -> list[Tool]:
        """The tools of a caller who sees these operations, in the order of their names."""
        operations = list(visible)
        names = [_name(self.wrapper, operation.name) for operation in operations]
        if any(operation.effect == "write" for operation in operations):
            names.append(self.follow)
        return [self.tools[name] for name in sorted(names)]


def make_catalog(opened: OpenWrapper) -> Catalog:
    """The tools of a wrapper.

    Raises:
        BundleError: A tool could not be called by every model or listed for every client.
    """
    exposed = opened.bundle.operations.values()
    follow = _name(opened.id, "get_proposal")
    findings = [finding for operation in exposed for finding in _findings(operation, follow)]
    if findings:
        raise BundleError(findings)
    operations = {_name(opened.id, operation.name): operation for operation in exposed}
    tools = {name: _tool(name, operation, follow) for name, operation in operations.items()}
    tools[follow] = _follow_tool(follow, opened)
    return Catalog(opened.id, opened.title, _instructions(opened), operations, tools, follow)


def check_names(catalogs: Iterable[Catalog]) -> None:
    """Return when no two wrappers have a tool of the same name: a client may be connected to both.

    Raises:
        BundleError: They have (`a_b` + `c` and `a` + `b_c`).
    """
    counted = Counter(name for catalog in catalogs for name in catalog.tools)
    twice = sorted(name for name, times in counted.items() if times > 1)
    if twice:
        raise BundleError([Finding(f"tool {name}", "two wrappers have it", "rename one of them") for name in twice])


def _name(wrapper: str, operation: str) -> str:
    return f"{wrapper}_{operation}"


def _findings(operation: Operation, follow: str) -> Iterable[Finding]:
    name = _name(operation.wrapper, operation.name)
    where = f"operations.{operation.name}"
    if not NAME.match(name):
        yield Finding(where, f"its tool `{name}` has {len(name)} characters; models take 64", "shorten id or name")
    if name == follow:
        yield Finding(where, f"`{name}` is the tool that follows proposals", "choose another name")
    if operation.input.get("type") != "object":
        yield Finding(where, "its arguments are no object", "say type: object in the schema of its input")


def _tool(name: str, operation: Operation, follow: str) -> Tool:
    read = operation.effect == "read"
    return Tool(
        name=name,
        title=operation.title,
        description=(operation.description or operation.title) if read else _write_description(operation, follow),
        input_schema=operation.input,
        output_schema=_answer(operation.output) if read else _proposal(operation.output),
        annotations=_annotations(read=read),
    )


def _follow_tool(name: str, opened: OpenWrapper) -> Tool:
    return Tool(
        name=name,
        title="Follow a proposal",
        description=f"What became of a write that you proposed to {opened.title}. It shows only proposals of your own "
        "and decides nothing: people approve or decline outside MCP.",
        input_schema=FOLLOW_INPUT,
        output_schema=_proposal({"type": "object"}),
        annotations=_annotations(read=True),
    )


def _annotations(*, read: bool) -> ToolAnnotations:
    # A write's idempotency key makes the same call again the same proposal. The system is a closed world: nothing
    # that a tool reaches is beyond the one system that the wrapper declares.
    return ToolAnnotations(read_only_hint=read, destructive_hint=not read, idempotent_hint=True, open_world_hint=False)


def _write_description(operation: Operation, follow: str) -> str:
    final = operation.table.irreversible
    return " ".join(
        [
            operation.description or operation.title,
            "A call writes nothing: it makes a proposal, which people decide on outside MCP.",
            f"Follow it with {follow}.",
            *([f"Once written it cannot be undone: {final}"] if final else []),
        ]
    )


def _answer(output: JsonSchema) -> JsonSchema:
    data, definitions = embed(output, "data")
    asked = {"type": "string", "format": "date-time", "description": "When the system was asked, UTC."}
    return _object({"data": data, "as_of": asked, "source": _SOURCE}, ("data", "as_of", "source"), definitions)


def _proposal(output: JsonSchema) -> JsonSchema:
    result, definitions = embed(output, "result")
    properties: dict[str, Any] = dict.fromkeys(SHOWN, _TEXT) | {
        "state": {"enum": [state.value for state in State]},
        "hash": {"type": "string", "description": "Of all that an approval binds."},
        "url": {"type": "string", "description": "Where people see it and decide."},
        "needed": {"type": "integer", "description": "Approvals by different people."},
        "result": result,
    }
    return _object(properties, ("proposal", "state", "hash", "url"), definitions)


def _object(properties: JsonSchema, required: Iterable[str], definitions: JsonSchema) -> JsonSchema:
    schema: JsonSchema = {"type": "object", "properties": properties, "required": list(required)}
    return schema | ({"$defs": definitions} if definitions else {})


def _instructions(opened: OpenWrapper) -> str:
    manifest = opened.bundle.manifest
    trust = _TRUST[opened.source_class].format(what=manifest.scope.system_of_record)
    return " ".join(
        [
            f"These tools reach {opened.title}, {trust}.",
            "Read before you ask for a write. A read answers data, as_of (when the system was asked) and source.",
            "A write tool writes nothing: it makes a proposal, which people decide on outside MCP; no tool approves.",
            "An error says what was wrong, whether anything was done, and whether to try again.",
        ]
    )
