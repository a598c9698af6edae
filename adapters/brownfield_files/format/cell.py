"""What a library hands over as text, made the value that a layout declares. Strict: what is no number is damage.

    fields = [
      { name = "sku", from = "Item No", type = "text", length = 10, required = true },
      { name = "on_hand", type = "integer", digits = 9 },
      { name = "price", type = "decimal", digits = 11, scale = 2 },
      { name = "counted", type = "date", date = "DD.MM.YYYY" },
      { name = "blocked", type = "boolean", true = "Y", false = "N" },
    ]

Values are those of fixed-width layouts: a number without decimals is an int up to 18 digits, else a string; one with
decimals is a string with all of them; a date is `2026-11-21`. What is empty, or a word for nothing, is null. Leading
zeros are refused unless `padded`: a number would lose them, and what must keep them is text. A number with an exponent
is refused, because a spreadsheet that wrote it has lost digits.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from brownfield_files.layout.calendar_date import DateFormat, NoDate, date_format
from brownfield_files.layout.document import Table
from brownfield_files.record.decode import INT_DIGITS, Broken
from brownfield_files.record.schema import day

Type: TypeAlias = Literal["text", "integer", "decimal", "date", "timestamp", "boolean"]
Read: TypeAlias = Callable[[str], Any]
Fast: TypeAlias = Callable[[Sequence[str]], Sequence[Any] | None]
"""A function that reads many at once, and gives None where it has a doubt about one of them."""
Made: TypeAlias = tuple[Read, Fast, dict[str, Any]]

_DATE_PART = re.compile("YYYY|YY|MM|M|MON|DD|D")
_STAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_SCIENTIFIC = re.compile(r"[+-]?[0-9]*[.,]?[0-9]+[eE][+-]?[0-9]+")
_SHOWN = 40


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
    return pattern


class FieldTable(Table):
    """One declared field.

    Attributes:
        name: What it is called in events.
        source: `from`: what it is called in the file; its name unless told.
        type: What it holds.
        required: Whether it is never empty.
        length: The most characters of a text.
        pattern: A regular expression that a text matches as a whole.
        values: The only texts that may stand in it.
        digits: The most digits of a number, its decimals included.
        scale: Decimals of a `decimal`.
        padded: Whether a number may have leading zeros.
        date: How a date is written (`DD.MM.YYYY`), `M` and `D` for one digit or two.
        pivot: Which century a year of two digits belongs to: below it 20xx.
        yes: `true`: the word for it.
        no: `false`: the word for it.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    source: str = Field(default="", alias="from")
    type: Type
    required: bool = False
    length: int | None = Field(default=None, ge=1)
    pattern: Annotated[str, AfterValidator(_compiles)] | None = None
    values: tuple[str, ...] = ()
    digits: int = Field(default=INT_DIGITS, ge=1, le=100)
    scale: int = Field(default=0, ge=0, le=100)
    padded: bool = False
    date: str = "YYYY-MM-DD"
    pivot: int = Field(default=50, ge=0, le=100)
    yes: str = Field(default="true", alias="true")
    no: str = Field(default="false", alias="false")

    @property
    def column(self) -> str:
        """What it is called in the file."""
        return self.source or self.name

    @property
    def picture(self) -> str:
        """What it is, in a few words."""
        size = {"decimal": f"({self.digits},{self.scale})", "date": f" {self.date}"}.get(self.type, "")
        return f"{self.type}{size}" if self.column == self.name else f"{self.type}{size} from {self.column}"

    @model_validator(mode="after")
    def _suits(self) -> Self:
        told = {*self.model_fields_set} - {"name", "source", "type", "required"}
        if foreign := told - _OPTIONS[self.type]:
            said = sorted({"yes": "true", "no": "false"}.get(word, word) for word in foreign)
            raise ValueError(f"`{said[0]}` does not go with type {self.type}")
        if self.type == "decimal" and not self.scale:
            raise ValueError("a decimal needs its `scale`; without decimals it is an integer")
        if self.scale > self.digits:
            raise ValueError(f"{self.scale} decimals do not fit {self.digits} digits")
        if self.type == "date":
            _Written(self.date, self.pivot)
        return self


_OPTIONS: dict[str, set[str]] = {
    "text": {"length", "pattern", "values"},
    "integer": {"digits", "padded"},
    "decimal": {"digits", "scale", "padded"},
    "date": {"date", "pivot"},
    "timestamp": set(),
    "boolean": {"yes", "no"},
}


class Style(Table):
    """How values are written, for a whole file.

    Attributes:
        decimal: The decimal sign.
        thousands: What stands between groups of three digits, if anything may.
        nulls: Words for nothing, beside an empty text.
    """

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    nulls: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("`decimal` and `thousands` are the same sign")
        return self


