"""The fast decoder: code generated for one record type, which decodes many records column by column.

It never judges. Whatever it does not expect, in any record, is a doubt: it raises, and `decode`, the plain decoder,
reads these records and gives the values or the reason why not. So it may be wrong in one way only, by giving a value
that the plain decoder would not give, and that is what the differential tests look for.

For `05 SKU PIC X(4). 05 ON-HAND PIC S9(5) COMP-3. 05 COST PIC 9(3)V99.` the generated code is:

    def decode(records, numbers):
        joined = join(records)
        text = cut(charmap(joined, 'strict', TEXT)[0], 12)
        digit = cut(charmap(joined, 'strict', DIGIT)[0], 12)
        c0 = no_nul([v[0:4].rstrip(' ') for v in text])
        c1 = (few(READ1, records, 4, 7) or
              [(t0_1[w0] * 1000 + t1_1[w1]) * sign_1[w1] for w0, w1, in unpack_1(joined)])
        c2 = (few(READ2, records, 7, 12) or
              [f'{u // 100}{FRACTION2[u % 100]}' if u >= 0 else render(u, 2) for u in
               [int(v[7:11] + PLUS2[v[11]]) for v in digit]])
        return [Row(n, 'detail', {'sku': v0, 'on_hand': v1, 'cost': v2}) for n, v0, v1, v2 in zip(numbers, c0, c1, c2)]

What makes it fast is that the whole batch is translated at once, that a value seen before is not read again (`few`),
and that a bad byte is found by what happens to it anyway: in `DIGIT` every byte that is neither digit nor sign becomes
U+FFFF, which `int` refuses; a nibble that is no digit is None in its table; a sign that is none is not in it.
"""

import struct
from codecs import charmap_decode
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NoReturn, TypeAlias

from brownfield.contract import Row
from brownfield_files.fixed.lookup import Add, few, packed_column, packed_sum, zoned_sum
from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import Field, Part, RecordType, varies
from brownfield_files.record.decode import (
    INT_DIGITS,
    Broken,
    number_reader,
    overpunch,
    part_reader,
    render,
)

Decode: TypeAlias = Callable[[Sequence[bytes], Sequence[int]], list[Row]]
Sum: TypeAlias = Callable[[Sequence[bytes]], int]

DOUBTS = (ValueError, LookupError, TypeError, OverflowError, struct.error, Broken)
"""What generated code raises when a record is not as it expects."""

_STRANGE = "\uffff"
_FRACTIONS_UP_TO = 4
_MOST_COLUMNS = 1000


def compile_decoder(record: RecordType, length: int, encoding: Encoding) -> Decode | None:
    """A function from records and their numbers to rows; None where fields vary in place, or are very many.

    Args:
        record: The record type.
        length: The most bytes that a record may have.
        encoding: The file's.
    """
    if varies(record.parts) or not 0 < len(record.parts) <= _MOST_COLUMNS:
        return None
    code = _Code(record.parts, length, encoding)
    columns = [code.column(index, part) for index, part in enumerate(record.parts)]
    values = [f"v{index}" for index in range(len(columns))]
    fields = ", ".join(f"{part.name!r}: {value}" for part, value in zip(record.parts, values, strict=True))
    sources = ", ".join(f"c{index}" for index in range(len(columns)))
    lines = [
        *(f"c{index} = {column}" for index, column in enumerate(columns)),
        f"return [Row(n, {record.name!r}, {{{fields}}}) for {', '.join(['n', *values])} in zip(numbers, {sources})]",
    ]
    decode: Decode = code.function("decode(records, numbers)", lines)
    return decode


@lru_cache(maxsize=256)
def compile_sum(field: Field, length: int, encoding: Encoding) -> Sum:
    """A function from records to the sum of a field, in units of 10 ** -scale."""
    code = _Code((field,), length, encoding)
    lines = [f"c0 = {code.units(0, field)}", "return sum(c0)"]
    at_once = _at_once(field, encoding)
    if at_once is not None:
        lines = ["total = at_once(joined)", "if total is not None: return total", *lines]
    add: Sum = code.function("add(records)", lines, at_once=at_once)
    return add


