"""Lengths of time, written and spoken."""

from datetime import timedelta

import pytest

from brownfield.rules.duration import parse, spoken


@pytest.mark.parametrize(
    ("text", "length", "words"),
    [
        ("250ms", timedelta(milliseconds=250), "250 milliseconds"),
        ("1s", timedelta(seconds=1), "1 second"),
        ("4h", timedelta(hours=4), "4 hours"),
        ("2d", timedelta(days=2), "2 days"),
        ("1h30m", timedelta(minutes=90), "1 hour 30 minutes"),
        ("72h", timedelta(hours=72), "3 days"),
    ],
)
def test_a_duration_is_read_and_said(text, length, words):
    """R66: an approval's time limit is written as people write it."""
    assert parse(text) == length
    assert spoken(length) == words


@pytest.mark.parametrize("text", ["", "4", "h", "4 h", "-4h", "4h!", "1.5h", "٤h", "4H", "4hours"])
def test_anything_else_is_refused_with_the_form_that_is_wanted(text):
    """R97: an error says what to write instead."""
    with pytest.raises(ValueError, match="8s"):
        parse(text)


def test_nothing_is_said_as_no_time():
    """R97: no empty words."""
    assert spoken(timedelta()) == "no time"
    assert spoken(timedelta(seconds=-90)) == "1 minute 30 seconds"
