"""The formats that there are: what reads each. A further one is a row here, and a word of `setting.FormatName`.

A layout in TOML that has a table of a format's name (`[delimited]`) is of that format; one without is fixed-width.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from brownfield_files.fixed.fixed_width import FixedWidth
from brownfield_files.format.delimited import Delimited
from brownfield_files.format.excel import Excel
from brownfield_files.format.json_line import JsonLines
from brownfield_files.format.markup import Xml
from brownfield_files.format.parsed import CHUNK, Parsed, Parser
from brownfield_files.format.reader import Reader
from brownfield_files.layout.document import tables_of
from brownfield_files.layout.normal_form import LayoutError
from brownfield_files.setting import FilesSettings, FormatName
from brownfield_files.standard.known import STANDARDS

PARSERS: Mapping[FormatName, Callable[[Path], Parser]] = {
    "delimited": Delimited,
    "excel": Excel,
    "xml": Xml,
    "json-lines": JsonLines,
}
"""The formats that a library reads, by what makes a parser of a layout."""


def _parsed(settings: FilesSettings) -> Reader:
    return Parsed(PARSERS[settings.format](settings.layout_file), _chunk(settings))


def _standard(settings: FilesSettings) -> Reader:
    if settings.layout is not None:
        raise LayoutError(settings.layout.name, 0, f"`layout`: {settings.format} says itself what its records hold")
    return Parsed(STANDARDS[settings.format].parser(), _chunk(settings))


def _chunk(settings: FilesSettings) -> int:
    return settings.chunk if "chunk" in settings.model_fields_set else CHUNK


FORMATS: Mapping[FormatName, Callable[[FilesSettings], Reader]] = {
    "fixed-width": FixedWidth,
    **dict.fromkeys(PARSERS, _parsed),
    **dict.fromkeys(STANDARDS, _standard),
}


def parser_of(layout: Path) -> Parser | None:
    """The parser of a layout that says itself of which format it is; None for one of fixed-width records.

    Raises:
        LayoutError: The layout cannot be read.
    """
    tables = tables_of(layout)
    return next((parser(layout) for name, parser in PARSERS.items() if name in tables), None)