def _at_once(field: Field, encoding: Encoding) -> Add | None:
    if field.kind == "packed":
        return packed_sum(field, part_end(field))
    return zoned_sum(field, part_end(field), encoding) if _is_plain_zoned(field) else None


def _is_plain_zoned(field: Field) -> bool:
    return field.kind == "zoned" and field.sign == "trailing" and not (field.point or field.blank_zero)


class _Code:
    """The code for some parts of a record, and the names that it uses.

    Args:
        parts: All that is read.
        length: The most bytes that a record may have.
        encoding: The file's.
    """

    def __init__(self, parts: tuple[Part, ...], length: int, encoding: Encoding) -> None:
        self._encoding = encoding
        self._stride = max(part_end(part) for part in parts)
        self._uses: dict[str, str] = {}
        self._names: dict[str, Any] = {
            "Row": Row,
            "TEXT": _text_table(encoding),
            "DIGIT": _digit_table(encoding),
            "charmap": charmap_decode,
            "cut": _cut,
            "few": few,
            "join": _joiner(self._stride, length),
            "no_nul": _no_nul,
            "render": render,
        }

    def function(self, head: str, lines: list[str], **names: Any) -> Any:
        """Compile it."""
        self._names |= names
        body = ["joined = join(records)", *self._uses.values(), *lines]
        source = f"def {head}:\n" + "".join(f"    {line}\n" for line in body)
        exec(source, self._names)  # noqa: S102 -- made here, of numbers and quoted names only
        return self._names[head.partition("(")[0]]

    def column(self, index: int, part: Part) -> str:
        """An expression for the values of a part in all records."""
        if not isinstance(part, Field) or part.kind == "float" or part.codec or part.date:
            return self._plain(index, part, part_reader(part, self._encoding))
        if part.kind == "text":
            return f"no_nul([v[{part.offset}:{part_end(part)}].rstrip(' ') for v in {self._use('text')}])"
        if part.scale < 0 or (part.scale == 0 and part.digits > INT_DIGITS):
            return self._plain(index, part, part_reader(part, self._encoding))
        column = self.units(index, part)
        if part.scale:
            self._names[f"FRACTION{index}"] = _fractions(part.scale)
            whole, rest = f"u // {10**part.scale}", f"FRACTION{index}[u % {10**part.scale}]"
            column = f"[f'{{{whole}}}{{{rest}}}' if u >= 0 else render(u, {part.scale}) for u in {column}]"
        self._names[f"READ{index}"] = part_reader(part, self._encoding)
        return f"few(READ{index}, records, {part.offset}, {part_end(part)}) or {column}"

    def units(self, index: int, field: Field) -> str:
        """An expression for the values of a numeric field in units of 10 ** -scale."""
        if field.kind == "packed":
            return self._packed(index, field)
        if field.kind == "binary" and field.length in {2, 4, 8}:
            return self._binary(index, field)
        if _is_plain_zoned(field):
            return self._zoned(index, field)
        return self._plain(index, field, number_reader(field, self._encoding))

    def _use(self, name: str) -> str:
        sources = {
            "text": f"cut(charmap(joined, 'strict', TEXT)[0], {self._stride})",
            "digit": f"cut(charmap(joined, 'strict', DIGIT)[0], {self._stride})",
        }
        self._uses.setdefault(name, f"{name} = {sources[name]}")
        return name

    def _plain(self, index: int, part: Part, read: Callable[[bytes], Any]) -> str:
        """The plain decoder, column by column: for what is rare."""
        self._names[f"PLAIN{index}"] = read
        return f"[PLAIN{index}(v[{part.offset}:{part_end(part)}]) for v in records]"

    def _packed(self, index: int, field: Field) -> str:
        expression, names = packed_column(field, self._stride)
        self._names |= {f"{name}_{index}": value for name, value in names.items()}
        return expression.format_map({name: f"{name}_{index}" for name in names})

    def _binary(self, index: int, field: Field) -> str:
        letter = {2: "h", 4: "i", 8: "q"}[field.length]
        order = "<" if field.native and self._encoding.order == "little" else ">"
        code = letter if field.signed else letter.upper()
        self._names[f"binary{index}"] = _unpacker(order, field.offset, code, self._stride)
        if not field.native:
            self._names["within"] = _within
            return f"within(binary{index}(joined), {10**field.digits})"
        return f"binary{index}(joined)"

    def _zoned(self, index: int, field: Field) -> str:
        start, last = field.offset, part_end(field) - 1
        table = overpunch(self._encoding, signed=field.signed)
        letters = _digit_table(self._encoding)
        signed = [(letters[byte], digit, negative) for byte, (digit, negative) in enumerate(table) if digit >= 0]
        plus = {letter: str(digit) for letter, digit, negative in signed if not negative}
        minus = {letter: str(digit) for letter, digit, negative in signed if negative}
        self._names |= {f"PLUS{index}": plus, f"MINUS{index}": minus}
        digits, sign = f"v[{start}:{last}]", f"v[{last}]"
        positive = f"int({digits} + PLUS{index}[{sign}])"
        if not minus:
            return f"[{positive} for v in {self._use('digit')}]"
        negative = f"-int({digits} + MINUS{index}[{sign}])"
        return f"[{positive} if {sign} in PLUS{index} else {negative} for v in {self._use('digit')}]"


