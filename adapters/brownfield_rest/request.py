"""The fields of a call → one HTTP request. Nothing that a caller gives can leave its place in the address."""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from brownfield.contract import Fields, Rejected
from brownfield_rest.exact import Plan, sent
from brownfield_rest.operation import FORM, Operation, Parameter
from brownfield_rest.setting import RestSettings
from brownfield_rest.transport import Request

BETWEEN = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
Pair = tuple[str, str]


def request(operation: Operation, plan: Plan, fields: Fields, endpoint: str, headers: tuple[Pair, ...]) -> Request:
    """The request of a call whose fields have met the contract.

    Raises:
        Rejected: A value cannot stand where it would have to. Nothing was sent.
    """
    path, query = operation.path, list[Pair]()
    more = [*headers, ("Accept", operation.accept)]
    for parameter in operation.parameters:
        if parameter.field not in fields:
            continue
        value = fields[parameter.field]
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", _segment(parameter, value, plan))
        elif parameter.place == "query":
            query += _query(parameter, value, plan)
        else:
            more.append((parameter.name, _header(parameter, value, plan)))
    if any(segment in (".", "..") for segment in path.split("/")):
        raise _impossible(operation.name, "together its values would change the path")
    body = _body(operation, plan, fields)
    if body is not None and operation.body is not None:
        more.append(("Content-Type", operation.body.media))
    url = endpoint.rstrip("/") + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
    return Request(operation.method, url, tuple(more), body)


def credentials(settings: RestSettings, secret: Callable[[str], str]) -> tuple[Pair, ...]:
    """The header that says who calls, resolved now.

    Raises:
        Unavailable: A secret cannot be had.
        Rejected: A secret cannot stand in a header. Nothing was sent.
    """
    if settings.auth == "bearer":
        return (("Authorization", f"Bearer {_sendable('the secret token', secret('token'))}"),)
    if settings.auth == "basic":
        user = settings.user if settings.user is not None else secret("user")
        pair = base64.b64encode(f"{user}:{secret('password')}".encode()).decode()
        return (("Authorization", f"Basic {pair}"),)
    if settings.auth == "api-key":
        return ((settings.key_header, _sendable("the secret key", secret("key"))),)
    return ()


def _body(operation: Operation, plan: Plan, fields: Fields) -> bytes | None:
    body = operation.body
    if body is None:
        return None
    if body.fields is None:
        if "body" not in fields:
            return None
        value, inner = fields["body"], plan.fields.get("body", plan)
    else:
        value, inner = {name: fields[name] for name in body.fields if name in fields}, plan
    return sent(value, inner) if body.media != FORM else urlencode(list(_form(value))).encode()


def _form(value: Any) -> Iterator[Pair]:
    """The members of a form; a list repeats its name."""
    for name, inner in value.items():
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, Mapping | list):
                raise _impossible(name, "a form has no room for an object in it")
            yield name, _text(each)


def _segment(parameter: Parameter, value: Any, plan: Plan) -> str:
    """A value as a part of the path: it never makes a new part, nor leads out of it."""
    text = _joined(parameter, value, plan)
    if text in ("", ".", ".."):
        raise _impossible(parameter.field, "it would change the path")
    return quote(text, safe="")


def _query(parameter: Parameter, value: Any, plan: Plan) -> list[Pair]:
    if parameter.json:
        return [(parameter.name, sent(value, plan.fields.get(parameter.field, plan)).decode())]
    if isinstance(value, Mapping):
        deep = parameter.style == "deepObject"
        return [
            (f"{parameter.name}[{name}]" if deep else name, _plain(parameter, each)) for name, each in value.items()
        ]
    if isinstance(value, list) and parameter.explode:
        return [(parameter.name, _plain(parameter, each)) for each in value]
    return [(parameter.name, _joined(parameter, value, plan))]


def _header(parameter: Parameter, value: Any, plan: Plan) -> str:
    return _sendable(parameter.field, _joined(parameter, value, plan))


def _sendable(name: str, text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise _impossible(name, "a header has no room for such characters")
    return text


def _joined(parameter: Parameter, value: Any, plan: Plan) -> str:
    if parameter.json:
        return sent(value, plan.fields.get(parameter.field, plan)).decode()
    if isinstance(value, list):
        return BETWEEN.get(parameter.style, ",").join(_plain(parameter, each) for each in value)
    return _plain(parameter, value)


def _plain(parameter: Parameter, value: Any) -> str:
    if isinstance(value, Mapping | list):
        raise _impossible(parameter.field, "an object cannot be written there")
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _impossible(name: str, why: str) -> Rejected:
    return Rejected(f"{name} cannot be sent: {why}. Nothing was sent.", code="invalid-field")
