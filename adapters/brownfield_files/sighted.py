"""What `brownfield look` shows of a format whose records no layout describes."""

from collections.abc import Iterator

from brownfield.contract import Contract, Damage, Sight
from brownfield_files.parsed import Content


def sights(contract: Contract, records: Iterator[Content | Damage] | None) -> Iterator[Sight]:
    """Each field of each record with its value; without records, each field that there is."""
    if records is None:
        for kind, shape in contract.records.items():
            for name in shape.fields["properties"]:
                yield Sight(-1, kind, name, 0, 0, "")
        return
    for number, record in enumerate(records):
        if isinstance(record, Damage):
            yield Sight(number, "", "", record.offset, len(record.raw), "", record.raw, reason=record.reason)
            continue
        kind, fields = record
        for name, value in fields.items():
            yield Sight(number, kind, name, 0, 0, "", b"", value=value)
