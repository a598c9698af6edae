"""A home that a process runs on, and the warehouse beside it."""

import sys
from pathlib import Path

import pytest

if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from home import Home

from warehouse.process import Warehouse


@pytest.fixture
def warehouse(tmp_path):
    with Warehouse(tmp_path / "warehouse") as warehouse:
        yield warehouse


@pytest.fixture
def home(tmp_path):
    """A home whose system is down."""
    (tmp_path / "place").mkdir()
    made = Home(tmp_path / "place")
    yield made
    if made.process is not None:
        made.kill()


@pytest.fixture
def house(home, warehouse):
    """A home whose system is up."""
    home.wms = warehouse.url
    return home
