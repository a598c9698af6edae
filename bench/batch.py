"""Collect one file, in a process of its own: `python bench/batch.py INSTALLATION`; prints the seconds as JSON.

Timed is what `brownfield collect` does with a file that has arrived: both passes over it, decoding, events, checkpoint
and quarantine in one durable transaction per chunk, and archiving it. Starting up is not.
"""

import json
import os
import sys
import time
from pathlib import Path

from brownfield.runtime.assembly import open_assembly


def main() -> None:
    folder = Path(sys.argv[1])
    environ = {**os.environ, "BROWNFIELD_HOME": str(folder / "home"), "INVENTORY_DROP": str(folder / "drop"),
               "INVENTORY_NIGHTLY": "unused", "WMS_URL": "http://127.0.0.1:9/"}  # fmt: skip
    with open_assembly(folder / "wrappers", environ, chain="bench") as assembly:
        opened, feed = assembly.kernel.feed("inventory", "stock_count")
        began = time.perf_counter()
        (file,) = assembly.collecting.run(opened, feed)
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "events": file["events"], "state": file["state"]}))


if __name__ == "__main__":
    main()
