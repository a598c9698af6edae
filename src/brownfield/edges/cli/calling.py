"""`call`: one operation, arguments as `name=value`."""

import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import orjson
import typer

from brownfield.edges.cli.client import Client
from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import plain, table
from brownfield.rules.problem import Problem
from brownfield.wrapper.manifest import nearest

JsonSchema = Mapping[str, Any]
_EXACT: dict[str, tuple[type, ...]] = {"integer": (int,), "boolean": (bool,), "number": (int, float)}


def call(
    context: typer.Context,
    operation: Annotated[str, typer.Argument(metavar="WRAPPER.OPERATION", help="As inventory.get_stock is.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE…", help="Arguments. NAME:=JSON for anything but text; a whole {…}; - reads it on stdin."
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="For a write: why. Whoever decides reads it.")] = "",
) -> None:
    """Call an operation: a read answers, a write becomes a proposal.

    Example: brownfield call inventory.get_stock sku=A-1 site=LYON
    """
    here = Session.of(context)
    wrapper, name = split(operation)
    client = here.client()
    schema = _schema(client, wrapper, name)
    body = document(arguments or [], schema)
    headers = {"Brownfield-Reason": " ".join(reason.split())} if reason else {}
    with here.terminal.risk(f"{operation} was sent; `brownfield proposals` tells whether a write was taken."):
        answer = client.post(f"/v1/{wrapper}/{name}", body, headers)
    here.terminal.give(answer, _told(answer))


def split(operation: str) -> tuple[str, str]:
    """`inventory.get_stock` as its two names.

    Raises:
        BadParameter: It is none.
    """
    wrapper, dot, name = operation.partition(".")
    if not dot or not wrapper.isidentifier() or not name.isidentifier():
        raise typer.BadParameter(f"{operation} is not WRAPPER.NAME: two names, a dot between them")
    return wrapper, name


def document(given: Iterable[str], schema: JsonSchema) -> Any:
    """The arguments as JSON.

    A text stays text unless the operation says that it is a whole number, a number or a truth value: `sku=007` is
    what was typed. What does not fit is left as it is, so that the server says what is wrong with all of it at once.

    Raises:
        BadParameter: An argument cannot be read, or is given twice.
    """
    words = list(given)
    if len(words) == 1 and (words[0] == "-" or words[0].lstrip().startswith("{")):
        return _json(sys.stdin.read() if words[0] == "-" else words[0], "the arguments")
    properties = schema.get("properties", {})
    made: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        bare = name.removesuffix(":")
        if not equals or not bare:
            raise typer.BadParameter(f"{word} is not NAME=VALUE")
        if bare in made:
            raise typer.BadParameter(f"{bare} is given twice")
        made[bare] = _json(text, bare) if name != bare else _value(text, properties.get(bare, {}))
    return made


def _value(text: str, schema: Any) -> Any:
    declared = schema.get("type", "string") if isinstance(schema, dict) else "string"
    kinds = [declared] if isinstance(declared, str) else declared
    if "string" in kinds:
        return text
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    wanted = tuple(kind for name in kinds for kind in _EXACT.get(name, ()))
    fits = isinstance(value, wanted) and (not isinstance(value, bool) or bool in wanted)
    return value if fits else text


def _json(text: str, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise typer.BadParameter(f"{what}: not JSON: {error}") from None


def _schema(client: Client, wrapper: str, name: str) -> JsonSchema:
    """The schema of the operation's arguments, from the server's own description.

    Raises:
        Problem: `not-found`, with the nearest name that this key may call.
    """
    described = client.get("/openapi.json")
    paths = described.get("paths", {})
    found = paths.get(f"/v1/{wrapper}/{name}", {}).get("post")
    if found is None:
        known = [".".join(path.split("/")[2:]) for path in paths if path.count("/") == 3 and "{" not in path]
        near = nearest(f"{wrapper}.{name}", known)
        advice = f"Did you mean {near}?" if near else "brownfield status lists what this key may call."
        raise Problem("not-found", f"there is no operation {wrapper}.{name} for this key", next=advice)
    content = found.get("requestBody", {}).get("content", {}).get("application/json", {})
    return _resolved(content.get("schema", {}), described)


def _resolved(schema: JsonSchema, described: JsonSchema) -> JsonSchema:
    """A schema with the references in it and in its properties followed, one level: more is not needed for scalars."""

    def follow(part: Any) -> Any:
        if not isinstance(part, dict) or not str(part.get("$ref", "")).startswith("#/"):
            return part
        target: Any = described
        for step in part["$ref"][2:].split("/"):
            target = (schema if step == "$defs" else target).get(step, {})
        return target

    schema = follow(schema)
    return {**schema, "properties": {name: follow(part) for name, part in schema.get("properties", {}).items()}}


def _told(answer: Any) -> list[Any]:
    if "proposal" in answer:
        needed = answer.get("needed", 0) if answer["state"] == "proposed" else 0
        others = "1 other person approves it" if needed == 1 else f"{needed} other people approve it"
        more = f" Nothing is written before {others}." if needed else ""
        return [f"{answer['proposal']} is {answer['state']}.{more}", f"Hash: {answer.get('hash', '')}"]
    source = answer.get("source", {})
    rows = [(name, plain(value)) for name, value in answer.get("data", {}).items()]
    return [table(("field", "value"), rows), f"As of {answer.get('as_of')}, from {source.get('system', 'the system')}."]
