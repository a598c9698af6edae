"""Names, words and what stands beside them."""

import ast
import re

from tree import ROOT, SOURCES, Function, classes, docstring_nodes, modules, project

FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "core"}
NOT_PLURAL = {"access", "process", "address", "status", "settings", "canvas", "models"}
"""Words that end in s without being many, and `models.py`, which the design names."""
COMMANDS = {"events", "keys", "proposals"}
"""Commands of the command line, by whose names modules of the door may be called."""
ENGLISH = {"files", "jobs", "rest"}
"""Adapters whose names are ordinary words: only a use as an adapter's name counts."""


def packages_below_rooms():
    found = [path.parent for root in SOURCES for path in (ROOT / root).rglob("__init__.py")]
    rooms = {ROOT / "src" / "brownfield", *(ROOT / "src" / "brownfield").iterdir(), *(ROOT / "adapters").iterdir()}
    return [path for path in found if path not in rooms]


def test_no_module_is_a_drawer():
    """`utils` holds what nobody found a name for."""
    stems = {module.name: module.path.stem for module in modules(*SOURCES)}
    assert [name for name, stem in stems.items() if set(stem.split("_")) & FORBIDDEN] == []
    assert [path for path in packages_below_rooms() if path.name in FORBIDDEN] == []


def test_modules_are_named_in_the_singular():
    """A heuristic with a short list of exceptions, which may grow where a word asks for it."""

    def plural(name):
        last = name.split("_")[-1]
        return last.endswith("s") and not last.endswith("ss") and last not in NOT_PLURAL | COMMANDS

    stems = {module.name: module.path.stem for module in modules(*SOURCES) if not module.path.stem.startswith("_")}
    versions = ROOT / "src" / "brownfield" / "ledger" / "migration" / "versions"  # the folder that Alembic looks for
    assert [name for name, stem in stems.items() if plural(stem)] == []
    assert [path for path in packages_below_rooms() if plural(path.name) and path != versions] == []


def test_nothing_under_src_names_an_adapter():
    """The kernel knows adapters by what a manifest says. Prose may name them; code may not."""
    names = set(project()["project"]["entry-points"]["brownfield.adapters"])
    packages = [rf"brownfield[_\[]{name}" for name in names]
    distinct = [rf"(?<![a-z]){name}(?![a-z])" for name in names - ENGLISH]
    telling = re.compile("|".join([*packages, *distinct, "zeep", "lxml"]), re.IGNORECASE)
    found = []
    for module in modules("src"):
        prose = docstring_nodes(module)
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose:
                named = telling.search(node.value) or (node.value in names and is_compared(node, module))
            else:
                word = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "name", None)
                named = isinstance(word, str) and telling.search(word)
            if named:
                found.append(module.at(node))
    assert found == []


def is_compared(constant, module):
    """Whether a word is compared with, or given as `adapter=`: there it means an adapter."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Compare) and constant in (node.left, *node.comparators):
            return True
        if isinstance(node, ast.keyword) and node.arg == "adapter" and node.value is constant:
            return True
    return False


def test_nothing_prints():
    """Output goes through the command line's terminal; over stdio it would be taken for protocol."""
    calls = [
        (module, node) for module in modules(*SOURCES) for node in ast.walk(module.tree) if isinstance(node, ast.Call)
    ]
    assert [
        module.at(node) for module, node in calls if isinstance(node.func, ast.Name) and node.func.id == "print"
    ] == []


def test_everything_public_is_described():
    """Modules, and the classes and functions of modules and public classes."""
    missing = []
    for module in modules(*SOURCES):
        if "migration" in module.path.parts:
            continue
        public = [node for node in module.tree.body if isinstance(node, Function | ast.ClassDef)]
        public += [
            inner
            for node in classes(module)
            if not node.name.startswith("_")
            for inner in node.body
            if isinstance(inner, Function)
        ]
        described = [module.tree, *(node for node in public if not node.name.startswith("_") and not is_overload(node))]
        missing += [module.at(node) for node in described if ast.get_docstring(node) is None]
    assert missing == []


def is_overload(node):
    return any(ast.unparse(one).endswith("overload") for one in getattr(node, "decorator_list", []))
