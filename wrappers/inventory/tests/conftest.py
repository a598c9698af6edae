"""The bundle and the warehouse that it wraps."""

import sys
from pathlib import Path

import pytest

from brownfield.wrapper.bundle import open_bundle

FOLDER = Path(__file__).resolve().parents[1]
FIXTURES = FOLDER.parents[1] / "fixtures"
if str(FIXTURES) not in sys.path:
    sys.path.insert(0, str(FIXTURES))

from warehouse.process import Warehouse  # noqa: E402  it is no package: its folder is on the path since the line above

SECRETS = {"wms-read-user": "wms-read", "wms-read-password": "read-secret", "wms-write-user": "wms-write",
           "wms-write-password": "write-secret"}  # fmt: skip


@pytest.fixture(scope="session")
def bundle():
    return open_bundle(FOLDER)


@pytest.fixture(scope="session")
def warehouse():
    with Warehouse() as warehouse:
        yield warehouse


@pytest.fixture
def environ(tmp_path, warehouse):
    """What the manifest names."""
    secrets, drop = tmp_path / "secrets" / "inventory", tmp_path / "drop"
    secrets.mkdir(parents=True)
    drop.mkdir()
    for name, value in SECRETS.items():
        (secrets / name).write_text(value)
        (secrets / name).chmod(0o600)
    nightly = FIXTURES / "nightly" / "run-nightly.sh"
    return {"BROWNFIELD_HOME": str(tmp_path / "home"), "BROWNFIELD_SECRETS": str(tmp_path / "secrets"),
            "WMS_URL": warehouse.url, "INVENTORY_DROP": str(drop), "INVENTORY_NIGHTLY": str(nightly)}  # fmt: skip
