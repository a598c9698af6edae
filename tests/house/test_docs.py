"""Docs that cannot drift: commands, variables and examples are held against the code."""

import ast
import os
import re
import subprocess
import sys

import pytest
import typer
from tree import ROOT, docstring_nodes, modules, words

FENCE = re.compile(r"^```python(?:[ \t]+(\S+))?[ \t]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands():
    from brownfield.edges.cli import app

    def leaves(command, path):
        for name, inner in getattr(command, "commands", {}).items():
            yield from leaves(inner, (*path, name)) if hasattr(inner, "commands") else [" ".join((*path, name))]

    return sorted(leaves(typer.main.get_command(app), ()))


def variables():
    """Every variable that is read by its whole name; one that ends in `_` is the beginning of names."""
    found = set()
    for module in modules("src", "adapters"):
        prose = docstring_nodes(module)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
                found |= set(re.findall(r"BROWNFIELD_[A-Z_]*[A-Z]\b", node.value))
    return sorted(found)


def examples():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [
        pytest.param(name, text, id=f"{page.name}-{name or text.splitlines()[0]}")
        for page in pages
        if page.exists()
        for name, text in FENCE.findall(page.read_text("utf-8"))
    ]


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_docs(command):
    """`brownfield COMMAND`, in README or docs."""
    assert re.search(rf"\bbrownfield {re.escape(command)}\b", words()), f"`brownfield {command}` is nowhere in the docs"


@pytest.mark.parametrize("variable", variables())
def test_every_variable_is_in_the_docs(variable):
    assert variable in words(), f"{variable} is nowhere in the docs"


def test_there_are_examples():
    assert examples(), "no page has a python example yet"


@pytest.mark.parametrize(("name", "text"), examples())
def test_an_example_is_a_file_that_is_run(name, text):
    """A block says which file it is from, ```` ```python wrappers/inventory/wrapper.py ````, and stands there so."""
    assert name, "a python block names its file: ```python path/to/file.py"
    path = ROOT / name
    assert path.is_file(), f"{name} is not there"
    assert text.strip() in path.read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("folder", sorted((ROOT / "docs").glob("examples/**/tests")), ids=lambda path: path.parent.name)
def test_the_examples_pass_their_own_tests(folder):
    """They are files that are run, as a reader would run them."""
    path = os.pathsep.join(map(str, (ROOT / "fixtures", folder.parent, folder)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(folder)]
    run = subprocess.run(
        command,
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
