"""A Python function as an operation: its annotations become schemas, its arguments and result cross as JSON."""

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic.errors import PydanticSchemaGenerationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from brownfield.contract import Drifted, Fields, JsonSchema, canonical
from brownfield.wrapper.finding import BundleError, Finding

Function = Callable[..., Any]


class _Schema(GenerateJsonSchema):
    """JSON Schema 2020-12 in which a decimal travels as a string."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        places = schema.get("decimal_places")
        fraction = r"(\.[0-9]+)?" if places is None else rf"(\.[0-9]{{1,{places}}})?" if places else ""
        return {"type": "string", "pattern": rf"^-?[0-9]+{fraction}$"}


@dataclass(frozen=True, slots=True)
class Handler:
    """A function bound to an operation that the manifest declares.

    Attributes:
        function: The author's function, as written.
        connections: The names before the slash: what comes from us.
        input: Schema of what comes from the caller.
        output: Schema of the result.
    """

    function: Function
    connections: tuple[str, ...]
    input: JsonSchema
    output: JsonSchema
    _arguments: type[BaseModel]
    _result: TypeAdapter[Any]

    @property
    def description(self) -> str:
        """The first paragraph of the docstring, on one line."""
        return " ".join((inspect.getdoc(self.function) or "").split("\n\n")[0].split())

    def arguments(self, document: Fields) -> dict[str, Any]:
        """The Python values of a document that `input` has accepted."""
        model = self._arguments.model_validate_json(canonical(document), strict=True)
        return {name: getattr(model, name) for name in self._arguments.model_fields}

    def document(self, result: Any) -> dict[str, Any]:
        """A result as plain JSON values.

        Raises:
            Drifted: The function returned something else than it says it returns.
        """
        try:
            checked = self._result.validate_python(result)
            return dict(self._result.dump_python(checked, mode="json", exclude_unset=True))
        except (ValueError, TypeError) as error:
            where = f" at {places(error)}" if isinstance(error, ValidationError) else ""
            raise Drifted(f"{self.function.__name__} returned something else than it declares{where}") from error


def places(error: ValidationError) -> str:
    """Where, and never what: the values are a customer's."""
    return ", ".join(".".join(map(str, fault["loc"])) or "the result" for fault in error.errors(include_input=False))


def bind(name: str, function: Function) -> Handler:
    """Read a function's signature.

    Raises:
        BundleError: An annotation is missing, or is no type that a schema can be made of.
    """
    try:
        hints = typing.get_type_hints(function, include_extras=True)
        parameters = inspect.signature(function).parameters.values()
        before = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_ONLY)
        after = {p.name: (hints[p.name], ... if p.default is p.empty else p.default)
                 for p in parameters if p.name not in before}  # fmt: skip
        arguments = create_model(name, __config__=ConfigDict(extra="forbid"), **typing.cast("dict[str, Any]", after))
        result: TypeAdapter[Any] = TypeAdapter(hints["return"])
        output = _plain(result.json_schema(mode="serialization", schema_generator=_Schema))
    except KeyError as error:
        raise BundleError([Finding(f"wrapper.py: {name}", f"{error} has no annotation", "annotate it")]) from None
    except (NameError, PydanticSchemaGenerationError) as error:
        raise BundleError([Finding(f"wrapper.py: {name}", str(error).splitlines()[0], "use a plain type")]) from None
    if output.get("type") != "object":
        raise BundleError([Finding(f"wrapper.py: {name}", "does not return an object", "put the list in a field")])
    given = _plain(arguments.model_json_schema(schema_generator=_Schema))
    return Handler(function, before, given | {"additionalProperties": False}, output, arguments, result)


def _plain(schema: JsonSchema) -> JsonSchema:
    """Without the titles that pydantic makes from names, and with root references resolved."""
    plain: JsonSchema = _untitled(schema)
    root = plain.pop("$ref", None)
    if isinstance(root, str):
        plain = {**plain, **plain["$defs"][root.rsplit("/", 1)[1]]}
    plain.pop("description", None)
    return plain


def _untitled(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_untitled(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    named = {"properties", "$defs"}
    return {
        keyword: {name: _untitled(inner) for name, inner in value.items()} if keyword in named else _untitled(value)
        for keyword, value in schema.items()
        if not (keyword == "title" and isinstance(value, str))
    }
