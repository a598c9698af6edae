"""Contract suites an author inherits, canned systems, a frozen clock, the pytest plug-in."""

import pytest

for _suite in ("bundle", "call", "descriptor", "feed", "input", "running", "swap"):
    pytest.register_assert_rewrite(f"brownfield.testing.{_suite}")

from brownfield.testing.bundle import BundleContract  # noqa: E402  # after its assertions are made to explain themselves
from brownfield.testing.call import CallAdapterContract  # noqa: E402
from brownfield.testing.canned import canned_registry  # noqa: E402
from brownfield.testing.case import BundleCase, CallCase, FeedCase  # noqa: E402
from brownfield.testing.clock import FrozenClock  # noqa: E402
from brownfield.testing.feed import FeedAdapterContract  # noqa: E402

__all__ = [
    "BundleCase",
    "BundleContract",
    "CallAdapterContract",
    "CallCase",
    "FeedAdapterContract",
    "FeedCase",
    "FrozenClock",
    "canned_registry",
]
