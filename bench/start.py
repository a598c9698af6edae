"""``python bench/start.py ours|zeep FOLDER``: seconds from a WSDL on disk to a client that can call, on stdout.

Both have imported all they need. Ours makes the envelope of one call too, which finds nobody to send it to; its
model is kept in the folder already, or is made by the first run.
"""

import sys
import time
from pathlib import Path


def ours(folder: Path) -> float:
    from brownfield.contract import Opening, Unavailable  # noqa: PLC0415  zeep's side needs none of it
    from brownfield.runtime.derived import Derived  # noqa: PLC0415
    from brownfield_soap import adapter, connection  # noqa: PLC0415

    settings = adapter.settings(wsdl=folder / "large.wsdl", endpoint="http://127.0.0.1:9/")
    began = time.perf_counter()
    opening = Opening("large", folder, settings, str, derived=Derived(folder / "derived", bytes(32)))
    opened = connection.SoapConnection(opening)
    try:
        opened.invoke("Get7", {"Id": "AB1"})
    except Unavailable:
        return time.perf_counter() - began
    raise RuntimeError("somebody listens on the discard port")


def zeep(folder: Path) -> float:
    import zeep as library  # noqa: PLC0415  our side never imports it

    began = time.perf_counter()
    library.Client(str(folder / "large.wsdl"))
    return time.perf_counter() - began


if __name__ == "__main__":
    print({"ours": ours, "zeep": zeep}[sys.argv[1]](Path(sys.argv[2])))
