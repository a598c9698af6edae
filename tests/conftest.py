"""What every test may ask for: the far side in a box, the shared corpus, and tools that not every machine has."""

import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORPUS = Path(os.environ.get("BROWNFIELD_CORPUS", ROOT.parent / "shared" / "corpus"))

if str(ROOT / "fixtures") not in sys.path:
    sys.path.insert(0, str(ROOT / "fixtures"))


if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A suite in the background inherits "ignored", and would hand it on to every process that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def require_or_skip(name: str, found: object, missing: str) -> None:
    """Skip loudly when something is not there, or fail when `BROWNFIELD_REQUIRE` (`cobc,browser`) names it."""
    if found:
        return
    if name in os.environ.get("BROWNFIELD_REQUIRE", "").replace(",", " ").split():
        pytest.fail(f"BROWNFIELD_REQUIRE asks for {name}: {missing}")
    pytest.skip(f"NOT TESTED for want of {name}: {missing}")


@pytest.fixture(scope="session")
def require():
    """`require(name, found, missing)`: the one way to skip a test."""
    return require_or_skip


@pytest.fixture(scope="session")
def corpus():
    """The folder of public files, `wsdl/` and `batch/`; it is no part of the repository."""
    require_or_skip("corpus", CORPUS.is_dir(), f"no folder {CORPUS}; say where it is with BROWNFIELD_CORPUS")
    return CORPUS


@pytest.fixture(scope="session")
def cobc():
    """The COBOL compiler."""
    found = shutil.which("cobc")
    require_or_skip("cobc", found, "no GnuCOBOL (Debian: gnucobol)")
    return found


@pytest.fixture(scope="session")
def browser():
    """A Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    require_or_skip("browser", found, "no Chromium (Debian: chromium)")
    return found
