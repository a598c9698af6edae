"""One operation of the document, made ready: its parameters, its body and its replies in normal form.

The fields of a call are its parameters and, beside them, those of a JSON object in the body. Where that is impossible
(a body that is no plain object, a name that both have) the body is one field, `body`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from brownfield.contract import FaultShape, JsonSchema, OperationShape, Rejected
from brownfield_rest.document import Document, Node, Place
from brownfield_rest.schema import Unsupported, Writer

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BODY = "body"
PROBLEM = frozenset({"type", "title", "status", "detail", "instance"})
"""The members that every problem has (RFC 9457); they are told in our words."""

In = Literal["path", "query", "header"]
_STYLES: dict[str, tuple[str, ...]] = {
    "path": ("simple",), "header": ("simple",), "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
}  # fmt: skip
_OURS = frozenset({"accept", "content-type", "authorization"})
"""Headers that a document must not declare as parameters (OpenAPI 4.8.12.2): they are ours to send."""
_WIRE = frozenset({"host", "connection", "content-length", "transfer-encoding", "cookie", "te", "upgrade", "trailer"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field that goes into the address or a header.

    Attributes:
        field: Our name for it.
        name: Its own name.
        place: Where it goes.
        style: How a list or object is written.
        explode: Whether each member is written by itself.
        json: It is written as JSON.
    """

    field: str
    name: str
    place: In
    style: str
    explode: bool
    json: bool


@dataclass(frozen=True, slots=True)
class Body:
    """What goes into the body.

    Attributes:
        media: The media type that is sent.
        fields: The fields that make it; None when the field `body` does.
    """

    media: str
    fields: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply that the document declares.

    Attributes:
        media: What its body is: JSON, `text`, or empty for none.
        field: Where the body stands in our fields; empty when its members do.
    """

    media: str
    field: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that can be called.

    Attributes:
        name: The `operationId`, or one made of method and path.
        method: In capitals.
        path: With `{name}` for its parameters.
        parameters: What goes into address and headers.
        body: What goes into the body, or None.
        answers: The replies of success, by status: `200`, `2XX`, `default`.
        faults: The other declared replies, by status.
        shape: The contract of it.
        accept: The media types that its replies have.
        tag: What it is about, in the document's word; empty when it has none.
    """

    name: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: Mapping[str, Answer]
    faults: Mapping[str, FaultShape]
    shape: OperationShape
    accept: str = JSON
    tag: str = ""


def operations(document: Document) -> tuple[dict[str, Operation], dict[str, str]]:
    """Every operation that can be called, by name; and why the others cannot."""
    found: dict[str, Operation] = {}
    odd: dict[str, str] = {}
    for place in document.places():
        name = named(place)
        if name in found or name in odd:
            name = _made(place)
        try:
            found[name] = _operation(document, name, place)
        except (Unsupported, Rejected) as reason:
            odd[name] = str(reason)
    return found, odd


def named(place: Place) -> str:
    """The operation's own name, or one from its method and path."""
    return str(place.operation.get("operationId") or "").strip() or _made(place)


def _made(place: Place) -> str:
    return "_".join(part for part in re.split(r"[^A-Za-z0-9]+", f"{place.method}_{place.path}") if part)


def _operation(document: Document, name: str, place: Place) -> Operation:
    writer = Writer(document, "input")
    parameters, fields, required = _parameters(document, place, writer)
    body = _body(document, place, writer, fields, required)
    schema: JsonSchema = {"type": "object", "properties": fields, "additionalProperties": False}
    if required:
        schema["required"] = required
    replies = place.operation.get("responses") or {}
    successes = {k: v for k, v in replies.items() if str(k).startswith("2")}
    successes = successes or {k: v for k, v in replies.items() if k == "default"}
    answers, output = _answers(document, successes, head=place.method == "head")
    faults = dict(_faults(document, replies))
    rows = "items" if output.get("properties", {}).get("items", {}).get("type") == "array" and all(
        answer.field == "items" for answer in answers.values()) else None  # fmt: skip
    shape = OperationShape(
        input=writer.finish(schema), output=output, faults=tuple(faults.values()), rows=rows,
        documentation=_words(place.operation),
    )  # fmt: skip
    method, accept = place.method.upper(), _accepted(document, replies)
    tag = next((str(tag) for tag in place.operation.get("tags") or ()), "")
    return Operation(name, method, place.path, parameters, body, answers, faults, shape, accept, tag)


