"""The far side of the wire: a WSGI application that reads requests as the document says, and answers with `invoke`.

It is `connection` backwards: request → operation and fields → `invoke` → reply or refusal. Credentials are not asked
for: a stub lets everybody in.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from brownfield.contract import Drifted, Failure, Fields, JsonSchema, Opening, Rejected, Reply, Unavailable, Uncertain
from brownfield_rest.check import Check
from brownfield_rest.document import read
from brownfield_rest.exact import ANY, parse, received, sent
from brownfield_rest.operation import BODY, FORM, JSON, Body, Operation, Parameter, operations
from brownfield_rest.reply import Fault, Prepared, prepare
from brownfield_rest.request import BETWEEN
from brownfield_rest.setting import RestSettings

MOST_BYTES = 16 * 1024 * 1024
"""The longest request that is read."""
STATUSES = {Unavailable: 429, Uncertain: 503}
"""How a failure is said that is no refusal: what `reply` reads back as the same."""

Answered = tuple[int, str, bytes]
"""An HTTP status, a media type and a body."""


def application(opening: Opening[RestSettings], invoke: Callable[[str, Fields], Reply]) -> WSGIApplication:
    """A WSGI application that answers at the paths of the document and asks `invoke` for each answer."""
    path = opening.folder / opening.settings.openapi
    found, _ = operations(read(path.read_bytes(), path.name))
    return _Door(list(found.values()), invoke, opening.settings.code)


class _Door:
    """Answers requests of one document. Holds no state between them but what it has compiled."""

    def __init__(self, found: list[Operation], invoke: Callable[[str, Fields], Reply], code: str) -> None:
        self._invoke = invoke
        self._code = code
        plainest_first = sorted(found, key=lambda one: one.path.count("{"))
        self._routes = [(one.method, _pattern(one.path), one) for one in plainest_first]
        self._prepared: dict[str, Prepared] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """One request of WSGI (PEP 3333)."""
        status, media, content = self._answer(environ)
        start_response(
            f"{status} {HTTPStatus(status).phrase}", [("Content-Type", media), ("Content-Length", str(len(content)))]
        )
        return [content]

    def _answer(self, environ: WSGIEnvironment) -> Answered:
        prepared: Prepared | None = None
        try:
            operation, path = self._route(environ)
            prepared = self._ready(operation)
            fields = _fields(prepared, environ, path)
            fault = prepared.input.fault(fields)
            if fault is not None:
                raise Rejected(f"The request is outside the contract: {fault}.", code="http-400")
            return _said(prepared, self._invoke(operation.name, fields))
        except (Unavailable, Uncertain) as failure:
            return STATUSES[type(failure)], "text/plain", b""
        except Failure as failure:
            return self._refused(prepared, failure)

    def _route(self, environ: WSGIEnvironment) -> tuple[Operation, Mapping[str, str]]:
        path = str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")
        for method, pattern, operation in self._routes:
            match = pattern.fullmatch(path) if method == environ["REQUEST_METHOD"] else None
            if match:
                names = re.findall(r"\{([^{}]+)\}", operation.path)
                return operation, dict(zip(names, match.groups(), strict=True))
        raise Rejected("The document has no operation for this request.", code="http-404")

    def _ready(self, operation: Operation) -> Prepared:
        if operation.name not in self._prepared:
            self._prepared[operation.name] = prepare(operation)
        return self._prepared[operation.name]

    def _refused(self, prepared: Prepared | None, failure: Failure) -> Answered:
        """A refusal as a problem (RFC 9457), with the status under which its detail is declared."""
        status, fault = _declared(prepared, failure)
        body = {"title": HTTPStatus(status).phrase, "status": status, "detail": failure.message, **failure.detail}
        if not failure.code.startswith("http-"):
            body.setdefault(self._code, failure.code)
        return status, "application/problem+json", sent(body, ANY if fault is None else fault.plan)


def _pattern(path: str) -> re.Pattern[str]:
    """What the paths of an operation look like."""
    return re.compile("".join("([^/]+)" if part.startswith("{") else re.escape(part) for part in _parts(path)))


def _parts(path: str) -> list[str]:
    return re.split(r"(\{[^{}]+\})", path)


def _declared(prepared: Prepared | None, failure: Failure) -> tuple[int, Fault | None]:
    """The status of a failure, and the declared refusal that it is."""
    faults = prepared.faults if prepared is not None else {}
    name = failure.code.removeprefix("http-").upper()
    fitting = [one for one, fault in faults.items() if fault.check.fault(dict(failure.detail)) is None]
    found = name if name in faults or name.isdecimal() else next(iter(fitting), "400")
    return _status(found, 400), faults.get(found)


def _status(name: str, default: int) -> int:
    """The status that a document means by `404`, `4XX` or `default`."""
    digits = name.replace("XX", "00")
    return int(digits) if digits.isdecimal() and digits in map(str, HTTPStatus) else default


def _said(prepared: Prepared, reply: Reply) -> Answered:
    """A reply as the first declared success."""
    fields = reply.fields if reply.rows is None else {**reply.fields, "items": list(reply.rows)}
    name, answer = next(iter(prepared.operation.answers.items()))
    status = _status(name, 200)
    if not answer.media:
        return status, "text/plain", b""
    if answer.media == "text":
        return status, "text/plain; charset=utf-8", str(fields.get(answer.field, "")).encode()
    plan = prepared.received
    if answer.field:
        return status, JSON, sent(fields.get(answer.field), plan.fields.get(answer.field, plan))
    return status, JSON, sent(fields, plan)


def _fields(prepared: Prepared, environ: WSGIEnvironment, path: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a request: its parameters, then its body.

    Raises:
        Rejected: The body cannot be read.
    """
    schema = prepared.operation.shape.input
    query = parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    found = {}
    for parameter in prepared.operation.parameters:
        texts = _texts(parameter, path, query, environ)
        if texts:
            own = {**schema["properties"][parameter.field], "$defs": schema.get("$defs", {})}
            found[parameter.field] = _value(parameter, texts, own)
    return found | dict(_body(prepared, environ))


