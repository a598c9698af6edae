"""A file, a layout, and what comes of them: for every format that a library reads."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from workbook import workbook

from brownfield.contract import Arrival, Checkpoint, Chunk, Damage, Limits, Opening, Row, Unavailable
from brownfield_files import adapter
from brownfield_files.feed import FilesFeed
from brownfield_files.setting import FilesSettings

START, LIMITS = Checkpoint(), Limits()
FIELDS = """
[records.detail]
{more}
fields = [
  {{ name = "sku", from = "{item}", type = "text", required = true, length = 12 }},
  {{ name = "on_hand", from = "{hand}", type = "integer", digits = 9 }},
  {{ name = "price", type = "decimal", digits = 11, scale = 2 }},
  {{ name = "counted", type = "date", date = "D.M.YYYY" }},
]
"""


HEAD = ("sku", "on_hand", "price", "counted")


def delimited(rows: list[list[Any]]) -> bytes:
    return "".join(
        ",".join("" if value is None else str(value) for value in row) + "\n" for row in [HEAD, *rows]
    ).encode()


def json_lines(rows: list[list[Any]]) -> bytes:
    return "".join(json.dumps(dict(zip(HEAD, row, strict=True))) + "\n" for row in rows).encode()


def xml(rows: list[list[Any]]) -> bytes:
    items = ("".join(f"<{name}>{value}</{name}>" for name, value in zip(HEAD, row, strict=True)) for row in rows)
    return f"<stock>{''.join(f'<item>{item}</item>' for item in items)}</stock>\n".encode()


def excel(rows: list[list[Any]]) -> bytes:
    return workbook(list(HEAD), *rows)


FILES: dict[str, tuple[Callable[[list[list[Any]]], bytes], str]] = {
    "delimited": (delimited, ""),
    "json-lines": (json_lines, ""),
    "xml": (xml, 'path = "stock/item"'),
    "excel": (excel, ""),
}


def no_secret(name: str) -> str:
    raise Unavailable(f"there is no secret {name}")


@dataclass
class Shelf:
    """A drop for files of one format."""

    folder: Path
    format: str
    table: str = ""
    more: str = ""
    item: str = "sku"
    hand: str = "on_hand"
    fields: str = FIELDS

    @property
    def drop(self) -> Path:
        drop = self.folder / "drop"
        drop.mkdir(exist_ok=True)
        return drop

    def layout(self) -> Path:
        path = self.folder / "layout.toml"
        fields = self.fields.format(more=self.more, item=self.item, hand=self.hand)
        path.write_text(f"[{self.format}]\n{self.table}\n{fields}", "utf-8")
        return path

    def settings(self, **more: Any) -> FilesSettings:
        known = {"format": self.format, "layout": self.layout(), "location": self.drop, "match": "*.in", "chunk": 2}
        return FilesSettings.model_validate(known | more)

    def feed(self, *, limits: Limits = LIMITS, **more: Any) -> FilesFeed:
        opened = adapter.open(Opening("shelf", self.folder, self.settings(**more), no_secret, limits))
        assert isinstance(opened, FilesFeed)
        return opened

    def write(self, content: bytes | str, name: str = "one.in") -> Arrival:
        raw = content.encode() if isinstance(content, str) else content
        (self.drop / name).write_bytes(raw)
        return Arrival(name, len(raw), sha256(raw).hexdigest())

    def chunks(self, content: bytes | str, **more: Any) -> list[Chunk]:
        return list(self.feed(**more).collect(self.write(content), START))

    def rows(self, content: bytes | str, **more: Any) -> list[Row]:
        """The rows of a file in which nothing is damaged."""
        chunks = self.chunks(content, **more)
        assert [chunk.damaged for chunk in chunks] == [()] * len(chunks)
        return [row for chunk in chunks for row in chunk.rows]

    def fields_of(self, content: bytes | str, **more: Any) -> list[dict[str, Any]]:
        return [dict(row.fields) for row in self.rows(content, **more)]

    def damaged(self, content: bytes | str, **more: Any) -> list[Damage]:
        return [damage for chunk in self.chunks(content, **more) for damage in chunk.damaged]
