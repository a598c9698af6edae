"""The settings of a `jobs` connection, as they stand in `wrapper.toml`."""

import re
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_WORD = r"^[a-z][a-z0-9_]*$"


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a pattern: {error}") from None
    return pattern


class Parameter(BaseModel):
    """One value that a caller may give the command: one argument, or a part of one.

    Attributes:
        type: What the value is in JSON.
        pattern: What the whole value must look like. Without one, a value must not begin with `-`: a command would take
            it for an option.
        enum: The values allowed, when they can be listed.
        max_length: Characters.
        description: For the person or agent who gives it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["string", "integer"] = "string"
    pattern: Annotated[str, AfterValidator(_compiles)] | None = None
    enum: tuple[str | int, ...] = ()
    max_length: int = Field(default=256, ge=1, le=4096)
    description: str = ""

    def schema_of(self) -> dict[str, Any]:
        """Its JSON Schema."""
        schema: dict[str, Any] = {"type": self.type}
        if self.type == "string":
            schema["maxLength"] = self.max_length
            if self.pattern is not None:
                schema["pattern"] = rf"^(?:{self.pattern})$"
        if self.enum:
            schema["enum"] = list(self.enum)
        if self.description:
            schema["description"] = self.description
        return schema


class JobsSettings(BaseModel):
    """A batch command.

    Attributes:
        command: Program and arguments, never a shell line. One that names an environment variable is None while that
            is unset: the contract can be described, the command cannot be started. An argument may hold `{name}` for
            a parameter, `{{` for a brace; not in the program.
        parameters: What a caller may give, by name; each stands somewhere in the command.
        folder: The working directory; the bundle's folder unless told.
        environment: Variables for the command. It has PATH and LANG beside these, and nothing of ours.
        output_limit: Bytes kept of each stream: the first and the last half; what is between is left out.
        exits: What exit codes mean, `done`, `rejected` or `unavailable`; 0 is done, others are rejected unless told.
        grace: Seconds between asking the command to end and ending it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[str | None, ...] = Field(min_length=1)
    parameters: dict[Annotated[str, Field(pattern=_WORD)], Parameter] = Field(default_factory=dict)
    folder: Path | None = None
    environment: dict[str, str] = Field(default_factory=dict)
    output_limit: int = Field(default=16 * 1024, ge=256, le=4 * 1024 * 1024)
    exits: dict[Annotated[str, Field(pattern=r"^[0-9]{1,3}$")], Literal["done", "rejected", "unavailable"]] = Field(
        default_factory=dict
    )
    grace: float = Field(default=5.0, ge=0, le=60)

    @model_validator(mode="after")
    def _placeholders_are_parameters(self) -> "JobsSettings":
        if placeholders(self.command[0] or ""):
            raise ValueError("the program is fixed: a placeholder may stand in its arguments only")
        used = {name for argument in self.command for name in placeholders(argument or "")}
        if used != set(self.parameters):
            odd = ", ".join(sorted(used ^ set(self.parameters)))
            raise ValueError(f"a placeholder without a parameter, or a parameter without a placeholder: {odd}")
        return self


def placeholders(argument: str) -> list[str]:
    """The parameters that an argument names.

    Raises:
        ValueError: A brace is not closed, or a placeholder is more than a name.
    """
    found: list[str] = []
    for _, name, form, conversion in Formatter().parse(argument):
        if name is None:
            continue
        if form or conversion or not re.match(_WORD, name):
            raise ValueError(f"{argument!r}: a placeholder is a parameter's name in braces")
        found.append(name)
    return found
