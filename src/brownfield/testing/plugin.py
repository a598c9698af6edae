"""The pytest plug-in: a test says which requirement it shows.

By a marker, `@pytest.mark.requirement("R35")`, or by the beginning of its docstring or of a sentence in it: `R35: …`,
`R35, R36: …`.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

import pytest

_CITED = re.compile(r"(?:^|(?<=[.;] ))(R\d+(?:, R\d+)*)(?=[:.;])")


def cited(docstring: str | None) -> list[str]:
    """The requirements that a docstring cites: `["R35", "R36"]` for `R35, R36: …`."""
    first = " ".join((docstring or "").split("\n\n")[0].split())
    return [number for run in _CITED.findall(first) for number in run.split(", ")]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--requirements`."""
    parser.addoption("--requirements", action="store_true", help="print which requirement is shown by which tests")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "requirement(*numbers): the requirements (R1 …) that this test shows")


def pytest_report_collectionfinish(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    """With `--requirements`: a line per requirement and test, in order of the numbers."""
    if not config.getoption("--requirements"):
        return []
    shown: dict[str, dict[str, None]] = defaultdict(dict)
    for item in items:
        for number in _numbers(item):
            shown[number][item.nodeid.partition("[")[0]] = None
    return [f"{number:5} {test}" for number in sorted(shown, key=lambda one: int(one[1:])) for test in shown[number]]


def _numbers(item: pytest.Item) -> list[str]:
    marked = [str(number) for mark in item.iter_markers("requirement") for number in mark.args]
    nodes = [*(getattr(node, "obj", None) for node in item.listchain())]
    return marked + [number for node in nodes for number in cited(getattr(node, "__doc__", None))]
