"""The repository as data: its files, their syntax trees, and the functions and classes in them."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("src", "adapters")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its path within the repository."""
        return self.path.relative_to(ROOT).as_posix()

    def at(self, node: ast.AST) -> str:
        """A place in it, to click on."""
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every Python file under the folders."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    texts = {path: path.read_text("utf-8") for path in paths if "__pycache__" not in path.parts}
    return tuple(Module(path, text, ast.parse(text)) for path, text in texts.items())


def functions(module: Module) -> Iterator[Function]:
    """Every function and method."""
    return (node for node in ast.walk(module.tree) if isinstance(node, Function))


def classes(module: Module) -> Iterator[ast.ClassDef]:
    """Every class."""
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef))


def docstring_nodes(module: Module) -> set[ast.AST]:
    """The constants that are docstrings, of attributes too: every string that is a statement."""
    return {node.value for node in ast.walk(module.tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}  # fmt: skip


@cache
def project() -> dict:
    """`pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that is in the repository and still there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return tuple(path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file())


@cache
def words() -> str:
    """README and every page of docs, as one text."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text("utf-8") for page in pages if page.exists())
