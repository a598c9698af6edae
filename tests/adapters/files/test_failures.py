"""The failure list of the reference, section 7: whole, in order, and every test that it names is there to be run."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("failures.toml")


@pytest.fixture(scope="module")
def listed() -> dict[str, dict[str, list[str] | str]]:
    return tomllib.loads(LIST.read_text("utf-8"))


def words(text: str) -> list[str]:
    return re.findall(r"[\w%!.]+", text)


def test_the_list_has_every_word_of_the_reference(listed: dict[str, dict[str, list[str] | str]], corpus: Path) -> None:
    """R20, §7: nothing is left out, nothing is put otherwise."""
    text = (corpus.parent / "reference" / "batch.md").read_text("utf-8")
    lines = text.partition("## 7. Failure cases that must be tested\n")[2].strip().splitlines()
    stated = {name: words(cases.rstrip(".")) for name, _, cases in (line.partition(": ") for line in lines)}
    assert {name: words(" ".join(cases)) for name, cases in listed.items()} == stated


def test_every_case_has_a_test_or_a_reason(listed: dict[str, dict[str, list[str] | str]]) -> None:
    """R20, §7."""
    bare = [f"{name}: {case}" for name, cases in listed.items() for case, shown in cases.items() if not shown]
    assert bare == []
    reasons = [shown for cases in listed.values() for shown in cases.values() if isinstance(shown, str)]
    assert all(len(reason) > 40 and reason.endswith(".") for reason in reasons)


@pytest.mark.slow
def test_every_test_that_is_named_is_collected(listed: dict[str, dict[str, list[str] | str]]) -> None:
    """R20, §7: renamed or dropped, it is noticed."""
    named = {test for cases in listed.values() for shown in cases.values() if isinstance(shown, list) for test in shown}
    files = sorted({test.partition("::")[0] for test in named})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-o", "addopts=", "--import-mode=importlib",
               "-p", "no:cacheprovider", *files]  # fmt: skip
    ended = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=110, check=False)
    assert ended.returncode == 0, ended.stdout[-2000:]
    collected = {re.sub("^tests/", "", line) for line in ended.stdout.splitlines()}
    plain = {test.partition("[")[0] for test in collected}
    assert sorted(test for test in named if not _is_there(test, collected, plain)) == []


def _is_there(test: str, collected: set[str], plain: set[str]) -> bool:
    """With a bracket it is the beginning of one, without one it is the whole function."""
    return any(one.startswith(test) for one in collected) if "[" in test else test in plain