PLAIN = Style()


class Cell(NamedTuple):
    """A field, compiled.

    Attributes:
        name: What it is called in events.
        column: What it is called in the file.
        schema: The JSON Schema of what `read` gives.
        read: A function from text to value; it raises `Broken`.
        read_all: The same from many texts, none of which means nothing, to their values.
        required: Whether it is never empty.
        picture: How the layout describes it.
    """

    name: str
    column: str
    schema: dict[str, Any]
    read: Read
    read_all: Callable[[Sequence[str]], Sequence[Any]]
    required: bool
    picture: str


def cell(field: FieldTable, style: Style = PLAIN) -> Cell:
    """The field, compiled for a file that is written so."""
    read, fast, schema = _MAKERS[field.type](field, style)
    if not field.required:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    nothing = frozenset({"", *style.nulls})
    stripped = field.type != "text"

    def read_any(text: str) -> Any:
        if stripped:
            text = text.strip(" ")
        if text in nothing:
            if field.required:
                raise Broken("missing", "it is empty, and must not be")
            return None
        return read(text)

    def read_all(texts: Sequence[str]) -> Sequence[Any]:
        some = texts if nothing.isdisjoint(texts) else [text for text in texts if text not in nothing]
        values = fast(some)
        if values is None or (field.required and len(some) < len(texts)):
            return [read_any(text) for text in texts]
        if len(some) == len(texts):
            return values
        following = iter(values)
        return [None if text in nothing else next(following) for text in texts]

    return Cell(field.name, field.column, schema, read_any, read_all, field.required, field.picture)


def shown(text: str) -> str:
    """A value as a message tells it: not all of a long one."""
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")


def _text(field: FieldTable, _: Style) -> Made:
    most, pattern, values = field.length, field.pattern and re.compile(field.pattern), frozenset(field.values)

    def read(text: str) -> str:
        if "\0" in text:
            raise Broken("nul", "a NUL stands in it")
        if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
            raise Broken("encoding", "half a character stands in it")
        if most is not None and len(text) > most:
            raise Broken("too-long", f"{shown(text)} has {len(text)} characters, and {most} are allowed")
        if pattern and not pattern.fullmatch(text):
            raise Broken("pattern", f"{shown(text)} does not match {field.pattern}")
        if values and text not in values:
            raise Broken("value", f"{shown(text)} is none of {', '.join(field.values)}")
        return text

    def fast(texts: Sequence[str]) -> Sequence[str] | None:
        joined = "".join(texts)
        if "\0" in joined or not joined.isascii() or (most is not None and max(map(len, texts), default=0) > most):
            return None
        if (pattern and not all(map(pattern.fullmatch, texts))) or (values and not values.issuperset(texts)):
            return None
        return texts

    schema: dict[str, Any] = {"type": "string"}
    if most is not None:
        schema["maxLength"] = most
    if field.pattern:
        schema["pattern"] = f"^(?:{field.pattern})$"
    if values:
        schema["enum"] = list(field.values)
    return read, fast, schema


def _number(field: FieldTable, style: Style) -> Callable[[str], tuple[str, str, str]]:
    """A function from text to a number's sign, digits without leading zeros, and decimals without trailing ones."""
    point, comma = re.escape(style.decimal), re.escape(style.thousands)
    grouped = f"[0-9]{{1,3}}(?:{comma}[0-9]{{3}})+|" if comma else ""
    form = re.compile(f"([+-]?)({grouped}[0-9]*)(?:{point}([0-9]+))?")
    whole, scale, thousands = field.digits - field.scale, field.scale, style.thousands

    def split(text: str) -> tuple[str, str, str]:
        found = form.fullmatch(text)
        if not found or not (found[2] or found[3]):
            raise _no_number(text)
        sign, left, right = found[1], found[2], (found[3] or "").rstrip("0")
        if thousands:
            left = left.replace(thousands, "")
        bare = left.lstrip("0")
        if len(left) > 1 and left[0] == "0" and not field.padded:
            raise Broken("leading-zero", f"{shown(text)} would lose its leading zeros: it is text, or `padded`")
        if len(right) > scale:
            raise Broken("scale", f"{shown(text)} has {len(right)} decimals, and {scale} are declared")
        if len(bare) > whole:
            raise Broken("digits", f"{shown(text)} has {len(bare)} digits, and {whole} are declared")
        return ("-" if sign == "-" and (bare or right) else ""), bare or "0", right

    return split


def _no_number(text: str) -> Broken:
    if _SCIENTIFIC.fullmatch(text):
        return Broken("exponent", f"{shown(text)} has an exponent: the digits that it stands for may be lost")
    return Broken("number", f"{shown(text)} is no number that is written as declared")


