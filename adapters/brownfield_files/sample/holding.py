"""Which alternative of a REDEFINES the records of a sample hold, told by their bytes, for a person to confirm.

An alternative is held if every field of it means something in every record, no text of it holds control characters, and
nothing stands behind its last field. Of several the shortest is believed; of two as short, none.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from brownfield_files.layout.encoding import Encoding
from brownfield_files.layout.normal_form import RecordType, every_field
from brownfield_files.record.decode import Broken, record_reader


def held_by(records: Sequence[bytes], types: Mapping[str, RecordType], encoding: Encoding) -> str:
    """The name of the type that the records hold, or an empty string where that is not certain.

    Args:
        records: Those of one kind.
        types: The types by name.
        encoding: Theirs.
    """
    ends = {name: _end(one) for name, one in types.items() if all(_holds(raw, one, encoding) for raw in records)}
    shortest = [name for name, end in ends.items() if end == min(ends.values())]
    return shortest[0] if records and len(shortest) == 1 else ""


def _end(record: RecordType) -> int:
    return max((field.offset + field.length for field in every_field(record.parts)), default=0)


def _holds(raw: bytes, record: RecordType, encoding: Encoding) -> bool:
    if raw[_end(record) :].strip(b"\0" + encoding.space):
        return False
    try:
        row = record_reader(record, encoding)(raw)
    except Broken:
        return False
    return all(text.isprintable() for text in _texts(row))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [text for one in inner for text in _texts(one)]
    return [value] if isinstance(value, str) else []
