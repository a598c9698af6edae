"""Who may import whom."""

import contextlib
import io

import pytest
from importlinter import cli
from tree import ROOT, modules, project


def test_the_import_rule_holds(monkeypatch):
    """The contracts in pyproject.toml, by import-linter, as `make lint` runs them."""
    monkeypatch.setattr(cli, "_configure_logging", lambda _: None)  # it silences every logger for all tests after
    monkeypatch.chdir(ROOT)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        outcome = cli.lint_imports(no_cache=True)
    assert outcome == 0, said.getvalue()


@pytest.mark.parametrize("room", ["edges", "runtime", "ledger", "rules", "wrapper", "contract", "testing"])
def test_every_room_is_in_the_rule(room):
    """A room that no layer names could import anything."""
    layers = project()["tool"]["importlinter"]["contracts"][0]["layers"]
    assert any(f"brownfield.{room}" in layer.split(" | ") for layer in layers)


def test_there_is_no_other_room():
    rooms = {path.name for path in (ROOT / "src" / "brownfield").iterdir() if (path / "__init__.py").exists()}
    assert rooms == {"edges", "runtime", "ledger", "rules", "wrapper", "contract", "testing"}


def test_every_root_is_in_the_rule():
    """A new adapter is held by the rule from its first commit."""
    adapters = {path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py")}
    assert set(project()["tool"]["importlinter"]["root_packages"]) == {"brownfield", *adapters}


def test_wrappers_import_brownfield_only():
    """A bundle's code is the author's own; of ours it sees the public names."""
    import ast

    strange = [
        f"{module.at(node)} imports {node.module}"
        for module in modules("wrappers")
        if "tests" not in module.path.parts
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("brownfield")
        and node.module != "brownfield"
    ]
    assert strange == []
