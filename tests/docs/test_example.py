"""Examples: manifests parse, links lead somewhere, packages are typed and pass their contract suites."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
import typer
from leaf import DOCS, PAGES, ROOT, anchors, blocks

from brownfield.edges.cli.app import app
from brownfield.edges.cli.session import Session
from brownfield.edges.cli.terminal import Terminal
from brownfield.runtime.home import Settings
from brownfield.runtime.opening import read_connection_settings
from brownfield.runtime.registry import Registry
from brownfield.wrapper.manifest import Manifest
from brownfield_files.catalog import parser_of
from brownfield_files.layout.toml_layout import parse_toml_layout

EXAMPLES = DOCS / "examples"
WHOLE = {
    "id": "whole",
    "title": "A whole",
    "scope": {"system_of_record": "x", "class": "record", "owner": "o", "page": "p"},
    "connections": {},
}
"""What a fragment of a manifest is put into."""


def _check_layout(document, text, folder):
    """A layout that names a format is read by its parser, any other as fixed-width."""
    path = folder / "layout.toml"
    path.write_text(text, "utf-8")
    if parser_of(path) is None:
        parse_toml_layout(document, "page")


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.id)
def test_toml_is_what_it_says(block, tmp_path):
    """R7: every manifest on a page is one that is read; a comment in the first line names other files."""
    document = tomllib.loads(block.text)
    first = block.text.splitlines()[0]
    if first == "# brownfield.toml":
        Settings.model_validate(document)
    elif first.startswith("# layout: "):
        _check_layout(document, block.text, tmp_path)
    elif first != "# pyproject.toml":
        if block.page == "wrapper.md" and "headers" in block.text:
            document["connections"]["warehouse"] |= {"adapter": "soap", "wsdl": {"file": "contract/wms.wsdl"}}
        check_manifest(Manifest.model_validate(WHOLE | document))


def check_manifest(manifest):
    registry = Registry()
    for name, table in manifest.connections.items():
        if table.adapter in registry.names:
            environ = {"INVENTORY_DROP": "/drop", "INVENTORY_NIGHTLY": "/bin/true"}
            read_connection_settings(ROOT, name, table, registry.get(table.adapter), environ)


@pytest.mark.parametrize("block", blocks("json"), ids=lambda block: block.id)
def test_json_is_json(block):
    assert json.loads(block.text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        if "://" in name:
            continue
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors(path), f"{page.name}: {target}"


def brownfield_lines():
    for block in blocks("console"):
        for line in block.text.splitlines():
            if found := re.search(r"brownfield [^)]*", line.removeprefix("$ ").split(" # ")[0]):
                yield pytest.param(found[0].removesuffix(" &"), id=f"{block.page}-{found[0][:50]}")


@pytest.mark.parametrize("line", list(brownfield_lines()))
def test_every_line_is_one_the_command_line_takes(line):
    """Names of commands and options are right; nothing is run."""
    words = shlex.split(line)[1:]
    command = typer.main.get_command(app)
    context = None
    while hasattr(command, "commands") and words and words[0] in command.commands:
        context = typer.Context(command, info_name=words[0], parent=context)
        command, words = command.commands[words[0]], words[1:]
    assert not hasattr(command, "commands") or command.invoke_without_command, line
    try:
        command.make_context("it", list(words), parent=context, obj=Session(Terminal()))
    except click.exceptions.Exit:
        pytest.fail(line)


@pytest.mark.slow
def test_examples_are_typed():
    """Adapter, bundle and their tests, strictly."""
    lines = EXAMPLES / "lines"
    files = [
        lines / "brownfield_lines",
        *sorted((lines / "tests").glob("*.py")),
        *sorted(EXAMPLES.glob("wrappers/*/wrapper.py")),
    ]
    path = os.pathsep.join(map(str, [ROOT / "src", lines, lines / "tests"]))
    run = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir", os.devnull,
                          "--config-file", os.devnull, "--explicit-package-bases", *map(str, files)],
                         cwd=lines, env={**os.environ, "MYPYPATH": path}, capture_output=True, text=True,
                         check=False)  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "paths"), [("lines", ["lines", "lines/tests"]), ("wrappers", [])])
def test_examples_pass_their_contract_suites(folder, paths):
    """R29: one fixture each, and warnings are errors there too."""
    path = os.pathsep.join([*(str(EXAMPLES / part) for part in paths), str(ROOT / "fixtures")])
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BROWNFIELD_"))}
    run = subprocess.run([sys.executable, "-B", "-m", "pytest", "-p", "no:xdist", str(EXAMPLES / folder)], cwd=ROOT,
                         env={**environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count(".") >= 10


@pytest.mark.parametrize("bundle", sorted(EXAMPLES.glob("wrappers/*/wrapper.toml")), ids=lambda path: path.parent.name)
def test_the_bundles_manifest_is_quoted_whole_or_linked(bundle):
    words = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert str(bundle.relative_to(DOCS)) in words


def test_the_adapter_page_has_the_whole_adapter():
    path = EXAMPLES / "lines" / "brownfield_lines" / "__init__.py"
    assert path.read_text("utf-8") in (DOCS / "adapter.md").read_text("utf-8")
    assert isinstance(path, Path)
