"""Batch files as feeds, see `feed`: of fixed width, delimited, workbooks, XML, JSON lines, EDI and bank statements.

A folder for each family, from the top down; each knows only those below it:

* `feed` and `input` are the two adapters: files that arrive, and files that leave;
* `sample`: what a person is shown first: `draft`, `look`, and what guesses for them;
* `catalog`: what reads which format; `format/reader` is what each has to be;
* `standard`: formats that need no layout: `known` is the table;
* `format`: delimited, Excel, XML, JSON lines: `parsed` does what all need, `shape` has the record types declared;
* `fixed`: fixed width at speed: `preflight` judges, `fixed_width` reads, `row` has the three decoders, `tally` counts;
* `setting`, `demand`: what stands in `wrapper.toml`, and what that asks for;
* `record`: `frame` cuts, `router` says of which type, `decode` and `encode` what the bytes mean, `schema` what comes;
* `place`: where files lie: `drop`, `remote` (over `filesystem`), `jail`, `staging`, `archive`;
* `layout`: `copybook` or `toml_layout` make a `normal_form`.
"""

from brownfield.contract import Adapter
from brownfield_files.demand import faults, secrets
from brownfield_files.feed import FilesFeed
from brownfield_files.fixed.image import render
from brownfield_files.sample.draft import draft_file
from brownfield_files.sample.look import look
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
