"""The names that authors import. To change one is to break somebody: change it here as well, and say so in the log."""

import importlib

import pytest

PUBLIC = {
    "brownfield": "Call Fields Money Record Rejected Reply Wrapper",
    "brownfield.contract": """
        Adapter Arrival CallAdapter Checkpoint Chunk Contract Damage Documents Draft DraftCall Drifted Failure
        FaultShape FeedAdapter Fields JsonSchema Limits Opening OperationShape RecordShape Rejected Reply Row
        Sight Sources Unavailable Uncertain Verdict canonical fingerprint
    """,
    "brownfield.testing": """
        BundleCase BundleContract CallAdapterContract CallCase FeedAdapterContract FeedCase FrozenClock canned_registry
    """,
}


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_these(module):
    assert sorted(importlib.import_module(module).__all__) == sorted(PUBLIC[module].split())


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_there_and_described(module):
    loaded = importlib.import_module(module)
    aliases = {"Fields", "JsonSchema", "Record", "Sources", "Sights"}
    assert [
        name for name in loaded.__all__ if name not in aliases and not (getattr(loaded, name).__doc__ or "").strip()
    ] == []


def test_an_author_learns_few_names():
    """An API that is held in one head."""
    assert len({name for names in PUBLIC.values() for name in names.split()}) <= 42
