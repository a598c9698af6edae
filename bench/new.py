"""From a WSDL nobody has seen to a bundle, and to an agent's first read: bench/results/new.json.

Two things: `brownfield new` with every call declared, locked and checked, on each WSDL of the shared corpus, in seconds
of processor time; and the README's lines against the test warehouse. Run it: `.venv/bin/python bench/new.py`.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "fixtures"))

from brownfield.rules.problem import Problem  # noqa: E402  as above
from brownfield.runtime.drafting import draw, render, write  # noqa: E402  as above
from brownfield.runtime.locking import check_folder  # noqa: E402  as above
from brownfield.runtime.opening import Surroundings  # noqa: E402  as above
from brownfield.runtime.registry import Registry  # noqa: E402  as above
from brownfield.runtime.wish import Wish  # noqa: E402  as above
from warehouse.process import Warehouse  # noqa: E402  it is no package: its folder is on the path since `sys.path`

CORPUS = Path(os.environ.get("BROWNFIELD_CORPUS", ROOT.parent / "shared" / "corpus")) / "wsdl"
OUT = ROOT / "bench" / "results" / "new.json"
BROWNFIELD = Path(sys.executable).with_name("brownfield")


def corpus() -> dict[str, object]:
    listed = [line.split("\t") for line in (CORPUS / "INDEX.tsv").read_text("utf-8").splitlines()[1:]]
    drawn, refused = [], []
    with tempfile.TemporaryDirectory() as place:
        for number, (path, _, _, kind, *_) in enumerate(listed):
            found = bundle(CORPUS / path, Path(place) / str(number) / "wms")
            if found is None:
                refused.append(path)
            else:
                drawn.append(found | {"wsdl": path, "kind": kind})
    seconds = sorted(float(one["seconds"]) for one in drawn)
    return {
        "wsdls": len(listed),
        "drawn": len(drawn),
        "accepted_by_check": sum(one["errors"] == 0 for one in drawn),
        "calls": sum(one["calls"] for one in drawn),
        "refused": refused,
        "seconds": {"median": round(median(seconds), 3), "p90": seconds[len(seconds) * 9 // 10], "most": seconds[-1],
                    "all": round(sum(seconds), 1)},
        "most_bytes": max(one["bytes"] for one in drawn),
        "largest": sorted(drawn, key=lambda one: -one["seconds"])[:5],
    }  # fmt: skip


def bundle(wsdl: Path, folder: Path) -> dict[str, int | float] | None:
    around = Surroundings(Registry(), (), {})
    began = time.process_time()
    try:
        drawing = draw({"wsdl": str(wsdl)}, around)
    except Problem:
        return None
    calls = drawing.draft.calls
    wish = Wish("wms", "WMS", "o@example.com", "p@example.com", tuple(call.call for call in calls))
    write(folder, render(wish, drawing), around)
    errors = sum(finding.level == "error" for finding in check_folder(folder, around))
    seconds = round(time.process_time() - began, 3)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"calls": len(calls), "errors": errors, "seconds": seconds, "bytes": size}


def stopwatch() -> dict[str, float]:
    """Seconds of each step, by the clock and of processor time, without what a person takes to read and type."""
    with Warehouse() as warehouse, tempfile.TemporaryDirectory() as place:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("BROWNFIELD_")} | {
            "BROWNFIELD_HOME": f"{place}/home", "WAREHOUSE_URL": warehouse.url,
            "BROWNFIELD_SECRET_WMS_USER": "wms-read", "BROWNFIELD_SECRET_WMS_PASSWORD": "read-secret",
        }  # fmt: skip
        steps: dict[str, float] = {}
        began, used = time.perf_counter(), processor()

        def lap(name: str) -> None:
            nonlocal began, used
            steps[name] = round(time.perf_counter() - began, 2)
            steps[f"{name}, processor"] = round(processor() - used, 2)
            began, used = time.perf_counter(), processor()

        def run(*words: str) -> str:
            done = subprocess.run(
                [BROWNFIELD, *words], cwd=place, env=environ, capture_output=True, text=True, check=True
            )
            return done.stdout.strip()

        run("new", "wms", "--wsdl", warehouse.wsdl, "--read", "GetItem")
        lap("new")
        (Path(place) / "brownfield.toml").write_text('environment = "sandbox"\nport = 0\n')
        grant = ("--grant", "wms.get_item")
        environ["BROWNFIELD_KEY"] = run("keys", "create", "a", "--role", "agent", "--person", "p@x.org", *grant)
        lap("keys create")
        server = subprocess.Popen([BROWNFIELD, "up", "wrappers/"], cwd=place, env=environ,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        while not (Path(place) / "home" / "server.json").exists():
            time.sleep(0.02)
        waited = time.perf_counter() - began
        run("call", "wms.get_item", "ItemNo=A-100")
        server.terminate()
        server.wait(20)
        lap("up, call and down")
        return steps | {"until up listens": round(waited, 2)}


def processor() -> float:
    """Seconds of processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    if not CORPUS.is_dir():
        sys.exit(f"NOT MEASURED for want of the corpus: no folder {CORPUS}")
    runs = [stopwatch() for _ in range(5)]
    document = {
        "what": __doc__.splitlines()[0],
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}",
        "corpus": corpus(),
        "stopwatch_seconds": {name: median(run[name] for run in runs) for name in runs[0]},
    }
    OUT.write_text(json.dumps(document, indent=2) + "\n")
    print(OUT.read_text())
