"""The batch files that arrived, and the records of them that could not be read."""

import asyncio

from fastapi import APIRouter, Response

from brownfield.edges.console.page import Page
from brownfield.edges.console.visit import Signed

router = APIRouter(route_class=Page)
SHOWN = 100
"""Files on one page."""
KNOWN = 1000
"""Files among which one is looked up."""


@router.get("/console/batches")
async def batches(visit: Signed) -> Response:
    """The files of all feeds, latest first."""
    files = await asyncio.to_thread(visit.assembly.collecting.batches, visit.caller, None, SHOWN)
    return visit.page("batches.html", files=files, most=SHOWN)


@router.get("/console/batches/{id}")
async def quarantine(visit: Signed, id: int) -> Response:  # noqa: A002  the word of the http door
    """One file's records in quarantine, whole."""
    collecting = visit.assembly.collecting
    records = await asyncio.to_thread(collecting.quarantined, visit.caller, id, KNOWN + 1)
    files = await asyncio.to_thread(collecting.batches, visit.caller, None, KNOWN)
    file = next((file for file in files if file["id"] == id), {"id": id, "name": f"file {id}"})
    return visit.page("quarantine.html", file=file, records=records[:KNOWN], more=len(records) > KNOWN)
