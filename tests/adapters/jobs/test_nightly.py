"""The nightly batch command of the fixtures, started as a bundle would start it."""

from pathlib import Path

import pytest

from brownfield.contract import Opening, Rejected
from brownfield_jobs import adapter
from brownfield_jobs.call import JobsCall
from brownfield_jobs.setting import JobsSettings

NIGHTLY = Path(__file__).parents[3] / "fixtures" / "nightly"


@pytest.fixture
def nightly(tmp_path: Path) -> JobsCall:
    settings = JobsSettings.model_validate(
        {
            "command": ["./run-nightly.sh", str(tmp_path), "{day}"],
            "parameters": {"day": {"pattern": "[0-9]{8}", "description": "The day to extract, YYYYMMDD."}},
            "folder": NIGHTLY,
            "exits": {"0": "done", "3": "rejected", "4": "unavailable"},
        }
    )
    call = adapter.open(Opening("batch", tmp_path, settings, lambda name: ""))
    assert isinstance(call, JobsCall)
    return call


def test_the_job_delivers_a_file_and_then_its_marker(nightly: JobsCall, tmp_path: Path) -> None:
    """R17: the 3 a.m. job as a typed call."""
    nightly.probe()
    reply = nightly.invoke("run", {"day": "20261120"})
    assert (reply["exit"], reply["stdout"]) == (0, "STKEXT: STK20261120.DAT delivered, 602 records\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["STK20261120.DAT", "STK20261120.DAT.done"]


def test_a_day_that_is_not_there_is_a_no_in_the_jobs_own_words(nightly: JobsCall, tmp_path: Path) -> None:
    """R16: the far side's code and words."""
    with pytest.raises(Rejected) as caught:
        nightly.invoke("run", {"day": "20990101"})
    assert (caught.value.code, caught.value.detail["stderr"]) == ("3", "STKEXT: no stock positions for 20990101\n")
    assert list(tmp_path.iterdir()) == []
