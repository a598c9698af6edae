"""Validation problems that teach: what is wrong, what is allowed, an example that fits."""

from collections.abc import Iterable
from typing import Any, Protocol

from brownfield.contract import JsonSchema


class Keyword(Protocol):
    """The keyword that was broken: `kind` of a jsonschema_rs `ValidationError`."""

    @property
    def name(self) -> str:
        """The keyword: `enum`."""

    @property
    def value(self) -> Any:
        """What the schema says under it."""


class Complaint(Protocol):
    """A jsonschema_rs `ValidationError`, as far as it is needed."""

    instance_path: list[str | int]
    schema_path: list[str | int]
    kind: Keyword


def explain(complaints: Iterable[Complaint], schema: JsonSchema) -> tuple[dict[str, Any], ...]:
    """One entry (`path`, `message`, and `allowed`, `example` where there are any) per problem, all of them at once."""
    raise NotImplementedError