def _integer(field: FieldTable, style: Style) -> Made:
    split, large = _number(field, style), field.digits > INT_DIGITS
    plain = _all(f"0|-?[1-9][0-9]{{0,{field.digits - 1}}}")

    def read(text: str) -> int | str:
        number = "".join(split(text))
        return number if large else int(number)

    def fast(texts: Sequence[str]) -> Sequence[Any] | None:
        return None if not plain(texts) else texts if large else list(map(int, texts))

    if large:
        return read, fast, {"type": "string", "pattern": f"^-?(0|[1-9][0-9]{{0,{field.digits - 1}}})$"}
    most = 10**field.digits - 1
    return read, fast, {"type": "integer", "minimum": -most, "maximum": most}


def _decimal(field: FieldTable, style: Style) -> Made:
    split, scale, whole = _number(field, style), field.scale, field.digits - field.scale
    head = f"(0|[1-9][0-9]{{0,{whole - 1}}})" if whole else "0"
    plain = _all(f"(?:{head}|-[1-9][0-9]{{0,{max(whole, 1) - 1}}})[.][0-9]{{{scale}}}")
    as_it_is = style.decimal == "." and whole

    def read(text: str) -> str:
        sign, left, right = split(text)
        return f"{sign}{left}.{right:0<{scale}}"

    def fast(texts: Sequence[str]) -> Sequence[str] | None:
        return texts if as_it_is and plain(texts) else None

    return read, fast, {"type": "string", "pattern": rf"^-?{head}\.[0-9]{{{scale}}}$"}


def _all(pattern: str) -> Callable[[Sequence[str]], bool]:
    """Whether every one of many texts matches."""
    form = re.compile(f"(?:(?:{pattern})\n)*")

    def match(texts: Sequence[str]) -> bool:
        joined = "\n".join([*texts, ""])
        return form.fullmatch(joined) is not None and joined.count("\n") == len(texts)

    return match


def _distinct(read: Read) -> Fast:
    """A file has few days, many times."""

    def fast(texts: Sequence[str]) -> Sequence[Any] | None:
        try:
            meaning = {text: read(text) for text in set(texts)}
        except Broken:
            return None
        return [meaning[text] for text in texts]

    return fast


class _Written:
    """A date with whatever stands between its parts.

    Raises:
        ValueError: It does not tell a day.
    """

    def __init__(self, text: str, pivot: int) -> None:
        parts = _DATE_PART.findall(text)
        widths = {"M": "[0-9]{1,2}", "D": "[0-9]{1,2}", "MON": "[A-Z]{3}"}
        pieces = (f"({widths.get(part, f'[0-9]{{{len(part)}}}')})" for part in parts)
        between = _DATE_PART.split(text)
        if re.search("[A-Za-z0-9]", "".join(between)):
            raise ValueError(f"{text!r} is no date: YYYY or YY, MM or M, DD or D, and signs between them")
        self._form: DateFormat = date_format("".join({"M": "MM", "D": "DD"}.get(one, one) for one in parts), pivot)
        self._written = re.compile("".join(a + b for a, b in zip(map(re.escape, between), [*pieces, ""], strict=True)))
        self._text = text

    def read(self, text: str) -> str:
        found = self._written.fullmatch(text)
        if not found:
            raise Broken("date", f"{shown(text)} is no date that is written {self._text}")
        try:
            day = self._form.read("".join(f"{part:0>2}" for part in found.groups()))
        except NoDate:
            raise Broken("date", f"{shown(text)} is no day of the calendar ({self._text})") from None
        return str(day)


def _date(field: FieldTable, _: Style) -> Made:
    read = _Written(field.date, field.pivot).read
    return read, _distinct(read), day()


def _timestamp(_: FieldTable, __: Style) -> Made:
    def read(text: str) -> str:
        if not _STAMP.fullmatch(text):
            raise Broken("timestamp", f"{shown(text)} is no time such as 2026-11-21T03:00:00")
        try:
            datetime.datetime.fromisoformat(text)
        except ValueError:
            raise Broken("timestamp", f"{shown(text)} is no time of the calendar") from None
        return text.replace(" ", "T")

    return read, _distinct(read), {"type": "string", "pattern": f"^{_STAMP.pattern.replace('[T ]', 'T')}$"}


def _boolean(field: FieldTable, _: Style) -> Made:
    meaning = {field.yes: True, field.no: False}

    def read(text: str) -> bool:
        if text not in meaning:
            raise Broken("boolean", f"{shown(text)} is neither {field.yes} nor {field.no}")
        return meaning[text]

    return read, _distinct(read), {"type": "boolean"}


_MAKERS: dict[str, Callable[[FieldTable, Style], Made]] = {
    "text": _text,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
    "boolean": _boolean,
}
