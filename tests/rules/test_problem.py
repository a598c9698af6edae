"""Everything that can go wrong for a caller has words."""

import pytest

from brownfield.contract import Drifted, Failure, Rejected, Unavailable, Uncertain
from brownfield.rules.problem import FAILURES, KINDS, Problem, from_failure


@pytest.mark.parametrize("code", KINDS)
def test_every_code_says_what_happened_and_what_to_do(code):
    """R97: every failure has a code, a cause, a next step and a trace id."""
    kind = KINDS[code]
    body = Problem(code, "The cause.").body("trace-1")
    assert 400 <= kind.status < 600
    assert kind.title
    assert not kind.title.endswith(".")
    assert kind.next.endswith(".")
    assert 1 <= kind.exit < 126
    assert body["code"] == code
    assert body["detail"] == "The cause."
    assert body["next"] == kind.next
    assert body["trace"] == "trace-1"


@pytest.mark.parametrize("code", KINDS)
def test_only_what_did_nothing_may_be_repeated(code):
    """R79: advice to retry is given where nothing happened."""
    assert KINDS[code].retry is (code in {"unavailable", "busy", "deadline"})


def test_every_failure_of_an_adapter_has_a_code():
    """R18, R97: the four ways to fail, and no fifth."""
    assert set(FAILURES) == set(Failure.__subclasses__()) == {Rejected, Unavailable, Uncertain, Drifted}
    assert set(FAILURES.values()) <= set(KINDS)


@pytest.mark.parametrize("failure", [Rejected, Unavailable, Uncertain, Drifted])
def test_a_failure_keeps_the_systems_own_words(failure):
    """R16: the fault's code and detail reach the caller as data."""
    problem = from_failure(failure("no such item", code="WMS-1404", detail={"item": "A"}), system="Warehouse")
    assert problem.cause == "Warehouse: no such item"
    assert problem.body("t")["system"] == {"code": "WMS-1404", "detail": {"item": "A"}}


def test_a_read_of_which_nobody_knows_may_be_made_again():
    """R79: `retry` says what `next` says: a read changes nothing."""
    assert from_failure(Uncertain("no whole answer"), system="Warehouse").body("t")["retry"] is True
    assert Problem("uncertain", "A write.").body("t")["retry"] is False


def test_a_missing_library_is_no_unavailable_system():
    """R97: nobody waits for a system that was not asked; the extra is installed, and exit 78 says so to a scheduler."""
    missing = Unavailable("workbooks need a library: pip install '.[excel]'")
    missing.__cause__ = ModuleNotFoundError("python_calamine")
    problem = from_failure(missing, system="x.xlsx")
    assert (problem.code, problem.kind.exit, problem.retry) == ("unconfigured", 78, False)
    assert problem.cause == "workbooks need a library: pip install '.[excel]'"
    assert "checkout" in problem.next
    assert from_failure(Unavailable("refused"), system="WMS").code == "unavailable"


def test_what_is_not_known_is_left_out():
    """R97: no empty members."""
    body = Problem("busy", "Later.", retry_after=2.5, next="Wait 2.5 s.").body("t")
    assert body["retry_after"] == 2.5
    assert body["next"] == "Wait 2.5 s."
    assert {"errors", "system"}.isdisjoint(body)
