"""The formats that there are: what reads each. A further one is a row here, and a word of `setting.FormatName`."""

from collections.abc import Callable, Mapping

from brownfield_files.fixed import FixedWidth
from brownfield_files.reader import Reader
from brownfield_files.setting import FilesSettings, FormatName

FORMATS: Mapping[FormatName, Callable[[FilesSettings], Reader]] = {
    "fixed-width": FixedWidth,
}
