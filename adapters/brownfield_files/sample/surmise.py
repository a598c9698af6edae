"""What a sample suggests of its fields, for a person to confirm. Nothing here is used when a feed runs."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from brownfield_files.format.cell import FieldTable, Style, cell
from brownfield_files.layout.normal_form import snake
from brownfield_files.record.decode import INT_DIGITS, Broken
from brownfield_files.setting import FormatName

MOST_RECORDS = 5_000
"""Of the sample that are looked at."""

Known: TypeAlias = dict[str, Any]
"""A field's table, as a layout has it."""

_DATES = ("YYYY-MM-DD", "DD.MM.YYYY", "D.M.YYYY", "YYYY/MM/DD", "DD/MM/YYYY", "MM/DD/YYYY", "D/M/YYYY", "M/D/YYYY")
_COMPACT = "YYYYMMDD"
_WORDS = (("true", "false"), ("TRUE", "FALSE"), ("Y", "N"), ("yes", "no"))
_DECIMALS = 4
"""That a decimal is drafted with at least: money has two, the price of a piece often four."""
_MONEY = frozenset(
    {"amount", "balance", "cost", "fee", "limit", "price", "rate", "total", "value"}
    | {"betrag", "kosten", "kurs", "preis", "saldo", "summe", "wert", "bedrag", "prijs"}
    | {"montant", "prix", "solde", "taux", "importe", "precio", "valor"}
)
"""Words for what has decimals, even if none of the sample has."""
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"})
_STYLES = (("", ""), (",", ""), (".", ","), (",", "."), (".", "'"), (",", " "))


class Column(NamedTuple):
    """A column of the sample.

    Attributes:
        name: What it is called there.
        texts: What stands in it.
        sort: What the file itself says of it: a type, `number`, or `words` for what is a text there; else empty.
    """

    name: str
    texts: Sequence[str]
    sort: str = ""


class Surmise(NamedTuple):
    """What a sample suggests.

    Attributes:
        format: The format's name.
        table: The format's own table of the layout.
        record: Further keys of the record type.
        columns: What stands in its records.
        notes: What was guessed, a sentence each.
    """

    format: FormatName
    table: Mapping[str, Any]
    columns: Sequence[Column]
    notes: tuple[str, ...]
    record: Mapping[str, Any] = {}


def style_of(columns: Iterable[Column]) -> Style:
    """How numbers are written: as most columns of numbers have it, the plainest that does."""
    columns = list(columns)
    styles = [Style(decimal=point or ".", thousands=comma) for point, comma in _STYLES]
    return max(styles, key=lambda style: sum(_number(column, style) is not None for column in columns))


def fields_of(columns: Iterable[Column], style: Style) -> tuple[list[Known], list[str]]:
    """The fields of these columns, and what a person should look at."""
    fields, notes, taken = [], [], set[str]()
    for column in columns:
        name = _named(column.name, taken)
        taken.add(name)
        known = {"name": name} | ({"from": column.name} if name != column.name else {})
        guessed, note = _typed(column, style)
        if column.texts and all(text.strip(" ") for text in column.texts):
            guessed["required"] = True
        fields.append(known | guessed)
        notes += [f"{column.name}: {note}"] if note else []
    return fields, notes


def required_alone(fields: Sequence[Known], key: str) -> list[Known]:
    """The same, of which the key alone may be required: that no other was empty in the sample proves nothing."""
    return [{word: one[word] for word in one if word != "required" or one["name"] == key} for one in fields]


def told(fields: Sequence[Known]) -> str:
    """What was guessed of each field, in a sentence."""
    return "; ".join(", ".join([one["name"], *map(str, _told(one))]) for one in fields)


def _told(field: Known) -> list[str]:
    scale = [f"{field['scale']} decimals at most"] if "scale" in field else []
    form = [field["date"]] if "date" in field else []
    return [field["type"], *scale, *form, *(["required"] if "required" in field else [])]


