"""The pytest plug-in: a test says which requirement it shows."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "requirement(*numbers): the requirements (R1 …) that this test shows")
