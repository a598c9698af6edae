"""Layouts in TOML, read so that a fault is told with its line and with the key that was meant."""

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from brownfield_files.layout.normal_form import LayoutError

Document = TypeVar("Document", bound=BaseModel)


class Table(BaseModel):
    """A table of a layout: no keys but those that it has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: object) -> object:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in given if isinstance(given, dict) else ():
            if key not in known:
                raise PydanticCustomError("unknown_key", "{reason}", {"reason": unknown(key, known), "key": key})
        return given


def read_document(path: Path, model: type[Document]) -> Document:
    """The layout file as `model` has it.

    Raises:
        LayoutError: It is not TOML, or not what `model` allows.
    """
    try:
        text = path.read_text("utf-8")
        return model.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LayoutError(path.name, 0, f"not TOML: {error}") from None
    except OSError as error:
        raise LayoutError(path.name, 0, f"it cannot be read: {error.strerror}") from None
    except ValidationError as error:
        fault = error.errors()[0]
        where, reason = place_and_reason(fault)
        raise LayoutError(path.name, line_of(text, where), f"{'.'.join(map(str, where))}: {reason}") from None


def tables_of(path: Path) -> list[str]:
    """The tables at the top of a layout file; none where it is no TOML."""
    if path.suffix.lower() != ".toml":
        return []
    try:
        return list(tomllib.loads(path.read_text("utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []  # whoever reads it as a layout says what is wrong


def place_and_reason(fault: ErrorDetails) -> tuple[tuple[str | int, ...], str]:
    """Where a fault is, by keys and places in lists, and what is wrong there."""
    key = fault.get("ctx", {}).get("key")
    where = (*fault["loc"], key) if key else fault["loc"]
    return where, fault["msg"].removeprefix("Value error, ")


def unknown(key: str, known: list[str]) -> str:
    """What to say of a key that is none."""
    near = get_close_matches(key, known, 1)
    return f"there is no such key; did you mean `{near[0]}`?" if near else f"there is no such key: {', '.join(known)}"


def line_of(text: str, where: tuple[str | int, ...]) -> int:
    """The line, from 1, on which that key of a TOML document stands, or what is nearest to it; 0 for none."""
    at = found = 0
    for step in where:
        nth = step + 1 if isinstance(step, int) else 1
        form = r"\{|^\s*\[\[" if isinstance(step, int) else rf"(?<![\w-])[\"']?{re.escape(step)}[\"']?(?=\s*[=.\]])"
        for _ in range(nth):
            match: Any = re.compile(form, re.MULTILINE).search(text, at)
            if match is None:
                return found
            at = match.end()
            found = text.count("\n", 0, match.start()) + 1
    return found
