"""The adapters of the house pass the suites that a third party's would."""

import dataclasses
from pathlib import Path

import pytest

import brownfield_files
import brownfield_jobs
import brownfield_soap
from brownfield.contract import Limits, Opening, Unavailable
from brownfield.testing import CallAdapterContract, CallCase, FeedAdapterContract, FeedCase
from brownfield_files.setting import FilesSettings
from brownfield_jobs.setting import JobsSettings
from brownfield_soap.settings import SoapSettings

FIXTURES = Path(__file__).parents[2] / "fixtures"
NIGHTLY = FIXTURES / "nightly"
RECORD = 80


def no_secret(name):
    raise Unavailable(f"there is no secret {name}")


@pytest.fixture(scope="module")
def warehouse():
    from warehouse.process import Warehouse

    with Warehouse() as running:
        yield running


class TestSoap(CallAdapterContract):
    @pytest.fixture
    def connection(self, warehouse):
        login = {"Login": {"User": "wms-read", "Password": {"secret": "password"}}}
        settings = SoapSettings(wsdl=FIXTURES / "warehouse" / "wms.wsdl", endpoint=warehouse.url, headers=login)
        nobody = settings.model_copy(update={"endpoint": "http://127.0.0.1:9/"})
        opening = Opening("wms", FIXTURES / "warehouse", settings, {"password": "read-secret"}.__getitem__)
        return CallCase(
            adapter=brownfield_soap.adapter,
            opening=opening,
            read=("GetStock", {"ItemNo": "A-100", "Whse": "LYON"}),
            rejected=("GetItem", {"ItemNo": "Z-999"}),
            rows=("ListMovements", {"Whse": "LYON", "MaxRows": 50}),
            slow=("SlowReport", {"Whse": "LYON", "Seconds": "5"}),
            unreachable=dataclasses.replace(opening, settings=nobody),
            optional=("zeep", "lxml"),
        )


class TestJobs(CallAdapterContract):
    test_a_missing_secret_is_unavailable = test_a_refusal_has_a_code_and_words = test_a_long_list_is_streamed = None
    """A command is given no secret, refuses by its exit code (`tests/adapters/jobs`) and answers no list."""

    @pytest.fixture
    def connection(self, tmp_path):
        script = tmp_path / "job.sh"
        script.write_text("case $1 in slow) sleep 10;; no) exit 3;; esac\n")
        settings = JobsSettings(
            command=("sh", str(script), "{how}"), parameters={"how": {}}, folder=tmp_path, grace=0.2
        )
        nobody = settings.model_copy(update={"command": ("no-such-command", "{how}")})
        opening = Opening("job", tmp_path, settings, no_secret, Limits(deadline=10.0))
        return CallCase(
            adapter=brownfield_jobs.adapter,
            opening=opening,
            read=("run", {"how": "well"}),
            rejected=("run", {"how": "no"}),
            slow=("run", {"how": "slow"}),
            unreachable=dataclasses.replace(opening, settings=nobody),
        )


class TestFiles(FeedAdapterContract):
    @pytest.fixture
    def connection(self, tmp_path):
        sources = {"file": str(NIGHTLY / "STK20261119.DAT"), "layout": str(NIGHTLY / "stock.cpy")}
        drafted = dict(brownfield_files.adapter.draft["file"](sources).settings)
        more = {"layout": NIGHTLY / "stock.cpy", "location": tmp_path, "marker": "{name}.done", "chunk": 100}
        settings = FilesSettings.model_validate(drafted | more)
        nowhere = settings.model_copy(update={"location": tmp_path / "nowhere"})
        opening = Opening("nightly", NIGHTLY, settings, no_secret)

        def put(name, content):
            (tmp_path / name).write_bytes(content)
            (tmp_path / f"{name}.done").touch()

        good, damaged = ((NIGHTLY / f"STK{day}.DAT").read_bytes() for day in ("20261119", "20261120"))
        return FeedCase(
            adapter=brownfield_files.adapter,
            opening=opening,
            put=put,
            begin=lambda name, content: (tmp_path / name).write_bytes(content),
            good=good,
            other=(NIGHTLY / "STK20261121.DAT").read_bytes(),
            truncated=good[:-RECORD],
            damaged=damaged,
            damaged_record=damaged[412 * RECORD : 413 * RECORD],
            wrong_totals=good[: 5 * RECORD] + good[6 * RECORD :],
            name="STK1.DAT",
            second="STK2.DAT",
            unreachable=dataclasses.replace(opening, settings=nowhere),
        )
