"""One process to a ledger, whatever became of the last one; and a disk that is full."""

import resource
import subprocess

import pytest
from home import UP

pytestmark = pytest.mark.slow


def test_a_second_one_is_refused_and_a_killed_one_is_not_in_the_way(home):
    """R86, R97: with a code that schedulers know, and what to do."""
    home.up()
    second = subprocess.run([*UP, "up", str(home.wrappers)], env=home.environ, cwd=home.folder, capture_output=True,
                            text=True, timeout=30, check=False)  # fmt: skip
    assert second.returncode == 75
    assert "another brownfield holds the ledger" in second.stderr + second.stdout
    assert "BROWNFIELD_HOME" in second.stderr + second.stdout
    assert home.ask("GET", "/v1/status", "operator").status_code == 200
    home.kill()
    home.up()
    assert home.whole()


def test_a_full_disk_refuses_and_loses_nothing(house):
    """R97, R98: no answer without its entry; afterwards the file is sound, and everything goes on."""
    most = (house.folder / "home" / "ledger.db").stat().st_size + 200_000

    def cramp():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    house.up(cramp)
    asked = {"sku": "A-100", "site": "LYON"}
    answers = []
    for _ in range(300):
        answers.append(house.ask("POST", "/v1/inventory/get_stock", "agent", asked))
        if [one.status_code for one in answers[-3:]] == [503] * 3:
            break
    assert {(one.status_code, one.json().get("code")) for one in answers} == {(200, None), (503, "ledger")}
    made = house.propose()
    assert made["code"] == "ledger"
    answered = [one.status_code for one in answers].count(200)
    house.kill()
    house.up()
    assert house.whole()
    assert house.rows("SELECT count(*) FROM bf_entry WHERE event = 'read.done'") == [(answered,)]
    assert house.rows("SELECT count(*) FROM bf_proposal") == [(0,)]
    assert house.ask("POST", "/v1/inventory/get_stock", "agent", asked).status_code == 200
