"""The formats that there are: what reads each. A further one is a row here, and a word of `setting.FormatName`."""

from collections.abc import Callable, Mapping
from pathlib import Path

from brownfield_files.delimited import Delimited
from brownfield_files.excel import Excel
from brownfield_files.fixed import FixedWidth
from brownfield_files.json_lines import JsonLines
from brownfield_files.markup import Xml
from brownfield_files.parsed import CHUNK, Parsed, Parser
from brownfield_files.reader import Reader
from brownfield_files.setting import FilesSettings, FormatName


def _parsed(parser: Callable[[Path], Parser]) -> Callable[[FilesSettings], Reader]:
    """What makes a reader of a format that a library reads, from what makes its parser of a layout."""

    def make(settings: FilesSettings) -> Reader:
        return Parsed(parser(settings.layout_file), settings.chunk if "chunk" in settings.model_fields_set else CHUNK)

    return make


FORMATS: Mapping[FormatName, Callable[[FilesSettings], Reader]] = {
    "fixed-width": FixedWidth,
    "delimited": _parsed(Delimited),
    "excel": _parsed(Excel),
    "xml": _parsed(Xml),
    "json-lines": _parsed(JsonLines),
}
