"""What zeep makes of an element, and what the element holds: both as places and words, so that they can be compared.

A place is the names on the way to a value, without those that a decoder makes up (`_value_1`, `a__1`). The text of
`<b k="2">1 2</b>` within `<a>` is the words `1` and `2` at (a, b), and the word `2` at (a, b, k).
"""

import base64
import datetime
import re
from collections import Counter
from decimal import Decimal, InvalidOperation

import isodate
from lxml import etree
from zeep.xsd.valueobjects import CompoundValue

from brownfield_soap.decode import NIL, OWN

from .valid import below

MADE_UP = re.compile(r"_(?:value|attr)_\d+|_raw_elements")
FRACTION = re.compile(r"(?<=\d)(\.\d*?)0+(?=$|[Z+-])")


def held(element, path=()) -> Counter:
    """The words that an element holds, by place; nothing where it is nil."""
    here = below(path, str(element.tag))
    found: Counter = Counter()
    for name, text in element.attrib.items():
        if not str(name).startswith(OWN):
            found += words(text, (*here, local(name)))
    children = list(element.iterchildren("*"))
    if not children and element.get(NIL) not in ("true", "1"):
        found += words(element.text or "", here)
    for child in children:
        found += held(child, here)
    return found


def seen(value, path=()) -> Counter:
    """The words that zeep found, by place."""
    found: Counter = Counter()
    if isinstance(value, CompoundValue):
        value = value.__values__
    if isinstance(value, dict):
        for name, inner in value.items():
            found += seen(inner, path if MADE_UP.fullmatch(str(name)) else below(path, plain(name)))
    elif isinstance(value, list):
        for inner in value:
            found += seen(inner, path)
    elif isinstance(value, etree._Element):
        found += held(value, path)
    elif value is not None:
        found += words(text_of(value), path)
    return found


def plain(name) -> str:
    """A name as the schema has it."""
    return re.sub(r"__\d+$", "", local(str(name)).removeprefix("attr__"))


def local(name) -> str:
    return str(name).rpartition("}")[2]


def words(text, path) -> Counter:
    return Counter((path, canonical(word)) for word in text.split())


def text_of(value) -> str:
    """A Python value as the text of XML Schema."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return {float("inf"): "INF", float("-inf"): "-INF"}.get(value, repr(value))
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, isodate.Duration | datetime.timedelta):
        return str(isodate.duration_isoformat(value))
    if isinstance(value, tuple):
        return "-".join(f"{part:02d}" for part in value if isinstance(part, int))
    return local(value.text) if isinstance(value, etree.QName) else str(value)


def canonical(word: str) -> str:
    """One form for words that mean the same: 1.50 is 1.5, 1e3 is 1000, +00:00 is Z, --11 is 11."""
    try:
        number = Decimal(word)
        if number.is_finite() and word.isascii() and "_" not in word:
            return f"{number.normalize():f}" if number else "0"
    except InvalidOperation:
        pass
    word = FRACTION.sub(r"\1", word.replace("+00:00", "Z")).replace(".Z", "Z").removesuffix(".")
    return re.sub(r"^--+", "", word)
