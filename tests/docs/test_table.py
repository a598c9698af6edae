"""Tables that repeat the code are held against it, both ways."""

import os
import re
import subprocess

import typer
from leaf import ROOT, keys, rows, section, text_of

from brownfield.edges.cli.app import app
from brownfield.edges.cli.ending import EXITS
from brownfield.rules.access import Ability, Role, may
from brownfield.rules.problem import KINDS
from brownfield.rules.proposal import TABLE, State
from brownfield.rules.tier import Policy
from brownfield.runtime.home import Settings
from brownfield.runtime.registry import Registry
from brownfield.wrapper import manifest
from brownfield_files.format.cell import FieldTable
from brownfield_files.format.delimited import DelimitedTable
from brownfield_files.format.excel import ExcelTable
from brownfield_files.format.markup import XmlTable
from brownfield_files.format.member import MemberTable


def names(model):
    return sorted(field.alias or name for name, field in model.model_fields.items())


def tables(title):
    """The keys of each table of a section of the manifest, apart."""
    parts = (part.strip() for part in section("wrapper.md", title).split("\n\n"))
    return [sorted(keys(part)) for part in parts if part.startswith("|")]


def test_the_manifest_tables_have_every_key_and_no_other():
    assert tables("Top") == [names(manifest.Manifest)]
    assert tables("`[scope]`") == [names(manifest.Scope)]
    assert tables("`[connections.NAME]`") == [
        names(manifest.ConnectionTable), names(manifest.SecretNames), names(manifest.LimitTable),
        names(manifest.DriftTable), names(manifest.BatchTable), names(manifest.AcknowledgementTable),
    ]  # fmt: skip
    assert names(manifest.Calls) == names(manifest.SecretNames)
    assert tables("`[operations.NAME]`") == [
        names(manifest.OperationTable), names(manifest.Confirmation), names(manifest.CacheTable),
    ]  # fmt: skip
    assert set(names(manifest.Reading)) < set(names(manifest.Confirmation))
    assert tables("`[feeds.NAME]`") == [names(manifest.FeedTable), names(manifest.ReadyTable)]
    assert set(names(manifest.ExpectTable)) < set(keys(section("schedule.md", "When a file does not come")))
    assert sorted(keys(section("schedule.md", "Full extracts"))) == names(manifest.SnapshotTable)
    assert tables("`[schedules.NAME]`") == [names(manifest.ScheduleTable), names(manifest.MisfireTable)]


def test_the_adapters_tables_have_every_key_and_no_other():
    for name in ("soap", "files", "input_files", "jobs", "rest"):
        found = tables(f'Connections with `adapter = "{name}"`')
        assert found == [names(Registry().get(name).settings)], name


def test_the_tables_of_layouts_have_every_key_and_no_other():
    page = text_of("formats.md").partition("## Delimited files, workbooks, XML, JSON lines\n")[2].partition("\n## ")[0]
    found = [sorted(keys(part)) for part in page.split("\n\n") if part.startswith("|")]
    assert found == [names(model) for model in (FieldTable, DelimitedTable, ExcelTable, XmlTable, MemberTable)]


def test_the_settings_tables_have_every_key_and_no_other():
    page = section("operate.md", "brownfield.toml").split("### Policy")
    assert sorted(keys(page[0])) == names(Settings)
    assert sorted(keys(page[1])) == names(Policy)


def test_defaults_in_the_tables_are_the_codes():
    """A number or word in quotes in the second column is the default."""
    found = {row[0].strip("`"): row[1].strip("`") for row in rows(section("operate.md", "brownfield.toml"))}
    settings = Settings(environment="sandbox")
    assert found["port"] == str(settings.port)
    assert found["host"] == f'"{settings.host}"'
    assert found["timezone"] == f'"{settings.timezone}"'
    assert found["expires"] == f'"{Policy().expires.total_seconds() / 3600:g}h"'
    limits = {row[0].strip("`"): row[1].strip("`") for row in rows(section("wrapper.md", "`[connections.NAME]`"))}
    table = manifest.LimitTable()
    assert limits["concurrency"] == str(table.concurrency)
    assert limits["per_second"] == str(table.per_second)
    assert limits["deadline"] == f'"{table.deadline.total_seconds():g}s"'
    assert limits["max_bytes"] == str(table.max_bytes)


def test_the_codes_are_the_codes():
    """R97: code, status, exit and whether to repeat, with title and next step."""
    told = [
        (f"`{code}`", str(kind.status), str(kind.exit), "yes" if kind.retry else "no", f"{kind.title}. {kind.next}")
        for code, kind in KINDS.items()
    ]
    codes = section("operate.md", "Codes").split("### Exit codes")[0]
    assert [tuple(row) for row in rows(codes)] == told


def test_the_exit_codes_are_the_command_lines():
    found = {int(row[0]): row[1] for row in rows(section("operate.md", "Exit codes"))}
    assert found == EXITS
    assert {kind.exit for kind in KINDS.values()} <= set(EXITS)
    scheduler = {int(row[0]) for row in rows(section("schedule.md", "Collecting from a foreign scheduler"))}
    assert scheduler <= set(EXITS)


def test_the_roles_are_the_roles():
    """R31: every cell of role by ability."""
    found = {row[0].strip("`"): row[2:] for row in rows(section("operate.md", "Roles"))}
    assert found == {a.value: ["yes" if may(role, a) else "–" for role in Role] for a in Ability}  # noqa: RUF001


def test_the_states_are_the_states():
    """R61: every state, and where it leads."""
    found = {row[0].strip("`"): row[1] for row in rows(section("operate.md", "Proposals").split("### unknown")[0])}
    told = {
        state.value: ", ".join(f"{event.value} → `{to.value}`" for event, to in ways.items()) or "final"
        for state, ways in TABLE.items()
    }
    assert found == told
    assert sorted(keys(section("agent.md", "A write is a proposal"))) == sorted(state.value for state in State)


def test_the_variables_are_the_variables():
    """Those that source, tests and CI read; `BROWNFIELD_SECRET_` begins names."""
    places = ["src", "adapters", "tests", "bench", "fixtures", ".ci", "Makefile"]
    listed = subprocess.run(["git", "grep", "-hoE", r"BROWNFIELD_[A-Z_]+", "--", *places], cwd=ROOT, check=True,
                            capture_output=True, text=True, env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"})  # fmt: skip
    read = {word for word in listed.stdout.split() if not word.startswith("BROWNFIELD_SECRET_")}
    first = " ".join(row[0] for row in rows(section("operate.md", "Environment variables")))
    assert set(re.findall(r"BROWNFIELD_[A-Z_]+", first)) == read | {"BROWNFIELD_SECRET_"}


def commands(group, path=()):
    for name, inner in group.commands.items():
        if not hasattr(inner, "commands") or inner.invoke_without_command:
            yield " ".join((*path, name))
        if hasattr(inner, "commands"):
            yield from commands(inner, (*path, name))


def test_every_command_has_a_line_with_an_example_that_parses():
    found = {row[0].strip("`"): row[1].strip("`") for row in rows(text_of("commands.md"))}
    assert sorted(found) == sorted(commands(typer.main.get_command(app)))
    for name, example in found.items():
        assert example.startswith(f"brownfield {name}"), name
