"""What was seen of the live systems, for whoever oversees."""

import pytest

from brownfield.rules.access import Role
from brownfield.runtime.control import Control

SEEN = {"connection": "wms", "every_s": 60.0, "at": "2026-11-21T10:00:00+00:00", "outcome": "drifted",
        "changes": ["GetStock now requires the new field <Site>"], "cause": ""}  # fmt: skip


@pytest.fixture
def operator(office):
    return office.browser(office.key("olga", Role.OPERATOR))


def test_a_drifted_system_is_told_with_what_changed(operator, monkeypatch):
    """R21: in words, and what the far side wrote is no markup."""
    monkeypatch.setattr(Control, "_sightings", lambda *_: [SEEN])
    page = operator.get("/console/systems")
    assert "Not as it is pinned" in page
    assert "GetStock now requires the new field &lt;Site&gt;" in page


def test_a_system_that_could_not_be_looked_at_is_told(operator, monkeypatch):
    seen = SEEN | {"outcome": "unreachable", "changes": [], "cause": "nobody is there"}
    monkeypatch.setattr(Control, "_sightings", lambda *_: [seen])
    assert "nobody is there" in operator.get("/console/systems")


def test_where_nothing_is_watched_nothing_is_said(operator):
    assert "As it is pinned" not in operator.get("/console/systems")
