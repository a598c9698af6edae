"""An OpenAPI document, read within limits; its references are followed inside it and nowhere else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from brownfield.contract import Rejected

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
MOST_BYTES = 20 * 1024 * 1024
MOST_DEPTH = 100
MOST_STEPS = 32
"""References that are followed one after the other."""

Node = Mapping[str, Any]


def refused(where: str, cause: str, remedy: str) -> Rejected:
    """A document that cannot be used: where, why, and what to do."""
    return Rejected(f"{where}: {cause}; {remedy}.", code="unreadable-openapi")


@dataclass(frozen=True, slots=True)
class Place:
    """One operation of the document as it stands there: the path's own members beside the operation's."""

    path: str
    method: str
    item: Node
    operation: Node


class Document:
    """A document whose version is known.

    Args:
        root: The whole document.
        where: Its name, for messages.

    Raises:
        Rejected: It is not OpenAPI 3.0 or 3.1.
    """

    def __init__(self, root: Any, where: str) -> None:
        self.where = where
        self.root = root
        self.version = _version(root, where)

    @property
    def old(self) -> bool:
        """Whether schemas are those of 3.0, which are not quite JSON Schema."""
        return self.version == "3.0"

    @property
    def title(self) -> str:
        """What the system calls itself."""
        return str(self.follow(self.root.get("info", {})).get("title", ""))

    def follow(self, node: Any) -> Node:
        """The object that a node is, or refers to.

        Raises:
            Rejected: The reference leads out of the document, nowhere, or in a circle.
        """
        for _ in range(MOST_STEPS):
            if not isinstance(node, dict):
                raise refused(self.where, f"has a {type(node).__name__} where an object belongs", "correct it")
            if not isinstance(node.get("$ref"), str):
                return node
            node = self.at(node["$ref"])
        raise refused(self.where, "has references that lead in a circle", "correct it")

    def at(self, pointer: str) -> Any:
        """What a reference leads to."""
        if not pointer.startswith("#"):
            raise refused(self.where, f"refers to another file ({pointer})",
                          "bundle it into one file first, for example with `redocly bundle`")  # fmt: skip
        node: Any = self.root
        for step in pointer[1:].split("/")[1:]:
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            node = node[int(name)] if isinstance(node, list) and name.isdigit() and int(name) < len(node) else (
                node.get(name) if isinstance(node, dict) else None
            )  # fmt: skip
            if node is None:
                raise refused(self.where, f"refers to {pointer}, which is not there", "correct it")
        return node

    def places(self) -> Iterator[Place]:
        """Every operation, in the document's order."""
        paths = self.root.get("paths") or {}
        for path, item in paths.items() if isinstance(paths, dict) else ():
            found = self.follow(item)
            for method in METHODS:
                if isinstance(found.get(method), dict):
                    yield Place(str(path), method, found, self.follow(found[method]))


def read(content: bytes, where: str) -> Document:
    """A pinned document.

    Raises:
        Rejected: It is too large, no JSON, or no OpenAPI 3.
    """
    if len(content) > MOST_BYTES:
        raise refused(where, f"is larger than {MOST_BYTES} bytes", "take the part that is needed")
    try:
        root = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise refused(where, f"is no JSON: {error}", "draw it again with `brownfield new --openapi`") from None
    return Document(root, where)


def _version(root: Any, where: str) -> str:
    if not isinstance(root, dict):
        raise refused(where, "is no OpenAPI document", "name the document that has `openapi: 3.…` in it")
    if "swagger" in root:
        raise refused(
            where, f"is Swagger {root['swagger']}", "convert it to OpenAPI 3, for example with swagger2openapi"
        )
    said = str(root.get("openapi", ""))
    version = ".".join(said.split(".")[:2])
    if version not in ("3.0", "3.1"):
        what = f"is OpenAPI {said}" if said else "is no OpenAPI document"
        raise refused(where, what, "name a document of OpenAPI 3.0 or 3.1")
    return version