def _accepted(document: Document, replies: Node) -> str:
    """Every media type that the replies may have and that is read here."""
    kinds = [str(kind) for node in replies.values() for kind in document.follow(node).get("content") or {}]
    known = [kind for kind in kinds if (is_json(kind) or kind.startswith("text/")) and kind.isascii()]
    return ", ".join(dict.fromkeys([*known, JSON, "application/problem+json"]))


def _words(operation: Node) -> str:
    """Summary and description, the first paragraph of it."""
    summary, more = (str(operation.get(word) or "").strip() for word in ("summary", "description"))
    more = " ".join(more.split("\n\n")[0].split())
    joined = f"{summary.rstrip('.')}. {more}" if summary and more and summary.rstrip(".") not in more else more
    return joined or summary


def _parameters(
    document: Document, place: Place, writer: Writer
) -> tuple[tuple[Parameter, ...], dict[str, Any], list[str]]:
    given = [*(place.item.get("parameters") or ()), *(place.operation.get("parameters") or ())]
    nodes = {(str(node.get("in")), str(node.get("name"))): node for node in map(document.follow, given)}
    found: list[Parameter] = []
    fields: dict[str, Any] = {}
    required: list[str] = []
    for (where, name), node in nodes.items():
        if where == "cookie" or (where == "header" and name.lower() in _OURS):
            if where == "cookie" and node.get("required") is True:
                raise Unsupported(f"it needs the cookie {name}")
            continue
        field = name if name not in fields else f"{where}_{name}"
        found.append(_parameter(where, name, field, node))
        fields[field] = _described(writer.schema(_schema(node)), node)
        required += [field] if node.get("required") is True or where == "path" else []
    _paths(place.path, {parameter.name for parameter in found if parameter.place == "path"})
    return tuple(found), fields, required


def _parameter(where: str, name: str, field: str, node: Node) -> Parameter:
    style = str(node.get("style") or ("form" if where == "query" else "simple"))
    if where not in _STYLES or style not in _STYLES[where] or (where == "header" and name.lower() in _WIRE):
        raise Unsupported(f"its parameter {name} ({where}, {style}) cannot be sent")
    explode = bool(node.get("explode", style in ("form", "deepObject")))
    return Parameter(field, name, where, style, explode, json="content" in node)  # type: ignore[arg-type]  # _STYLES


def _schema(node: Node) -> Any:
    for media, content in (node.get("content") or {}).items():
        if not is_json(media):
            raise Unsupported(f"its parameter {node.get('name')} is {media}")
        return content.get("schema") or {}
    return node.get("schema") or {}


def _described(schema: JsonSchema, node: Node) -> JsonSchema:
    words = " ".join(str(node.get("description") or "").split())
    return {**schema, "description": words} if words else schema


def _paths(path: str, given: set[str]) -> None:
    missing = set(re.findall(r"\{([^{}]+)\}", path)) - given
    if missing:
        raise Unsupported(f"its path has {', '.join(sorted(missing))}, which no parameter gives")


def _body(document: Document, place: Place, writer: Writer, fields: dict[str, Any], required: list[str]) -> Body | None:
    """Puts the body's fields beside the parameters."""
    if not place.operation.get("requestBody"):
        return None
    node = document.follow(place.operation["requestBody"])
    media, content = _media(node.get("content") or {})
    given = content.get("schema") or {}
    schema = writer.schema(given, inline=True)
    members = schema.get("properties", {})
    must = node.get("required") is True
    plain = schema.get("type") == "object" and schema.get("additionalProperties") is False and members
    if plain and not members.keys() & fields.keys() and (must or not schema.get("required")):
        fields |= members
        required += schema.get("required", [])
        return Body(media, tuple(members))
    if BODY in fields:
        raise Unsupported("it has a parameter named body, and a body")
    fields[BODY] = _described(writer.schema(given), node)
    required += [BODY] if must else []
    return Body(media, None)


