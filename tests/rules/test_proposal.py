"""The life of a proposal: the table is complete and has no back door."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.contract import Drifted, Failure, Rejected, Unavailable, Uncertain
from brownfield.rules.proposal import ATTEMPTS, FINAL, TABLE, UNDONE, Event, NotPossible, State, after_attempt, follow

EVENTS = st.lists(st.sampled_from(list(Event)), max_size=40)


def walk(events) -> list[tuple[State, Event, State]]:
    """The steps that random events make from `proposed`; those the table refuses change nothing."""
    state, steps = State.PROPOSED, []
    for event in events:
        try:
            after = follow(state, event)
        except NotPossible:
            continue
        steps.append((state, event, after))
        state = after
    return steps


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
def test_every_pair_of_state_and_event_leads_somewhere_or_is_refused_in_words(state, event):
    """R61, R75: the table answers for each cell."""
    if event in TABLE[state]:
        assert follow(state, event) is TABLE[state][event]
    else:
        with pytest.raises(NotPossible, match=f"a proposal that is {state.replace('_', ' ')} cannot be [a-z ]+$"):
            follow(state, event)


def test_the_table_has_a_row_for_every_state():
    """R75: complete."""
    assert set(TABLE) == set(State)
    assert {event for ways in TABLE.values() for event in ways} == set(Event)


def test_every_state_can_be_reached():
    """R75: no state is only a word."""
    reached, waiting = {State.PROPOSED}, [State.PROPOSED]
    while waiting:
        for after in TABLE[waiting.pop()].values():
            if after not in reached:
                reached.add(after)
                waiting.append(after)
    assert reached == set(State)


@given(EVENTS)
def test_nothing_is_executed_that_was_not_approved(events):
    """R61: no path from proposed to executing without approve."""
    steps = walk(events)
    for number, (_, _, after) in enumerate(steps):
        if after in {State.EXECUTING, State.DONE, State.DONE_BY_HAND, State.UNKNOWN}:
            assert Event.APPROVE in [event for _, event, _ in steps[:number]]


def test_without_approve_the_table_cannot_reach_a_write_at_all():
    """R61: by exhaustion, not by luck."""
    reached, waiting = {State.PROPOSED}, [State.PROPOSED]
    while waiting:
        for event, after in TABLE[waiting.pop()].items():
            if event is not Event.APPROVE and after not in reached:
                reached.add(after)
                waiting.append(after)
    assert reached == {State.PROPOSED, State.DECLINED, State.DENIED, State.EXPIRED}


@given(EVENTS)
def test_a_second_call_needs_the_word_that_nothing_happened(events):
    """R79: between two claims there is a release; after an uncertain outcome there is never a claim."""
    happened = [event for _, event, _ in walk(events)]
    claims = [number for number, event in enumerate(happened) if event is Event.CLAIM]
    assert all(Event.RELEASE in happened[first:second] for first, second in itertools.pairwise(claims))
    if Event.LOSE in happened:
        assert Event.CLAIM not in happened[happened.index(Event.LOSE) :]


@given(EVENTS)
def test_what_is_final_stays(events):
    """R75: random events never leave a final state."""
    for before, _, _ in walk(events):
        assert before not in FINAL


def test_the_final_states_divide_into_written_and_not():
    """R99: an end says whether something was written; only unknown does not, and it is no end."""
    assert {State.DONE, State.DONE_BY_HAND} == FINAL - UNDONE
    assert UNDONE < FINAL
    assert State.UNKNOWN not in FINAL


@pytest.mark.parametrize(
    ("failure", "attempts", "event", "state"),
    [
        (None, 1, Event.CONFIRM, State.DONE),
        (Rejected("no"), 1, Event.REFUSE, State.REJECTED),
        (Unavailable("down"), 1, Event.RELEASE, State.APPROVED),
        (Unavailable("down"), ATTEMPTS - 1, Event.RELEASE, State.APPROVED),
        (Unavailable("down"), ATTEMPTS, Event.EXHAUST, State.FAILED),
        (Uncertain("cut off"), 1, Event.LOSE, State.UNKNOWN),
        (Drifted("odd reply"), 1, Event.LOSE, State.UNKNOWN),
        (Failure("of no kind"), 1, Event.LOSE, State.UNKNOWN),
    ],
)
def test_an_attempts_outcome_decides_what_becomes_of_the_proposal(failure, attempts, event, state):
    """R79: only what surely did nothing is tried again."""
    assert after_attempt(failure, attempts) is event
    assert follow(State.EXECUTING, event) is state
