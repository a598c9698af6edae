"""A skip is loud, and `BROWNFIELD_REQUIRE` turns it into a failure."""

import ast
import re

import pytest
from tree import ROOT, modules

pytest_plugins = "pytester"


@pytest.mark.parametrize(("required", "outcome"), [("", "skipped"), ("browser", "skipped"), ("cobc,browser", "failed")])
def test_what_is_required_is_not_skipped(pytester, monkeypatch, required, outcome):
    monkeypatch.setenv("BROWNFIELD_REQUIRE", required)
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    pytester.makepyfile("def test_it(require):\n    require('cobc', None, 'no GnuCOBOL')")
    result = pytester.runpytest_inprocess("-rs", "-p", "no:cacheprovider")
    result.assert_outcomes(**{outcome: 1})
    result.stdout.fnmatch_lines(["*cobc*no GnuCOBOL*"])


def test_no_test_skips_by_itself():
    """It asks `require`, or a fixture that does; what is in this repository is never missing."""
    itself = {ROOT / "tests" / "conftest.py", ROOT / "tests" / "house" / "test_skip.py"}
    found = [
        module.at(node)
        for module in modules("tests", "wrappers")
        if module.path not in itself
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        and re.fullmatch(r"pytest\.(mark\.)?(skip|skipif|importorskip)", ast.unparse(node))
    ]
    assert found == []
