"""The jobs adapter: one declared command, started once, without a shell, watched to its end."""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from brownfield.contract import Limits, Opening, Rejected, Unavailable, Uncertain
from brownfield_jobs import adapter
from brownfield_jobs.call import JobsCall
from brownfield_jobs.setting import JobsSettings


def job(where: Path, *command: str, deadline: float = 20.0, **settings: Any) -> JobsCall:
    opening = Opening("nightly", where, JobsSettings(command=command, **settings), lambda name: "")
    call = adapter.open(replace(opening, limits=Limits(deadline=deadline)))
    assert isinstance(call, JobsCall)
    return call


def python(where: Path, code: str, *arguments: str, **settings: Any) -> JobsCall:
    return job(where, sys.executable, "-c", code.replace("{", "{{").replace("}", "}}"), *arguments, **settings)


def test_a_command_that_ends_with_zero_is_done(tmp_path: Path) -> None:
    """R17: the 3 a.m. batch job is a typed call with an answer: its exit code, its time, what it said."""
    reply = python(tmp_path, "import sys; print('603 records'); print('late', file=sys.stderr)").invoke("run", {})
    assert (reply["exit"], reply["stdout"], reply["stderr"]) == (0, "603 records\n", "late\n")
    assert reply["truncated"] is False
    assert 0 < reply["seconds"] < 20


def test_another_exit_code_is_a_no_with_the_code_and_what_was_said(tmp_path: Path) -> None:
    """R16: the far side's own code and words reach the caller."""
    call = python(tmp_path, "import sys; print('no stock for 20990101', file=sys.stderr); sys.exit(3)")
    with pytest.raises(Rejected) as caught:
        call.invoke("run", {})
    assert caught.value.code == "3"
    assert "no stock for 20990101" in caught.value.detail["stderr"]


def test_what_an_exit_code_means_can_be_declared(tmp_path: Path) -> None:
    """R18: whether a code means done, no, or try again is known to the wrapper, not to its caller."""
    meanings = {"4": "done", "75": "unavailable"}
    assert python(tmp_path, "raise SystemExit(4)", exits=meanings).invoke("run", {})["exit"] == 4
    with pytest.raises(Unavailable):
        python(tmp_path, "raise SystemExit(75)", exits=meanings).invoke("run", {})


def test_what_does_not_end_in_time_is_ended_and_uncertain(tmp_path: Path) -> None:
    """R18: after the deadline the job may have done something: it is never a failure that may be repeated."""
    begun = time.monotonic()
    with pytest.raises(Uncertain) as caught:
        python(tmp_path, "import time; print('half', flush=True); time.sleep(60)", deadline=1).invoke("run", {})
    assert time.monotonic() - begun < 10
    assert caught.value.detail["stdout"] == "half\n"


def test_ending_it_ends_what_it_started_even_if_it_does_not_want_to(tmp_path: Path) -> None:
    """R18: nothing of a job that was given up goes on writing behind our back."""
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    with pytest.raises(Uncertain) as caught:
        python(tmp_path, code, deadline=1.5, grace=0.2).invoke("run", {})
    child = int(caught.value.detail["stdout"])
    assert not _alive(child)


def _alive(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
        if state == "Z":
            return False
        time.sleep(0.02)
    return True


def test_a_signal_from_elsewhere_is_uncertain(tmp_path: Path) -> None:
    """R18: a job that was killed in the middle is not one that said no."""
    with pytest.raises(Uncertain) as caught:
        python(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)").invoke("run", {})
    assert caught.value.code == "signal"


def test_what_cannot_be_started_did_nothing(tmp_path: Path) -> None:
    """R18: a missing command is unavailable, which may be tried again; `probe` says so before."""
    plain = tmp_path / "plain.sh"
    plain.write_text("#!/bin/sh\n")
    for call in (job(tmp_path, "no-such-command"), job(tmp_path, "./plain.sh"), job(tmp_path / "gone", "true")):
        with pytest.raises(Unavailable):
            call.probe()
        with pytest.raises(Unavailable):
            call.invoke("run", {})
    plain.chmod(0o755)
    job(tmp_path, "./plain.sh").probe()
    assert job(tmp_path, "./plain.sh").invoke("run", {})["exit"] == 0


def test_a_value_is_one_argument_whatever_is_in_it(tmp_path: Path) -> None:
    """R33: no shell: nothing in a value separates, expands or redirects."""
    call = python(tmp_path, "import sys; print(sys.argv[1:])", "--day={day}", parameters={"day": {}})
    odd = "$(touch x); `id` > y && * {day} %s 'q' \"q\""
    assert call.invoke("run", {"day": odd})["stdout"] == f"{[f'--day={odd}']}\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", ["-rf", "--all", "a\0b", "a\nb", "x" * 300, 7, None, True, ["a"]])
def test_a_value_that_may_be_more_than_a_value_never_starts_the_command(tmp_path: Path, value: object) -> None:
    """R34: a malformed request never reaches the far side."""
    call = python(tmp_path, "open('started', 'w')", "{name}", parameters={"name": {}})
    with pytest.raises(Rejected) as caught:
        call.invoke("run", {"name": value})
    assert caught.value.code == "argument"
    assert not (tmp_path / "started").exists()


def test_a_pattern_decides_alone_and_over_the_whole_value(tmp_path: Path) -> None:
    """R34: `20261120` is a day; with a line break or an option after it, it is not."""
    parameters = {"day": {"pattern": "[0-9]{8}"}, "shift": {"type": "integer", "pattern": "-?[0-9]+"}}
    call = python(tmp_path, "import sys; print(sys.argv[1:])", "{day}", "{shift}", parameters=parameters)
    assert call.invoke("run", {"day": "20261120", "shift": -2})["stdout"] == "['20261120', '-2']\n"
    for day in ("20261120\n", "20261120 -x", "2026112", "-20261120"):
        with pytest.raises(Rejected):
            call.invoke("run", {"day": day, "shift": 0})


