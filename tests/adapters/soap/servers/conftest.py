"""The stacks' servers, each started once when a test first asks for it, and our connection to it.

The WSDL is fetched from the server once, vendored into a bundle by `brownfield new`'s own functions, and read from
there ever after.
"""

import contextlib

import pytest

from brownfield.runtime.drafting import Wish, draw, render, write
from brownfield.runtime.opening import Surroundings, open_adapter
from brownfield.runtime.registry import Registry
from brownfield.wrapper.bundle import open_bundle
from servers.process import Ledger, build, installed
from servers.stack import STACKS

READS = ("GetAccount", "FindAccount", "ListEntries", "ListOwners", "CountEntries", "Echo", "SlowReport")
"""What a person declares of the ledger. GetNextVoucher is not among them, whatever its name says."""


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """`built(stack)`: the folder in which a stack was built, once for all that are built alike."""
    folders = {}

    def folder(stack):
        if stack.build not in folders:
            made = tmp_path_factory.mktemp(stack.require)
            build(stack, made)
            folders[stack.build] = made
        return folders[stack.build]

    return folder


@pytest.fixture(scope="session")
def ledgers(require, built, tmp_path_factory):
    """`ledgers(name)`: the server of a stack, running, with its `bundle`."""
    running = {}
    with contextlib.ExitStack() as ended:

        def ledger(name):
            if name not in running:
                stack, folder = STACKS[name], tmp_path_factory.mktemp(name)
                require(stack.require, installed(stack), f"no SOAP server of that stack ({stack.install})")
                running[name] = ended.enter_context(Ledger(name, folder, built(stack)))
                running[name].bundle = drawn(running[name], folder / "bundle")
            return running[name]

        yield ledger


def drawn(ledger, folder):
    """The folder of a locked bundle, made of the server's WSDL as `brownfield new` makes it."""
    around = surroundings(ledger.url)
    drawing = draw({"wsdl": ledger.wsdl}, around)
    files = render(Wish("ledger", "The ledger", "o@example.com", "p@example.com", READS), drawing)
    manifest = files["wrapper.toml"].decode()
    settings = "".join(f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n"
                       for name, value in ledger.stack.settings.items())  # fmt: skip
    manifest = manifest.replace('adapter = "soap"\n', f'adapter = "soap"\n{settings}', 1)
    manifest = manifest.replace("per_second = 20", "per_second = 1000")
    for call in drawing.draft.calls:
        if not call.documentation:  # Axis has no words for an operation; the person who finishes the bundle has
            manifest = manifest.replace(
                f'call = "{call.call}"\n', f'call = "{call.call}"\ndescription = "{call.call}"\n'
            )
    write(folder, {**files, "wrapper.toml": manifest.encode()}, around)
    return folder


def surroundings(url):
    """The installed adapters, and where the server is."""
    return Surroundings(Registry(), (), {"LEDGER_URL": url})


@pytest.fixture(scope="session")
def connect(ledgers):
    """`connect(name)`: the connection to a stack's server, opened as runtime opens it; `url` is another way to it."""
    opened = {}

    def connection(name, url=None):
        ledger = ledgers(name)
        if (name, url) not in opened:
            bundle = open_bundle(ledger.bundle)
            ((word, table),) = bundle.manifest.connections.items()
            around = surroundings(url or ledger.url)
            opened[name, url] = open_adapter(ledger.bundle, word, table, "read", around, bundle.contracts[word])
        return opened[name, url]

    yield connection
    for far in opened.values():
        far.close()
