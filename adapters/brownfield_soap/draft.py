"""A WSDL that nobody has read yet → the raw material of `brownfield new`."""

import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from brownfield.contract import Draft, DraftCall, Rejected
from brownfield_soap.closure import Overrides
from brownfield_soap.describe import contract
from brownfield_soap.fetch import Vendored, fetch
from brownfield_soap.model import Field, Model, Part, Scalar
from brownfield_soap.policy import Demand, demands
from brownfield_soap.reader import read
from brownfield_soap.sample import Samples, samples
from brownfield_soap.undrawn import undrawn
from brownfield_soap.wording import distinct, groups, guess, snake

SECRET = re.compile(r"passw|pwd|token|secret|api_?key|credential|licen[cs]e|session_?id", re.IGNORECASE)
"""Members of a header that make it a login."""
LOGIN = re.compile(r"auth(?!or(?!i))|log_?[io]n|credential|sign_?on", re.IGNORECASE)
"""Headers that are one by their own name: `Authentification`, and not `Author`."""
ACCOUNT = re.compile(r"user|login|account|client|customer|partner|name$|id$", re.IGNORECASE)
"""Members that may stand beside them."""
NAIVE = frozenset({"dateTime", "time"})
"""Simple types whose values may name no zone."""


def draft(location: str, overrides: Overrides | None = None) -> Draft:
    """The draft of a bundle for the WSDL at a path or an address.

    Args:
        location: Where the WSDL is.
        overrides: Documents that are elsewhere than the WSDL says; see `closure`.

    Raises:
        Rejected: The WSDL cannot be read; the message names file, line, cause and what to do next.
        Unavailable: Its server cannot be reached.
    """
    vendored = fetch(location, overrides)
    model = _read(vendored)
    connection = _connection(model.service)
    variable = f"{connection.upper()}_URL"
    logins = dict(_logins(model))
    settings = {"wsdl": {"file": f"contract/{vendored.main}"}, "endpoint": {"env": variable}}
    roots = [etree.fromstring(content) for content in vendored.files.values()]
    asked = demands(roots)
    others = {name: part for name, part in _headers(model).items() if name not in logins}
    return Draft(
        connection=connection,
        settings=settings | ({"headers": logins} if logins else {}),
        variables={variable: _about_endpoint(model)},
        files={f"contract/{name}": content for name, content in sorted(vendored.files.items())},
        contract=contract(model),
        calls=tuple(_calls(model)),
        notes=(*vendored.notes, *_notes(model, logins, asked), *undrawn(model, roots)),
        samples=tuple(samples(model)),
        options=_options(model, others, asked),
        secrets=_secrets(logins),
        times=_has_times(model),
    )


def _read(vendored: Vendored) -> Model:
    with tempfile.TemporaryDirectory(prefix="brownfield-wsdl-") as folder:
        for name, content in vendored.files.items():
            (Path(folder) / name).write_bytes(content)
        model = read(Path(folder) / vendored.main, Path(folder))
    if not model.operations:
        raise Rejected(
            f"The WSDL has no SOAP operation at port {model.port}. Check that it is complete.", code="unreadable-wsdl"
        )
    return model


def _connection(service: str) -> str:
    name = snake(service)
    for suffix in ("_web_service", "_service"):
        name = name.removesuffix(suffix)
    return name


def _about_endpoint(model: Model) -> str:
    found = f"the WSDL says {model.address}" if model.address else "the WSDL names none"
    return f"The address that calls to {model.service} go to; {found}, which is never used by itself."


def _calls(model: Model) -> Iterator[DraftCall]:
    names: dict[str, str] = {}
    for call in model.operations:
        names[distinct(snake(call), names)] = call
    group = groups(names)
    for name, call in names.items():
        yield DraftCall(name, call, model.operations[call].documentation, guess(name), group[name])


def _headers(model: Model) -> dict[str, Part]:
    """Every SOAP header that an operation declares, by name."""
    found = {name: part for operation in model.operations.values() for name, part in operation.headers.items()}
    return dict(sorted(found.items()))


def _members(model: Model, part: Part) -> tuple[Field, ...]:
    if isinstance(part.type, Scalar):
        return (Field("value", part.tag, part.type),)
    return model.records[part.type].fields


def _logins(model: Model) -> Iterator[tuple[str, dict[str, Any]]]:
    """The headers that are logins and nothing else, their members as secrets."""
    for name, part in _headers(model).items():
        members = _members(model, part)
        told = name if isinstance(part.type, Scalar) else ""
        named = LOGIN.search(name) is not None
        if not named and not any(SECRET.search(told or field.name) for field in members):
            continue
        known = [
            f for f in members if SECRET.search(told or f.name) or ACCOUNT.search(f.name) or (named and _is_text(f))
        ]
        if known and all(field in known or field.least == 0 for field in members) and all(map(_is_text, known)):
            yield name, {field.name: {"secret": snake(told or field.name)} for field in known}


def _is_text(field: Field) -> bool:
    return isinstance(field.type, Scalar) and not field.repeated and not field.type.facets.enumeration


def _options(model: Model, others: dict[str, Part], asked: Iterable[Demand]) -> dict[str, Any]:
    """Settings that a person may need: the other headers, with sample values, and what policies ask for."""
    made = Samples(model)
    found: dict[str, Any] = {f"headers.{name}": _without_null(made.part(part)) for name, part in others.items()}
    for demand in asked:
        found |= demand.settings
    return found


def _without_null(value: Any) -> Any:
    """The value as a manifest can hold it: TOML has no null."""
    if isinstance(value, dict):
        return {name: _without_null(one) for name, one in value.items() if one is not None}
    return [_without_null(one) for one in value] if isinstance(value, list) else value


def _secrets(logins: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    """The names of their secrets, each once."""
    return tuple(dict.fromkeys(member["secret"] for members in logins.values() for member in members.values()))


def _has_times(model: Model) -> bool:
    fields = [field.type for record in model.records.values() for field in record.fields]
    return any(isinstance(one, Scalar) and one.kind in NAIVE for one in fields)


def _notes(model: Model, logins: dict[str, Any], asked: Iterable[Demand]) -> Iterator[str]:
    yield from (f"Repaired: {note}" for note in model.notes)
    for name, part in _headers(model).items():
        members = ", ".join(field.name for field in _members(model, part)) or "nothing"
        what = "filled in from secrets" if name in logins else "a comment in the manifest has its form"
        yield f"Calls may carry the SOAP header {name} ({members}): {what}."
    yield from (f"A policy asks for {demand.what}{demand.words}" for demand in asked)
    silent = [name for name, operation in model.operations.items() if not operation.documentation]
    if silent:
        yield f"{len(silent)} of {len(model.operations)} operations say nothing about themselves in the WSDL."