def part_end(part: Part) -> int:
    """The byte after a part."""
    return part.offset + (part.length if isinstance(part, Field) else part.stride * part.count)


def _joiner(needed: int, length: int) -> Callable[[Sequence[bytes]], bytes]:
    """What is read of the records, end to end: `needed` bytes of each."""

    def join(records: Sequence[bytes]) -> bytes:
        sizes = set(map(len, records))
        if min(sizes) < needed or max(sizes) > length:
            _doubt()
        return b"".join(records if sizes == {needed} else [record[:needed] for record in records])

    return join


def _doubt() -> NoReturn:
    raise ValueError


def _cut(text: str, stride: int) -> list[str]:
    return [text[start : start + stride] for start in range(0, len(text), stride)]


def _no_nul(column: list[str]) -> list[str]:
    """Text without the NULs on its right. One that stands inside, or a byte that is no character, is a doubt."""
    text = "".join(column)
    if "\0" in text:
        column = [value.rstrip(" \0") for value in column]
        text = "".join(column)
    if "\0" in text or _STRANGE in text:
        _doubt()
    return column


def _within(units: list[int], limit: int) -> list[int]:
    """Units with no more digits than the picture says."""
    if not (-limit < min(units) and max(units) < limit):
        _doubt()
    return units


def _unpacker(order: str, offset: int, code: str, stride: int) -> Callable[[bytes], list[int]]:
    rest = stride - offset - struct.calcsize(order + code)
    unpack = struct.Struct(f"{order}{offset}x{code}{rest}x").iter_unpack
    return lambda joined: [value for (value,) in unpack(joined)]


def _fractions(scale: int) -> Any:
    """The decimals with their point, by number: a list where it is short, else made when asked."""
    if scale <= _FRACTIONS_UP_TO:
        return [f".{rest:0{scale}d}" for rest in range(10**scale)]
    return _Fractions(scale)


class _Fractions:
    def __init__(self, scale: int) -> None:
        self._format = f".{{:0{scale}d}}".format

    def __getitem__(self, rest: int) -> str:
        return self._format(rest)


def _text_table(encoding: Encoding) -> str:
    """A character for each byte; U+FFFF where there is none, and for a shift-out."""
    table = "".join(bytes([byte]).decode(encoding.name, "replace") for byte in range(256)).replace("\ufffd", _STRANGE)
    return table.replace("\x0e", _STRANGE) if encoding.ebcdic else table


def _digit_table(encoding: Encoding) -> str:
    """Each digit for itself, each byte that may be a digit with its sign for a letter, everything else for U+FFFF."""
    table = [_STRANGE] * 256
    for byte, (digit, _) in enumerate(overpunch(encoding, signed=True)):
        if digit >= 0:
            table[byte] = chr(0x2460 + byte)
    for digit in range(10):
        table[(0xF0 if encoding.ebcdic else 0x30) + digit] = str(digit)
    return "".join(table)
