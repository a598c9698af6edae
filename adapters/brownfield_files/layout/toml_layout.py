"""A fixed-width layout without a copybook, in TOML: pictures say what the fields hold.

    length = 80

    [records.detail]
    when = { kind = "D" }
    fields = [
      { name = "kind", picture = "X" },
      { name = "sku", picture = "X(10)" },
      { name = "on_hand", picture = "S9(7)V99 COMP-3", start = 21 },
    ]

`start` counts from 1, as the tables of a manual do; without it a field follows the one before it. Bytes between are not
delivered. `totals` are declared as beside a copybook, see `declaration`. `date = "CYYDDD"` makes a date of the digits,
see `calendar_date`; `pivot` says which century a year of two digits belongs to, `none` what stands where there is no
date (`none = ["000000", ""]`). `signs = "CD"` says how a separate sign is written where it is not + and -.
"""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Setting

from brownfield_files.layout.calendar_date import date_format
from brownfield_files.layout.declaration import Names, RecordDeclaration, TotalDeclaration, finish
from brownfield_files.layout.normal_form import Field, Layout, LayoutError, Part, SignPlace
from brownfield_files.layout.picture import PictureError, place_field


class _FieldText(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Setting(pattern=r"^[a-z][a-z0-9_]*$")
    picture: str
    start: int | None = Setting(default=None, ge=1)
    date: str | None = None
    pivot: int = Setting(default=50, ge=0, le=100)
    none: Names = ()
    signs: str = Setting(default="+-", min_length=2, max_length=2)


class _RecordText(RecordDeclaration):
    fields: tuple[_FieldText, ...] = Setting(min_length=1)


class _LayoutText(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    length: int = Setting(ge=1)
    records: dict[str, _RecordText] = Setting(min_length=1)
    totals: tuple[TotalDeclaration, ...] = ()


def read_toml_layout(path: Path) -> Layout:
    """Read a TOML layout file.

    Raises:
        LayoutError: See `parse_toml_layout`.
    """
    try:
        return parse_toml_layout(tomllib.loads(path.read_text("utf-8")), path.name)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LayoutError(path.name, 0, f"not TOML: {error}") from None


def parse_toml_layout(document: dict[str, Any], file: str = "layout.toml") -> Layout:
    """The layout of a TOML document.

    Raises:
        LayoutError: It does not have the shape above, a picture cannot be read, or fields overlap.
    """
    try:
        text = _LayoutText.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise LayoutError(file, 0, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    types = tuple(
        record.typed(name, text.length, _fields(name, record, text.length, file), file)
        for name, record in text.records.items()
    )
    return finish(types, text.totals, text.length, file)


def _fields(kind: str, record: _RecordText, length: int, file: str) -> tuple[Part, ...]:
    if record.of:
        raise LayoutError(file, 0, f"records.{kind}: `of` names a copybook's record; here the fields stand below it")
    placed: list[Field] = []
    end = 0
    for text in record.fields:
        where = f"records.{kind}.{text.name}"
        start = end if text.start is None else text.start - 1
        if start < end or text.name in {field.name for field in placed}:
            raise LayoutError(file, 0, f"{where} overlaps the field before it, or has its name")
        try:
            placed.append(_field(text, start))
        except PictureError as error:
            raise LayoutError(file, 0, f"{where}: {error}") from None
        end = start + placed[-1].length
        if end > length:
            raise LayoutError(file, 0, f"{where} ends at byte {end} of a record of {length}")
    return tuple(placed)


def _field(text: _FieldText, start: int) -> Field:
    """A picture may be followed by a usage, or by a sign clause (`S9(5) LEADING SEPARATE`)."""
    picture, *words = text.picture.upper().split() or [""]
    sign: SignPlace = "leading" if "LEADING" in words else "trailing"
    if "SEPARATE" in words:
        sign = "leading-separate" if sign == "leading" else "trailing-separate"
    usage = [word for word in words if word not in {"LEADING", "TRAILING", "SEPARATE"}]
    if len(usage) > 1:
        raise PictureError(f"{text.picture!r}: one usage at most")
    field = place_field(text.name, start, picture, usage[0] if usage else "DISPLAY", sign)
    if text.signs != "+-":
        if not field.sign.endswith("separate") or text.signs[0] == text.signs[1]:
            raise PictureError(f"signs = {text.signs!r}: two characters, of a sign that is SEPARATE")
        field = replace(field, signs=text.signs)
    if text.date is None and text.none:
        raise PictureError("`none` is said of a date")
    return field if text.date is None else _dated(field, text.date, text.pivot, text.none)


def _dated(field: Field, written: str, pivot: int, none: tuple[str, ...]) -> Field:
    try:
        form = date_format(written, pivot, none)
    except ValueError as error:
        raise PictureError(str(error)) from None
    size = field.length if field.kind == "text" else field.digits
    if (
        field.kind == "float"
        or field.codec
        or field.scale
        or field.signed * (field.kind == "zoned")
        or size < form.digits
    ):
        raise PictureError(f"{field.picture} cannot hold a date of {form.digits} digits")
    return replace(field, date=form)
