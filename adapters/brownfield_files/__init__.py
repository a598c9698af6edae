"""Batch files as feeds: fixed-width records described by a COBOL copybook or a TOML layout."""

from brownfield.contract import Adapter
from brownfield_files.demand import faults, secrets
from brownfield_files.draft import draft_file
from brownfield_files.feed import FilesFeed
from brownfield_files.image import render
from brownfield_files.look import look
from brownfield_files.setting import FilesSettings

adapter = Adapter(
    name="files",
    kind="feed",
    settings=FilesSettings,
    open=FilesFeed,
    secrets=secrets,
    faults=faults,
    capabilities=frozenset({"totals", "resume", "damage", "settle"}),
    draft={"file": draft_file},
    look=look,
    render=render,
)

__all__ = ["adapter"]
