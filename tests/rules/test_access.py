"""Who may do what, cell by cell."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.access import ABILITIES, GRANTED, Ability, Role, covers, grant_problem, may, person

MATRIX = """
            call propose follow oversee decide undo settle halt collect send ask audit
agent       x    x       x      .       .      .    .      .    .       .    .   .
approver    x    .       .      x       x      x    x      .    .       .    x   .
operator    x    x       x      x       .      x    x      x    x       x    x   .
auditor     .    .       .      x       .      .    .      .    .       .    x   x
"""
HEAD, *ROWS = [line.split() for line in MATRIX.strip().splitlines()]
CELLS = {(row[0], ability): cell == "x" for row in ROWS for ability, cell in zip(HEAD, row[1:], strict=True)}


@pytest.mark.parametrize(("role", "ability"), list(itertools.product(Role, Ability)))
def test_every_cell_of_the_matrix_is_as_written(role, ability):
    """R51: scope by tool, every cell."""
    assert may(role, ability) is CELLS[role.value, ability.value]


def test_an_agent_can_never_decide_and_nobody_both_operates_and_decides():
    """R61: the one who asks, or runs the machine, does not approve."""
    assert [role for role in Role if may(role, Ability.DECIDE)] == [Role.APPROVER]
    assert not may(Role.APPROVER, Ability.PROPOSE)
    assert not may(Role.AGENT, Ability.HALT)


def test_every_role_has_a_row():
    """R51: complete."""
    assert set(ABILITIES) == set(Role)


def test_what_touches_one_operation_needs_a_grant_of_it():
    """R52: a role alone calls nothing."""
    assert {Ability.CALL, Ability.PROPOSE, Ability.FOLLOW, Ability.DECIDE, Ability.UNDO, Ability.SETTLE} == GRANTED


@pytest.mark.parametrize(
    "text", ["anna@example.com", "Anna@Example.COM", " anna@example.com ", "\uff41nna@example.com"]
)
def test_one_person_is_one_person_however_written(text):
    """R67: four eyes are two people, not two spellings."""
    assert person(text) == "anna@example.com"


@pytest.mark.parametrize("text", ["", "  ", "\u0430nna@example.com", "anna\u200b@example.com", "a\tb", "j\u00f6rg"])
def test_a_person_that_may_look_like_another_is_refused(text):
    """R67."""
    with pytest.raises(ValueError, match="printable ASCII"):
        person(text)


@pytest.mark.parametrize(
    ("grants", "covered"),
    [
        ([], False),
        ([("inventory", "get_item")], True),
        ([("inventory", "*")], True),
        ([("*", "*")], True),
        ([("inventory", "get_stock")], False),
        ([("billing", "get_item")], False),
        ([("billing", "*")], False),
        ([("*", "get_item")], False),
        ([("inventory", "get_")], False),
    ],
)
def test_a_grant_covers_what_it_names(grants, covered):
    """R51, R53: exact, but for an operator's star."""
    assert covers(grants, "inventory", "get_item") is covered


@given(st.text(), st.text())
def test_no_grant_covers_nothing(wrapper, operation):
    """R52: denied is what was not granted."""
    assert not covers([], wrapper, operation)


@pytest.mark.parametrize(
    ("role", "operation", "agents", "fine"),
    [
        (Role.AGENT, "get_item", True, True),
        (Role.AGENT, "get_item", False, False),
        (Role.AGENT, "*", True, False),
        (Role.APPROVER, "place_hold", False, True),
        (Role.APPROVER, "*", True, False),
        (Role.OPERATOR, "place_hold", False, True),
        (Role.OPERATOR, "*", False, True),
        (Role.AUDITOR, "get_item", True, False),
        (Role.AUDITOR, "*", True, False),
    ],
)
def test_who_may_be_granted_what(role, operation, agents, fine):
    """R51: no kitchen-sink key; an agent only what the manifest opens to agents."""
    assert (grant_problem(role, operation, agents=agents) == "") is fine
