"""Every test of the suites is shown to fail: on an adapter, or a bundle, with one defect, and on that one alone."""

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import broken_bundles
import broken_calls
import broken_feeds
import pytest

from brownfield.testing import BundleContract, CallAdapterContract, FeedAdapterContract

FOLDER = Path(__file__).parent
SUITES = {
    broken_calls: CallAdapterContract,
    broken_feeds: FeedAdapterContract,
    broken_bundles: BundleContract,
}
TABLE = [
    pytest.param(module.__name__, name, {test} if isinstance(test, str) else set(test), id=f"{module.__name__}-{name}")
    for module in SUITES
    for name, (test, _) in module.DEFECTS.items()
]
SLOW = "test_importing_does_nothing"
"""It starts an interpreter, so it is asked only where it is the one that should fail."""


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """Per module and defect, the tests that failed, all from one run."""
    report = tmp_path_factory.mktemp("defects") / "report.xml"
    files = [str(FOLDER / f"{module.__name__}.py") for module in SUITES]
    chosen = f"not {SLOW} or prints_when_imported"
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-k", chosen, f"--junitxml={report}", *files]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(FOLDER), *filter(None, sys.path)])}
    run = subprocess.run(command, cwd=FOLDER, env=environ, capture_output=True, text=True, timeout=110, check=False)
    assert run.returncode == 1, run.stdout + run.stderr
    found = defaultdict(set)
    for case in ElementTree.parse(report).iter("testcase"):
        *_, module, suite = case.get("classname").split(".")
        failures = [child for child in case if child.tag == "failure"]
        found[module, suite.removeprefix("Test_")] |= {case.get("name").partition("[")[0]} if failures else set()
    return found


@pytest.mark.parametrize(("module", "name", "tests"), TABLE)
def test_a_defect_fails_its_test_and_no_other(failed, module, name, tests):
    assert failed[module, name] == tests


@pytest.mark.parametrize("module", SUITES, ids=lambda module: module.__name__)
def test_every_test_of_a_suite_has_a_defect(module):
    """What the canned feed shares with the canned calls is shown by the calls."""
    shared = {name for name in dir(CallAdapterContract) if hasattr(FeedAdapterContract, name)}
    tests = {name for name in dir(SUITES[module]) if name.startswith("test_")}
    tests -= shared - {"test_nothing_is_printed"} if module is broken_feeds else set()
    shown = {
        test
        for expected, _ in module.DEFECTS.values()
        for test in ([expected] if isinstance(expected, str) else expected)
    }
    assert tests == shown
