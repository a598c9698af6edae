"""Batch files as feeds, see `feed`: of fixed width, delimited, workbooks, XML, JSON lines, EDI and bank statements.

Where to begin, by what is looked for:

* the place where files lie: `drop`, `remote` (over `filesystem`), `jail`, `staging`, `archive`;
* the formats: `format` is the table, `reader` what each has to be;
* fixed width: `copybook` or `toml_layout` make a `layout`; `fixed` reads: `frame`, `preflight` (`tally`), `decode`, and
  what is only faster (`compiled`, `column`, `plane`);
* formats with a declared layout: `parsed` does what all need; `declared`, `cell`; `delimited`, `excel`, `markup`,
  `json_line`;
* formats that need none: `standard` is the table; `envelope` over `segment`, `interchange`; `mt940`, `camt`, `bai2`;
* what a person is shown first: `draft`, `look`, and what guesses for them: `guess`, `cutting`, `holding`, `surmise`,
  `sampled`;
* files that leave: `input`, `compose` (`filling`, `encode`), `outgoing`.
"""

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
