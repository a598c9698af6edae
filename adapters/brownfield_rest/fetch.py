"""A document somewhere → its content as JSON. Only `brownfield new` and `drift` come here.

YAML is read as its JSON schema (YAML 1.2, 10.2) has it: `no` is a word and `2024-01-01` is text.
"""

import math
import re
from pathlib import Path
from typing import Any

import orjson
import yaml

from brownfield.contract import Drifted, Rejected, Unavailable, Uncertain
from brownfield_rest.document import MOST_BYTES, MOST_DEPTH, refused
from brownfield_rest.transport import Request, Transport

MOST_SECONDS = 60.0
MOST_NODES = 2_000_000
"""Values in a document; a YAML alias counts again each time."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # the library has no types
    """YAML with the scalars of JSON and no others."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  the library's own form

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merges nothing: `<<` is a word, and a key tagged `!!merge`, which doubles what it names, is refused."""


for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def fetch(location: str) -> Any:
    """The document at a path or an http(s) address: JSON or YAML.

    Raises:
        Rejected: It cannot be read, or is too large.
        Unavailable: Its server cannot be reached.
    """
    content = _get(location) if re.match(r"https?://", location, re.IGNORECASE) else _open(location)
    if len(content) > MOST_BYTES:
        raise refused(location, f"is larger than {MOST_BYTES} bytes", "take the part that is needed")
    document = _parsed(content, location)
    _count(document, location)
    return document


def _open(location: str) -> bytes:
    try:
        return Path(location).read_bytes()
    except OSError as error:
        raise refused(location, error.strerror or "cannot be read", "name a file that can be read") from None


def _get(location: str) -> bytes:
    transport = Transport(1)
    request = Request("GET", location, (("Accept", "application/json, application/yaml, */*;q=0.5"),))
    try:
        response = transport.send(request, seconds=MOST_SECONDS, max_bytes=MOST_BYTES)
    except (Uncertain, Drifted) as failure:
        raise Unavailable(f"{location} did not give the document: {failure.message}") from None
    finally:
        transport.close()
    if response.status != 200:
        where = "a redirect is not followed: name the last address" if 300 <= response.status < 400 else "correct it"
        raise refused(location, f"answers with HTTP {response.status}", where)
    return response.body


def _parsed(content: bytes, location: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    if content.lstrip()[:1] == b"<":
        raise refused(location, "is HTML or XML", "name the OpenAPI document itself")
    try:
        return yaml.load(content, _Loader)  # noqa: S506  a SafeLoader, with fewer scalars
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise refused(f"{location}{line}", "is neither JSON nor YAML", "correct it") from None


def _count(document: Any, location: str) -> None:
    """Return when the document is of a size, a depth and of values that JSON has."""
    waiting, nodes = [(document, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        if nodes > MOST_NODES or depth > MOST_DEPTH:
            what = "is nested deeper than any API" if depth > MOST_DEPTH else f"has more than {MOST_NODES} values"
            raise refused(location, what, "take the part that is needed")
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        waiting += [(each, depth + 1) for each in inner]
        if isinstance(node, float) and not math.isfinite(node):
            raise refused(location, "has a number that JSON has not", "correct it")


def content(document: Any) -> bytes:
    """A document as it is vendored: JSON that diffs well.

    Raises:
        Rejected: It holds what JSON cannot.
    """
    try:
        options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
        return orjson.dumps(document, option=options) + b"\n"
    except TypeError as error:
        raise Rejected(f"The document holds what JSON cannot: {error}.", code="unreadable-openapi") from None
