"""The web door over the canned system, asked in process."""

import sys
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest

RUNTIME = str(Path(__file__).resolve().parents[2] / "runtime")
if RUNTIME not in sys.path:
    sys.path.insert(0, RUNTIME)

from stage import staged  # noqa: E402  it is found beside the tests of the room below

from brownfield.edges.http import create_app  # noqa: E402


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def put_up(tmp_path):
    """Put up a stage and its door: `async with put_up(edits, …) as (stage, client):`."""

    @asynccontextmanager
    async def put_up(*args, **more):
        with staged(tmp_path, *args, **more) as stage:
            app = create_app(stage.assembly)
            stage.app = app
            transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
            async with (
                app.router.lifespan_context(app),
                httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
            ):
                yield stage, client

    return put_up


@pytest.fixture
def bearer():
    """The header that shows a key."""
    return lambda key: {"authorization": f"Bearer {key}"}