@pytest.mark.parametrize("fields", [{}, {"day": "1", "other": "2"}])
def test_fields_are_exactly_the_declared_ones(tmp_path: Path, fields: dict[str, str]) -> None:
    """R33: the caller acts within the parameters that there are, and operations are not invented either."""
    call = python(tmp_path, "", "{day}", parameters={"day": {}})
    with pytest.raises(Rejected):
        call.invoke("run", fields)
    with pytest.raises(Rejected):
        call.invoke("remove", {"day": "1"})


def test_the_command_sees_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R64: a secret in our environment does not reach what we start."""
    monkeypatch.setenv("WMS_PASSWORD", "canary")
    code = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    reply = python(tmp_path, code, environment={"REGION": "EU"}).invoke("run", {})
    assert reply["stdout"] == "['LANG', 'PATH', 'REGION']\n"


@pytest.fixture
def input_of_ours() -> Iterator[None]:
    """Something to read on our own standard input."""
    reader, writer = os.pipe()
    os.write(writer, b"ours")
    os.close(writer)
    kept = os.dup(0)
    os.dup2(reader, 0)
    os.close(reader)
    yield
    os.dup2(kept, 0)
    os.close(kept)


@pytest.mark.usefixtures("input_of_ours")
def test_its_input_is_empty_and_it_runs_in_its_folder(tmp_path: Path) -> None:
    """R17: a job that asks a question gets no answer, instead of ours."""
    (tmp_path / "in").mkdir()
    code = "import os, sys; print(repr(sys.stdin.read()), os.getcwd())"
    reply = python(tmp_path, code, folder=tmp_path / "in").invoke("run", {})
    assert reply["stdout"] == f"'' {os.path.realpath(tmp_path / 'in')}\n"


def test_long_output_keeps_its_head_and_tail_and_says_so(tmp_path: Path) -> None:
    """R89: large results are cut with a mark, and the last words, where the error stands, are kept."""
    code = "print('first'); print('x' * 5_000_000); print('last')"
    reply = python(tmp_path, code, output_limit=1024).invoke("run", {})
    assert reply["truncated"] is True
    assert reply["stdout"].startswith("first\n")
    assert reply["stdout"].endswith("x\nlast\n")
    assert "\n[...]\n" in reply["stdout"]
    assert len(reply["stdout"]) < 1100


@pytest.mark.parametrize("size", [0, 1, 512, 513, 1023, 1024, 1025])
def test_output_within_the_limit_is_whole(tmp_path: Path, size: int) -> None:
    """R89: nothing is cut that need not be."""
    reply = python(tmp_path, f"print('y' * {size}, end='')", output_limit=1024).invoke("run", {})
    assert reply["truncated"] is (size > 1024)
    assert size > 1024 or reply["stdout"] == "y" * size


def test_bytes_that_are_no_text_are_shown(tmp_path: Path) -> None:
    """R16: output of an old system is often not UTF-8; nothing of it is lost or refused."""
    reply = python(tmp_path, "import os; os.write(1, b'caf\\xe9')").invoke("run", {})
    assert reply["stdout"] == "caf\\xe9"


def test_the_contract_has_one_operation_with_a_closed_input(tmp_path: Path) -> None:
    """R26: one verb, and its schema says what may be given."""
    parameters = {"day": {"pattern": "[0-9]{8}", "description": "The day to extract."}}
    contract = job(tmp_path, "true", "{day}", parameters=parameters).describe()
    assert list(contract.operations) == ["run"]
    assert contract.operations["run"].input == {
        "type": "object",
        "properties": {
            "day": {
                "type": "string",
                "maxLength": 256,
                "pattern": "^(?:[0-9]{8})$",
                "description": "The day to extract.",
            }
        },
        "required": ["day"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"command": []},
        {"command": ["true", "{day}"]},
        {"command": ["true"], "parameters": {"day": {}}},
        {"command": ["{program}"], "parameters": {"program": {}}},
        {"command": ["true", "{day.__class__}"], "parameters": {"day": {}}},
        {"command": ["true", "{day!r}"], "parameters": {"day": {}}},
        {"command": ["true", "{day"], "parameters": {"day": {}}},
        {"command": ["true"], "shell": True},
        {"command": ["true"], "exits": {"1": "perhaps"}},
        {"command": ["true", "{day}"], "parameters": {"day": {"pattern": "["}}},
    ],
)
def test_settings_that_say_too_little_or_too_much_are_refused(settings: dict[str, object]) -> None:
    """R34: what is declared is closed, and the program is never the caller's."""
    with pytest.raises(ValidationError):
        JobsSettings.model_validate(settings)


def test_a_command_with_an_unset_variable_is_described_and_not_started(tmp_path: Path) -> None:
    """R17: `check` and `lock` need no environment; the call says what is missing and that nothing happened."""
    opening = Opening("nightly", tmp_path, JobsSettings(command=("true", None)), lambda name: "")
    call = JobsCall(opening)
    assert set(call.describe().operations) == {"run"}
    with pytest.raises(Unavailable, match="not set; nothing was started"):
        call.invoke("run", {})


def test_the_contract_is_the_same_wherever_the_command_lies(tmp_path: Path) -> None:
    """R19: a lock made on one machine holds on another."""
    assert job(tmp_path, "/opt/a/run.sh").describe() == job(tmp_path, "/srv/b/run.sh").describe()
