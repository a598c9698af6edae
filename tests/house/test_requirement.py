"""Requirements live in one list that tests must cite, both ways."""

import ast
import tomllib
from collections import defaultdict

import pytest
from tree import ROOT, Function, modules

from brownfield.testing.plugin import cited

LIST = ROOT / "tests" / "requirements.toml"


@pytest.fixture(scope="module")
def listed():
    return tomllib.loads(LIST.read_text("utf-8"))


@pytest.fixture(scope="module")
def citations():
    """Where each number is cited: by docstring or by marker."""
    found = defaultdict(list)
    for module in modules("tests", "wrappers"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Module | ast.ClassDef | Function):
                numbers = [*cited(ast.get_docstring(node)), *marked(node)]
                for number in numbers:
                    found[number].append(module.at(node))
    return found


def marked(node):
    """The numbers in `@pytest.mark.requirement("R35")`."""
    calls = [one for one in getattr(node, "decorator_list", []) if isinstance(one, ast.Call)]
    markers = [call for call in calls if ast.unparse(call.func).endswith("requirement")]
    return [argument.value for call in markers for argument in call.args if isinstance(argument, ast.Constant)]


def test_the_list_is_whole(listed):
    """R1 to R108, in order, each with its text."""
    assert list(listed) == [f"R{number}" for number in range(1, 109)]
    assert [number for number, entry in listed.items() if not entry["text"].strip()] == []
    assert {key for entry in listed.values() for key in entry} <= {"text", "deferred"}


def test_what_is_cited_is_listed(listed, citations):
    assert {number: places for number, places in citations.items() if number not in listed} == {}


def test_every_requirement_is_shown_or_deferred(listed, citations):
    deferred = {number for number, entry in listed.items() if entry.get("deferred", "").strip()}
    assert sorted(set(listed) - deferred - set(citations), key=lambda number: int(number[1:])) == []


def test_no_requirement_is_both_shown_and_deferred(listed, citations):
    """What is shown is no longer deferred: take the reason away."""
    both = {
        number: citations[number] for number, entry in listed.items() if "deferred" in entry and number in citations
    }
    assert both == {}


@pytest.mark.parametrize(
    ("docstring", "numbers"),
    [
        ("R35: the lock holds.", ["R35"]),
        ("R35, R36: both.", ["R35", "R36"]),
        ("R51: exact least privilege; R52: nothing by default.", ["R51", "R52"]),
        ("R79, R82.", ["R79", "R82"]),
        ("As R35 says, in passing.", []),
        ("The lock.\n\nR35: in the second paragraph.", []),
        (None, []),
    ],
)
def test_how_a_docstring_cites(docstring, numbers):
    assert cited(docstring) == numbers
