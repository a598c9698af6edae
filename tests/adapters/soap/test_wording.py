"""Names: what becomes of them in the manifest, and what they suggest."""

import pytest

from brownfield_soap.wording import LONGEST, distinct, groups, guess, short, snake


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GetItem", "get_item"),
        ("getURL2", "get_url2"),
        ("HTTPPing", "http_ping"),
        ("a.b-c", "a_b_c"),
        ("2nd", "call_2nd"),
        ("Ærø", "r"),
        ("日本", "call"),
    ],
)
def test_names_become_snake_case(name, expected):
    assert snake(name) == expected


def test_a_long_name_keeps_its_ends():
    """The manifest allows 48 characters; the middle tells least."""
    made = [snake(f"getPreConfiguredDesignByProgramAttribute{end}") for end in ("Active", "Deleted")]
    assert made == [
        "get_pre_configured_program_attribute_active",
        "get_pre_configured_program_attribute_deleted",
    ]
    assert len(short("x" * 99)) == LONGEST


def test_names_that_collide_are_numbered():
    taken = []
    for name in ("GetItem", "getItem", "get_item", "W" * 60, "w" * 70):
        taken.append(distinct(snake(name), taken))
    assert taken == ["get_item", "get_item_2", "get_item_3", "w" * 48, "w" * 46 + "_2"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("get_item", "looks like a read"),
        ("do_get_item", "looks like a read"),
        ("place_hold", "looks like a write"),
        ("get_next_pick_ticket", "cannot tell"),
        ("frobnicate", "cannot tell"),
        ("do", "cannot tell"),
    ],
)
def test_a_verb_suggests_an_effect_and_exposes_nothing(name, expected):
    assert guess(name) == expected


def test_calls_about_the_same_thing_are_a_group():
    found = groups(["place_hold", "find_holds", "get_hold_by_order", "user_get", "update_users", "get_all_mailboxes",
                    "list_mailbox", "ping", "get_stock"])  # fmt: skip
    assert found == {
        "place_hold": "hold", "find_holds": "hold", "get_hold_by_order": "hold", "user_get": "user",
        "update_users": "user", "get_all_mailboxes": "mailbox", "list_mailbox": "mailbox", "ping": "", "get_stock": "",
    }  # fmt: skip
