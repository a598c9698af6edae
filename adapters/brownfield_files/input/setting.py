"""The settings of an `input_files` connection, as they stand in `wrapper.toml`."""

from datetime import date
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, AnyUrl, BaseModel, ConfigDict, Field, model_validator

from brownfield_files.layout.declaration import RecordDeclaration, TotalDeclaration
from brownfield_files.place.jail import is_ours_to_read
from brownfield_files.record.descriptor import IBM, Descriptor
from brownfield_files.setting import FilesSettings, Format, Location, Marker, check_url

REMOTE = ("sftp", "ftp", "ftps", "file")
"""Schemes of places where a file can be renamed at once. S3 cannot: what it calls a move is a copy and a removal."""
_LAYOUT = frozenset({
    "format", "layout", "encoding", "framing", "rdw", "record_length", "byte_order", "floating", "slide", "records",
    "totals",
})  # fmt: skip
"""Settings that say how a file is written, and mean what they mean where one is read."""


class Constant(BaseModel):
    """A value that every file has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    literal: str | int


Filling: TypeAlias = Literal["sequence", "date", "record"] | Constant
"""What stands in a field that no write fills: the file's number, the business date, the record's number, a constant."""


def _numbered(template: str) -> str:
    fields = [field for _, field, _, _ in Formatter().parse(template) if field is not None]
    try:
        names = {file_name(template, number, date(2026, 11, 21)) for number in (1, 2)}
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"a file name with {{sequence}} in it, such as ORD{{sequence:06}}.DAT: {error}") from None
    if set(fields) - {"sequence", "date"} or len(names) < 2:
        raise ValueError(
            "a file name with {sequence} in it, and {date:%Y%m%d} if you like, such as ORD{sequence:06}.DAT"
        )
    if any("/" in name or not is_ours_to_read(name) for name in names):
        raise ValueError("a name without a slash, that does not begin with a dot or end as an unfinished file does")
    return template


def file_name(template: str, sequence: int, day: date) -> str:
    """The name of the file of that number."""
    return template.format(sequence=sequence, date=day)


class InputSettings(BaseModel):
    """What a person says of a place where a batch job finds its input.

    Attributes:
        format: How records are written.
        layout: As of a `files` connection, and so are all settings down to `totals`.
        location: The folder, or a URL: see `filesystem`; None when its environment variable is not set.
        host_key: An SFTP server's key, as `ssh-keyscan` prints it without the name.
        authority: The certificate authority of an FTPS server, PEM.
        name: What files are called: `ORD{sequence:06}.DAT`, `ORD{date:%Y%m%d}-{sequence}.DAT`.
        marker: The name of the empty file that is put last and says that another is complete (`{name}.done`).
        line_end: How lines end, where the framing is `line`; unless told, LF, in EBCDIC NEL.
        fill: By record type, what stands in fields that no write fills. What `when` tells a type by, and what `totals`
            states, needs no word.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["fixed-width"]
    layout: Path
    encoding: str = "ascii"
    framing: Literal["fixed", "line", "variable"] | None = None
    rdw: Descriptor = IBM
    record_length: int | None = Field(default=None, ge=1, le=1 << 20)
    byte_order: Literal["big", "little"] | None = None
    floating: Literal["ibm", "ieee"] | None = None
    slide: bool = True
    records: dict[str, RecordDeclaration] = Field(default_factory=dict)
    totals: tuple[TotalDeclaration, ...] = ()
    location: Location = None
    host_key: str | None = None
    authority: Path | None = None
    name: Annotated[str, AfterValidator(_numbered)]
    marker: Marker | None = None
    line_end: Literal["lf", "crlf"] | None = None
    fill: dict[str, dict[str, Filling]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _reaches(self) -> Self:
        if isinstance(self.location, AnyUrl):
            check_url(self.location, REMOTE, self.host_key)
        return self

    @property
    def form(self) -> Format:
        """How a file is written.

        Raises:
            LayoutError: The layout cannot be read, or does not go with the other settings.
        """
        told: dict[str, Any] = {name: getattr(self, name) for name in _LAYOUT if name in self.model_fields_set}
        return Format(FilesSettings(match="*", **told))
