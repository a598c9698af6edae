"""Workbooks made part by part, small and odd ones too."""

import io
import zipfile
from typing import Any

DAY = '<c r="{at}" s="1"><v>46347</v></c>'
"""2026-11-21."""
NOON = '<c r="{at}" s="1"><v>46347.5</v></c>'
BELOW_ZERO = '<c r="{at}" s="1"><v>-1.2</v></c>'
"""Formatted as a day, which there is none of."""
HOURS = '<c r="{at}" s="2"><v>1.5</v></c>'
"""A duration of 36 hours."""
LESS = '<c r="{at}" s="2"><v>-0.25</v></c>'
ERROR = '<c r="{at}" t="e"><v>#N/A</v></c>'
FAR_AWAY = '<c r="XFD1048576"><v>1</v></c>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


class Cell(str):
    """A cell as it stands in the file, `{at}` for its place."""


def workbook(*rows: list[Any], sheet: str = "Stock", doctype: str = "") -> bytes:
    """An xlsx file of one sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _parts(sheet):
            archive.writestr(zipfile.ZipInfo(name), content)
        cells = "".join(f'<row r="{at}">{_row(at, row)}</row>' for at, row in enumerate(rows, 1))
        content = f'{doctype}<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>'
        archive.writestr(zipfile.ZipInfo("xl/worksheets/sheet1.xml"), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _row(number: int, row: list[Any]) -> str:
    return "".join(_cell(f"{chr(65 + at)}{number}", value) for at, value in enumerate(row) if value is not None)


def _cell(at: str, value: Any) -> str:
    if isinstance(value, Cell):
        return value.format(at=at)
    if isinstance(value, bool):
        return f'<c r="{at}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{at}"><v>{value!r}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def _parts(sheet: str) -> list[tuple[str, str]]:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    relation = f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_OFFICE}'
    styles = '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="46"/></cellXfs>'
    types = (
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}"/>'
    )
    sheets = f'<sheets><sheet name="{sheet}" sheetId="1" r:id="r1"/></sheets>'
    parts = (
        f'{relation}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    )
    return [
        ("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>'),
        ("_rels/.rels", f'{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>'),
        ("xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{sheets}</workbook>'),
        ("xl/_rels/workbook.xml.rels", parts),
        ("xl/styles.xml", f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>'),
    ]


def ods(*rows: list[Any], repeated: str = "") -> bytes:
    """An OpenDocument spreadsheet; a date is a text that begins with `@`."""
    named = "urn:oasis:names:tc:opendocument:xmlns:"
    spaces = f'xmlns:office="{named}office:1.0" xmlns:table="{named}table:1.0" xmlns:text="{named}text:1.0"'
    cells = "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
    table = f'<table:table table:name="Stock">{cells}{repeated}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            ("mimetype", kind),
            ("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{named}manifest:1.0"/>'),
            ("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>"),
        ):
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def _ods_cell(value: Any) -> str:
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'
    if value.startswith("@"):
        return f'<table:table-cell office:value-type="date" office:date-value="{value[1:]}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