def written(surmise: Surmise, fields: Sequence[Known]) -> str:
    """The layout file."""
    head = [f"[{surmise.format}]", *(f"{key} = {toml(value)}" for key, value in surmise.table.items())]
    record = ["[records.detail]", *(f"{key} = {toml(value)}" for key, value in surmise.record.items())]
    lines = [*head, "", *record, "fields = [", *(f"  {toml(one)}," for one in fields), "]"]
    return "\n".join(lines) + "\n"


def _typed(column: Column, style: Style) -> tuple[Known, str]:
    """The type of a column, and what is not sure about it."""
    if column.sort not in {"", "words"}:
        return _sorted(column, style), ""
    texts = [text.strip(" ") for text in column.texts if text.strip(" ")]
    if not texts:
        return {"type": "text"}, "it is always empty"
    dates = [form for form in _DATES if _all_read({"type": "date", "date": form}, texts, style)]
    if dates:
        doubt = f"{dates[0]} or {dates[1]}: no day in the sample tells" if _ambiguous(dates) else ""
        return {"type": "date", "date": dates[0]}, doubt
    if re.search("date|day|dt$", column.name.lower()) and _all_read({"type": "date", "date": _COMPACT}, texts, style):
        return {"type": "date", "date": _COMPACT}, ""
    for yes, no in _WORDS:
        if {*texts} == {yes, no}:
            return {"type": "boolean", "true": yes, "false": no}, ""
    if _all_read({"type": "timestamp"}, texts, style):
        return {"type": "timestamp"}, ""
    return (_number(column, style) if not column.sort else None) or {"type": "text"}, ""


def _sorted(column: Column, style: Style) -> Known:
    """A type that the file tells, with what a number needs besides."""
    if column.sort == "number":
        return _number(column, style) or {"type": "text"}
    return {"type": column.sort}


def _ambiguous(dates: Sequence[str]) -> bool:
    return len({form.replace("DD", "D").replace("MM", "M") for form in dates}) > 1


def _number(column: Column, style: Style) -> Known | None:
    """An integer, or a decimal with more decimals than the sample shows; None where a number would lose something.

    Tomorrow's file may have a decimal more, and one too many is damage; what is wider than needed loses nothing.
    """
    texts = [text.strip(" ") for text in column.texts if text.strip(" ")]
    if not texts:
        return None
    if not _MONEY & {*_folded(column.name).split("_")} and _all_read({"type": "integer"}, texts, style):
        return {"type": "integer"}
    seen = max(len(text.rpartition(style.decimal)[2]) if style.decimal in text else 0 for text in texts)
    wide: list[Known] = [
        {"type": "decimal", "digits": INT_DIGITS, "scale": scale} for scale in (max(_DECIMALS, seen + 2), seen)
    ]
    return next((known for known in wide if 0 < known["scale"] <= INT_DIGITS and _all_read(known, texts, style)), None)


def _all_read(known: Known, texts: Sequence[str], style: Style) -> bool:
    try:
        cell(FieldTable.model_validate({"name": "x"} | known), style).read_all(list(dict.fromkeys(texts)))
    except Broken:
        return False
    return True


def _named(column: str, taken: set[str]) -> str:
    """A field's name for a column: `Item No` becomes `item_no`."""
    word = _folded(column.replace("@", "").rpartition("/")[2] or column)
    name = snake(word) if word else "column"
    number = 2
    while (one := name if number == 2 and name not in taken else f"{name}_{number}") in taken:
        number += 1
    return one


def _folded(text: str) -> str:
    """Its words in plain letters: `Währung je Stück` becomes `wahrung_je_stuck`."""
    spaced = re.sub("([a-z0-9])([A-Z])", r"\1_\2", text)
    plain = unicodedata.normalize("NFKD", spaced.casefold().translate(_LETTERS))
    return re.sub("[^a-z0-9]+", "_", "".join(sign for sign in plain if not unicodedata.combining(sign))).strip("_")


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
