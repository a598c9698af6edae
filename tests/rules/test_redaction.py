"""What leaves the house."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownfield.rules.redaction import commit, plain


@pytest.mark.parametrize(
    ("value", "committed"),
    [
        ("4471", {"commitment": "<4471>"}),
        (4471, {"commitment": "<4471>"}),
        (None, None),
        (["a", "b"], [{"commitment": "<a>"}, {"commitment": "<b>"}]),
        ({"b": 1, "a": 2}, {"commitment": '<{"a":2,"b":1}>'}),
    ],
)
def test_a_personal_value_enters_the_audit_as_a_commitment(value, committed):
    """R60, R100: not readable, and found by a question however it was sent."""
    assert commit({"account": value, "units": 3}, ["account"], lambda text: f"<{text}>") == {
        "account": committed,
        "units": 3,
    }


def test_personal_fields_are_found_within_lists():
    """R60: dotted paths go through arrays."""
    arguments = {"people": [{"name": "Ada", "age": 3}]}
    assert commit(arguments, ["people.name"], lambda _: "x") == {"people": [{"name": {"commitment": "x"}, "age": 3}]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A-100", '"A-100"'),
        ("", '""'),
        ("a\nb\tc", r'"a\nb\tc"'),
        ("\u202eevil", r'"\u202eevil"'),
        ("zero\u200bwidth", r'"zero\u200bwidth"'),
        ("tag\U000e0041", r'"tag\U000e0041"'),
        ("hidden\ufe0f", r'"hidden\ufe0f"'),
        ("filler\u3164", r'"filler\u3164"'),
        ("no\u00a0break", r'"no\u00a0break"'),
        ("\x1b[31mred", r'"\u001b[31mred"'),
        ('say "x" \\', r'"say \"x\" \\"'),
        ("Zoë 東京", '"Zoë 東京"'),
        ("x" * 80, '"' + "x" * 80 + '"'),
        ("x" * 81, '"' + "x" * 79 + '…"'),
    ],
)
def test_text_from_outside_is_made_safe_to_read(text, shown):
    """R100: what cannot be seen is written out, what is long is cut."""
    assert plain(text) == shown


@given(st.text(max_size=200), st.integers(10, 100))
def test_plain_text_is_short_visible_and_on_one_line(text, limit):
    """R100: whatever comes."""
    shown = plain(text, limit)
    assert len(shown) <= limit + 2
    assert len(shown.splitlines()) == 1
    assert all(unicodedata.category(character)[0] != "C" for character in shown)