def _media(content: Node) -> tuple[str, Node]:
    """The way to send a body: JSON, else a form."""
    for media, given in content.items():
        if is_json(media):
            return JSON if "*" in str(media) else str(media), given
    if FORM in content:
        return FORM, content[FORM]
    raise Unsupported(f"its body is {', '.join(map(str, content)) or 'of no declared type'}")


def is_json(media: Any) -> bool:
    """Whether a media type is JSON, or a structured syntax over it."""
    plain = str(media).partition(";")[0].strip().lower()
    return plain in (JSON, "*/*") or plain.endswith("+json")


def _answers(document: Document, replies: Node, *, head: bool) -> tuple[dict[str, Answer], JsonSchema]:
    """The declared replies of success, and the one schema of all of them; to HEAD none has a body."""
    answers: dict[str, Answer] = {}
    schemas: list[JsonSchema] = []
    writer = Writer(document, "output")
    for status, node in replies.items():
        answer, schema = _answer(document.follow(node), writer, head=head)
        answers[str(status).upper() if str(status) != "default" else "default"] = answer
        schemas += [schema] if schema not in schemas else []
    if not schemas:
        raise Unsupported("it declares no reply of success")
    if len(schemas) == 1:
        return answers, writer.finish(schemas[0])
    return answers, writer.finish({"type": "object", "anyOf": schemas})


def _answer(node: Node, writer: Writer, *, head: bool) -> tuple[Answer, JsonSchema]:
    content = node.get("content") or {}
    if not content or head:
        return Answer("", ""), {"type": "object", "properties": {}}
    media = next((media for media in content if is_json(media)), None)
    if media is None:
        if not all(str(kind).startswith("text/") for kind in content):
            raise Unsupported(f"it answers with {', '.join(map(str, content))}")
        return Answer("text", "value"), _one("value", {"type": "string"})
    schema = writer.schema(content[media].get("schema") or {}, inline=True)
    if schema.get("type") == "array":
        return Answer(JSON, "items"), _one("items", schema)
    if schema.get("type") == "object":
        return Answer(JSON, ""), schema
    return Answer(JSON, "value"), _one("value", schema)


def _one(field: str, schema: JsonSchema) -> JsonSchema:
    return {"type": "object", "properties": {field: schema}, "required": [field]}


def _faults(document: Document, replies: Node) -> Iterator[tuple[str, FaultShape]]:
    """The declared refusals: what they tell beside the members that every problem has."""
    successes = [status for status in replies if str(status).startswith("2")]
    for status, given in replies.items():
        if str(status).startswith(("2", "3")) or (status == "default" and not successes):
            continue
        node = document.follow(given)
        writer = Writer(document, "output")
        try:
            content: Node = next((each for kind, each in (node.get("content") or {}).items() if is_json(kind)), {})
            detail = writer.finish(_told(writer.schema(content.get("schema") or {}, inline=True)))
        except (Unsupported, Rejected):
            detail = {}
        words = " ".join(str(node.get("description") or "").split())
        name = "default" if status == "default" else str(status).upper()
        yield name, FaultShape(name=f"http-{name}", documentation=words, detail=detail)


def _told(schema: JsonSchema) -> JsonSchema:
    if schema.get("type") != "object" or not schema.get("properties"):
        return {}
    fields = {name: field for name, field in schema["properties"].items() if name not in PROBLEM}
    required = [name for name in schema.get("required", ()) if name in fields]
    return {"type": "object", "properties": fields} | ({"required": required} if required else {})
