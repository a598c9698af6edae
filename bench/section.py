"""What is measured, one function per row or two of the table."""

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from caller import Caller
from extract import write_extract
from large import write_wsdl
from pair import Ratio, compare, ratio_of
from stage import BROWNFIELD, ROOT, Stage
from stored import stored

from brownfield.ledger.audit import Entry, append, verify
from brownfield.ledger.migration.migrate import migrate
from brownfield.ledger.store import Ledger
from brownfield.runtime.key import audit_key
from brownfield.wrapper.bundle import make_lock, open_bundle
from brownfield.wrapper.lock import write_lock

WSDL = str(ROOT / "fixtures" / "warehouse" / "wms.wsdl")
LOGIN = {"User": "wms-read", "Password": "read-secret"}
BARE = "bare zeep on a keep-alive requests session"
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
ITEM = {"ItemNo": "A-100"}
ROWS = {"Whse": "LYON", "MaxRows": 1000}


@dataclass(frozen=True)
class Size:
    """How much is measured: enough for a table, or just enough to see that it runs."""

    pairs: int
    calls: int
    lists: int
    each: int
    records: int
    entries: int
    operations: int
    bundles: int


FULL = Size(pairs=7, calls=150, lists=8, each=25, records=100_000, entries=1_000, operations=1_000, bundles=50)
QUICK = Size(pairs=1, calls=10, lists=1, each=3, records=2_000, entries=200, operations=20, bundles=2)


@dataclass(frozen=True)
class Absolute:
    """A number without a reference, for information."""

    id: str
    what: str
    value: float
    unit: str

    def document(self) -> dict[str, object]:
        """As JSON."""
        return asdict(self)


def take_the_brake_off(stage: Stage) -> None:
    """Let the connection call as fast as it can: what is measured is the code, not its limit per second."""
    manifest = stage.folder / "wrappers" / "inventory" / "wrapper.toml"
    braked = 'limits = { concurrency = 4, per_second = 200, deadline = "8s" }'
    text = manifest.read_text("utf-8")
    if braked not in text:
        raise RuntimeError("the manifest's limits are not where the bench looks for them")
    manifest.write_text(text.replace(braked, 'limits = { concurrency = 8, per_second = 100000, deadline = "8s" }'))
    # A bundle starts from its lock, and the lock is of the manifest too.
    write_lock(manifest.parent, make_lock(open_bundle(manifest.parent)))


