"""The measures of the house, over src and adapters."""

import ast
import statistics

import pytest
from tree import SOURCES, Function, Module, classes, functions, modules


def body_lines(function: Function, module: Module) -> int:
    """Lines of a function's body without docstring, comments and blanks."""
    first, *rest = function.body
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    body = rest if is_docstring else function.body
    if not body:
        return 1
    lines = module.text.splitlines()[body[0].lineno - 1 : function.end_lineno]
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


@pytest.fixture(scope="module")
def measured():
    return sorted(
        (body_lines(function, module), f"{module.at(function)} {function.name}")
        for module in modules(*SOURCES)
        for function in functions(module)
    )


def test_the_median_function_has_nine_lines_at_most(measured):
    assert statistics.median(lines for lines, _ in measured) <= 9


def test_nineteen_of_twenty_functions_have_45_lines_at_most(measured):
    assert measured[int(len(measured) * 0.95)][0] <= 45


def test_no_function_has_more_than_80_lines(measured):
    assert [place for lines, place in measured if lines > 80] == []


def test_no_file_has_more_than_500_lines():
    lengths = {module.name: module.text.count("\n") + 1 for module in modules(*SOURCES)}
    assert {name: lines for name, lines in lengths.items() if lines > 500} == {}


def test_no_class_has_more_than_15_public_methods():
    def public(node):
        return [inner.name for inner in node.body if isinstance(inner, Function) and not inner.name.startswith("_")]

    counted = {
        f"{module.at(node)} {node.name}": len(public(node)) for module in modules(*SOURCES) for node in classes(module)
    }
    assert {place: count for place, count in counted.items() if count > 15} == {}


def test_no_class_inherits_through_more_than_three():
    """Classes of the house over classes of the house: what is inherited must be found in three looks at most."""
    own = {node.name: [ast.unparse(base).split("[")[0].split(".")[-1] for base in node.bases]
           for module in modules(*SOURCES) for node in classes(module)}  # fmt: skip

    def depth(name: str, seen: frozenset[str] = frozenset()) -> int:
        if name not in own or name in seen:
            return 0
        return 1 + max((depth(base, seen | {name}) for base in own[name]), default=0)

    assert {name: depth(name) for name in own if depth(name) > 3} == {}