def _texts(
    parameter: Parameter, path: Mapping[str, str], query: list[tuple[str, str]], environ: WSGIEnvironment
) -> list[str]:
    """What a request says of a parameter."""
    if parameter.place == "path":
        return [path[parameter.name]]
    if parameter.place == "query":
        return [text for name, text in query if name == parameter.name]
    told = environ.get(f"HTTP_{parameter.name.upper().replace('-', '_')}")
    return [] if told is None else [str(told)]


def _value(parameter: Parameter, texts: list[str], schema: JsonSchema) -> Any:
    if parameter.json:
        return _parsed(texts[0].encode())
    if schema.get("type") != "array":
        return _typed(texts[0], schema)
    if not parameter.explode:
        texts = texts[0].split(BETWEEN.get(parameter.style, ","))
    items = {**schema.get("items", {}), "$defs": schema["$defs"]}
    return [_typed(text, items) for text in texts]


def _typed(text: str, schema: JsonSchema) -> Any:
    """A text as what its schema takes: a number, a truth value, else itself."""
    check = Check(schema)
    for value in _meanings(text):
        if check.fault(value) is None:
            return value
    return text


def _meanings(text: str) -> Iterator[Any]:
    yield text
    try:
        yield received(parse(text.encode()), ANY)
    except Drifted:
        return


def _body(prepared: Prepared, environ: WSGIEnvironment) -> Iterator[tuple[str, Any]]:
    body = prepared.operation.body
    length = str(environ.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise Rejected(f"The request does not say its length, or has more than {MOST_BYTES} bytes.", code="http-413")
    content = environ["wsgi.input"].read(int(length))
    if body is None or not content:
        return
    if body.media == FORM:
        yield from _form(content, body, prepared.operation.shape.input)
        return
    value = _parsed(content)
    if body.fields is None:
        yield BODY, received(value, prepared.sent.fields.get(BODY, prepared.sent))
    elif isinstance(value, dict):
        yield from received(value, prepared.sent).items()


def _form(content: bytes, body: Body, schema: JsonSchema) -> Iterator[tuple[str, Any]]:
    """The members of a form, which are texts on the wire."""
    members = schema["properties"] if body.fields is not None else schema["properties"][BODY].get("properties", {})
    pairs = parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)
    made = {name: _typed(text, {**members.get(name, {}), "$defs": schema.get("$defs", {})}) for name, text in pairs}
    yield from made.items() if body.fields is not None else [(BODY, made)]


def _parsed(content: bytes) -> Any:
    try:
        return parse(content)
    except Drifted:
        raise Rejected("The request's body is no JSON.", code="http-400") from None