def calls(stage: Stage, size: Size) -> Iterator[Ratio]:
    """REST and MCP against bare zeep, one client: p50."""
    small = {"wsdl": WSDL, "address": stage.warehouse.url, "login": LOGIN, "call": "GetItem", "fields": ITEM}
    rows = {**small, "call": "ListMovements", "fields": ROWS}
    rest, listing, tool = _rest(stage, "get_item", ITEM), _rest(stage, "list_movements", ROWS), _tool(stage)
    for id_, what, ours, theirs, count in (
        ("rest-read", "REST read, one item, p50", rest, small, size.calls),
        ("rest-list", "REST read, 1,000 rows, p50", listing, rows, size.lists),
        ("mcp-read", "MCP read (2026-07-28), one item, p50", tool, small, size.calls),
    ):
        with Caller("raw", **ours) as a, Caller("zeep", **theirs) as b:
            for warm in (a, b):
                warm.p50(max(2, count // 5))
            yield compare(id_, what, BARE, "ms", lambda: a.p50(count), lambda: b.p50(count), size.pairs)  # noqa: B023


def throughput(stage: Stage, size: Size) -> Iterator[Ratio]:
    """Eight clients at once: calls per second. Each side's eight are threads of one process."""
    zeep = {"wsdl": WSDL, "address": stage.warehouse.url, "login": LOGIN, "call": "GetItem", "fields": ITEM}
    with Caller("raw", 8, **_rest(stage, "get_item", ITEM)) as a, Caller("zeep", 8, **zeep) as b:
        for warm in (a, b):
            warm.rate(3)
        yield compare("rest-8-clients", "REST read, one item, 8 clients", f"{BARE}, 8 threads", "calls/s",
                      lambda: a.rate(size.each), lambda: b.rate(size.each), size.pairs)  # fmt: skip


def _rest(stage: Stage, operation: str, arguments: dict[str, object]) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {stage.keys['operator']}"}
    return {"address": stage.url, "path": f"/v1/inventory/{operation}", "headers": headers, "body": arguments}


def _tool(stage: Stage) -> dict[str, object]:
    params = {"name": "inventory_get_item", "arguments": ITEM, "_meta": META}
    headers = {
        "Authorization": f"Bearer {stage.keys['operator']}", "Accept": "application/json",
        "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "inventory_get_item",
    }  # fmt: skip
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return {"address": stage.url, "path": "/inventory/mcp", "headers": headers, "body": body}


def batches(size: Size) -> Iterator[Ratio]:
    """Records to durable events, with the wrapper's function and without, against a bare `executemany`."""
    with tempfile.TemporaryDirectory(prefix="brownfield-bench-") as name:
        work = Path(name)
        file = work / "STK20261121.DAT"
        write_extract(file, size.records)
        withs = {kind: _bundles(work / kind, kind) for kind in ("function", "manifest")}
        turns = []
        for _ in range(size.pairs):
            seconds = {kind: _collect(folder, file, size.records) for kind, folder in withs.items()}
            turns.append(
                {kind: size.records / (seconds[kind]) for kind in withs}
                | {kind + "-bare": size.records / _executemany(folder) for kind, folder in withs.items()}
            )
    reference, unit, count = "bare executemany of the same rows (WAL, FULL, 1,000 a commit)", "records/s", size.records
    for id_, what, kind in (
        ("batch-function", f"{count:,} EBCDIC records to durable events, through the wrapper's function", "function"),
        ("batch-manifest", f"{count:,} EBCDIC records to durable events, manifest only", "manifest"),
    ):
        yield ratio_of(id_, what, reference, unit, [(turn[kind], turn[f"{kind}-bare"]) for turn in turns])


def _bundles(folder: Path, kind: str) -> Path:
    """An installation with the inventory wrapper; `manifest` has no function for the feed."""
    shutil.copytree(ROOT / "wrappers", folder / "wrappers", ignore=shutil.ignore_patterns("__pycache__", "tests"))
    shutil.copy(ROOT / "brownfield.toml", folder)
    if kind == "manifest":
        code = folder / "wrappers" / "inventory" / "wrapper.py"
        before, decorated, after = code.read_text("utf-8").partition("@inventory.feed(")
        code.write_text(before + after.partition("\n\n\n")[2], "utf-8")
        if not decorated:
            raise RuntimeError("wrapper.py has no feed function to leave out")
        subprocess.run([BROWNFIELD, "lock", "wrappers"], cwd=folder, check=True, capture_output=True)
    return folder


def _collect(folder: Path, file: Path, records: int) -> float:
    for name in ("home", "drop"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "drop").mkdir()
    shutil.copy(file, folder / "drop")
    (folder / "drop" / f"{file.name}.done").touch()
    command = [sys.executable, str(ROOT / "bench" / "batch.py"), str(folder)]
    done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if (done["events"], done["state"]) != (records, "archived"):
        raise RuntimeError(f"not every record became an event: {done}")
    return float(done["seconds"])


def _executemany(folder: Path) -> float:
    """Seconds to insert the rows that brownfield has just rendered, and nothing else, into a database of their own."""
    rows = stored(folder / "home" / "ledger.db")
    place = folder / "bare.db"
    for left in folder.glob("bare.db*"):
        left.unlink()
    database = sqlite3.connect(place, isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE event (id INTEGER PRIMARY KEY, type TEXT, key TEXT, data TEXT, at INTEGER)"
    )
    began = time.perf_counter()
    for start in range(0, len(rows), 1000):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO event VALUES (?, ?, ?, ?, ?)", rows[start : start + 1000])
        database.execute("COMMIT")
    seconds = time.perf_counter() - began
    database.close()
    return seconds


def cold_start(stage: Stage, size: Size) -> Iterator[Ratio]:
    """From nothing to the first answer, on a ledger that is there already."""
    bare = [sys.executable, "-c", f"import zeep; zeep.Client({WSDL!r})"]

    def ours() -> float:
        stage.stop_brownfield()
        began = time.perf_counter()
        stage.start_brownfield()
        stage.rest("GET", "/v1/status", by="operator")
        return time.perf_counter() - began

    def theirs() -> float:
        began = time.perf_counter()
        subprocess.run(bare, check=True)
        return time.perf_counter() - began

    theirs()
    what, reference = "cold start: `brownfield up` to the first answer", "`import zeep; zeep.Client(wsdl)`"
    yield compare("cold-start", what, reference, "s", ours, theirs, size.pairs)


def starts(size: Size) -> Iterator[Ratio]:
    """From a large WSDL on disk to a client that can call: the kept model against zeep's load, in new processes."""
    with tempfile.TemporaryDirectory(prefix="brownfield-bench-") as name:
        folder = Path(name)
        write_wsdl(folder / "large.wsdl", size.operations)

        def seconds(kind: str) -> float:
            command = [sys.executable, str(ROOT / "bench" / "start.py"), kind, name]
            return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

        seconds("ours")  # which makes the kept model
        what = f"start from the kept model of {size.operations:,} operations, first call made"
        yield compare("start-kept", what, "`zeep.Client(wsdl)`", "s", lambda: seconds("ours"),
                      lambda: seconds("zeep"), size.pairs)  # fmt: skip


def checks(size: Size) -> Iterator[Absolute]:
    """`brownfield check` of many bundles: where nothing was worked out before, and where it was."""
    with tempfile.TemporaryDirectory(prefix="brownfield-bench-") as name:
        folder = Path(name)
        shutil.copy(ROOT / "brownfield.toml", folder)
        for number in range(size.bundles):
            _copy_of_inventory(folder / "wrappers", f"w{number:02}")

        def run(*words: str) -> float:
            began = time.perf_counter()
            subprocess.run([BROWNFIELD, *words], cwd=folder, check=True, capture_output=True)
            return time.perf_counter() - began

        run("lock", "wrappers")
        yield Absolute("check-bundles", f"`brownfield check` of {size.bundles} bundles",
                       median(run("check", "wrappers") for _ in range(min(3, size.pairs))), "s")  # fmt: skip
        run("keys", "create", "somebody", "--role", "auditor", "--person", "somebody@example.com")
        run("check", "wrappers")
        yield Absolute("check-bundles-again", f"the same with a home that has seen the {size.bundles}",
                       median(run("check", "wrappers") for _ in range(min(3, size.pairs))), "s")  # fmt: skip


def _copy_of_inventory(wrappers: Path, name: str) -> None:
    shutil.copytree(ROOT / "wrappers" / "inventory", wrappers / name,
                    ignore=shutil.ignore_patterns("__pycache__", "tests"))  # fmt: skip
    for file, said in (("wrapper.toml", 'id    = "{}"'), ("wrapper.py", 'Wrapper("{}")')):
        text = (wrappers / name / file).read_text("utf-8")
        (wrappers / name / file).write_text(text.replace(said.format("inventory"), said.format(name)), "utf-8")


def audit(size: Size) -> Iterator[Absolute]:
    """Append one entry per durable commit, and verify the chain."""
    appended, verified = [], []
    for _ in range(3):
        with tempfile.TemporaryDirectory(prefix="brownfield-bench-") as name:
            ledger, key = Ledger(f"sqlite:///{name}/ledger.db"), audit_key(Path(name))
            migrate(ledger)
            began = time.perf_counter()
            for number in range(size.entries):
                with ledger.write() as connection:
                    append(connection, key, "bench", [_entry(number)])
            appended.append(size.entries / (time.perf_counter() - began))
            began = time.perf_counter()
            with ledger.read() as connection:
                found = verify(connection, {key.id: key})
            verified.append(size.entries / (time.perf_counter() - began))
            ledger.close()
            if not found.ok or found.entries != size.entries:
                raise RuntimeError(f"the audit does not verify: {found}")
    yield Absolute("audit-append", "audit entries appended, one durable commit each", median(appended), "entries/s")
    yield Absolute("audit-verify", "audit entries verified", median(verified), "entries/s")


def _entry(number: int) -> Entry:
    body = {"arguments": {"ItemNo": f"A-{number % 1000:03}"}, "seconds": 0.004, "trace": f"{number:016x}"}
    return Entry("read.done", datetime.now(UTC), body, "agent", "inventory", "get_item", None, body["arguments"])
