"""Which far-side calls a function may make, as far as its code says so without being run."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from types import CodeType
from typing import Any


def reached(function: Callable[..., Any], offered: Iterable[str]) -> frozenset[str]:
    """The calls that stand as words in a function, and in the functions of its bundle that it uses.

    A function in which no call stands builds their names itself: then it may make any of those offered.
    """
    known = frozenset(offered)
    return known & frozenset(_words(function, set())) or known


def _words(function: Any, seen: set[CodeType]) -> Iterator[str]:
    code = function.__code__
    if code in seen:
        return
    seen.add(code)
    for part in _codes(code):
        yield from _texts(part.co_consts)
        for name in part.co_names:
            used = function.__globals__.get(name)
            if inspect.isfunction(used) and _beside(used, function):
                yield from _words(used, seen)
            else:
                yield from _texts([used])


def _beside(one: Any, other: Any) -> bool:
    """Whether two functions are of one bundle."""
    return str(one.__module__).rpartition(".")[0] == str(other.__module__).rpartition(".")[0]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple | frozenset | list):
            yield from _texts(value)
