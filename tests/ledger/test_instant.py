from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.ledger.instant import instant, instant_or_none, micros


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_instant_survives_storage_exactly(at):
    assert instant(micros(at)) == at


def test_an_instant_is_the_same_in_every_zone():
    at = datetime(2026, 11, 17, 14, 5, tzinfo=UTC)
    assert micros(at.astimezone(timezone(timedelta(hours=-5)))) == micros(at) == 1_794_924_300_000_000


def test_a_naive_time_is_no_instant():
    with pytest.raises(TypeError):
        micros(datetime(2026, 11, 17))  # noqa: DTZ001


def test_null_is_no_time():
    assert instant_or_none(None) is None
