"""The stage that the tests of this room stand on."""

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from ordering import ordering
from stage import staged


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def put_up(tmp_path):
    """Put up a stage: `put_up(edits, wrapper, …)`; it is taken down after the test."""
    with ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(staged(tmp_path, *args, **more))


@pytest.fixture
def stage(put_up):
    """The plain one."""
    return put_up()


@pytest.fixture
def open_desk(tmp_path):
    """Put up a brownfield over the order entry job: `open_desk(edits, more)`; it is taken down after the test."""
    with ExitStack() as stack:
        yield lambda *args, **more: stack.enter_context(ordering(tmp_path, *args, **more))


@pytest.fixture
def desk(open_desk):
    """The plain one."""
    return open_desk()
