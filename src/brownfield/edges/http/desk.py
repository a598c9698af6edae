"""The desk: proposals and decisions, halts, questions, the audit, batches and events."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from brownfield.edges.http.exchange import By, The, answer
from brownfield.ledger.batch import FileState
from brownfield.rules.problem import Problem
from brownfield.rules.proposal import State
from brownfield.runtime.mending import AT_ONCE

router = APIRouter(prefix="/v1")
Position = Annotated[int, Query(ge=0, le=2**63 - 1)]
Position64 = Annotated[int, Path(ge=0, le=2**63 - 1)]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=1000)]
LAST = re.compile(r"[0-9]{1,18}")
FOLLOW_EVERY = 0.5
"""Seconds between two looks for new events while a consumer follows."""


def listed(word: str, found: Sequence[Any], limit: int, mark: Callable[[Any], Any]) -> dict[str, Any]:
    """One page of a list, made of one more than it shows: whether there are more, and `after` which one to go on."""
    shown = list(found[:limit])
    onward = {"more": True, "after": mark(shown[-1])} if len(found) > limit else {"more": False}
    return {word: shown, **onward}


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Deciding(_Sent):
    """A decision on what the hash stands for."""

    hash: str = ""
    note: Annotated[str, Field(max_length=1000)] = ""


class Undoing(_Sent):
    """Why a write should be undone."""

    reason: Annotated[str, Field(max_length=1000)] = ""


class Handing(_Sent):
    """The reference under which the system knows a write done by hand."""

    reference: Annotated[str, Field(min_length=1, max_length=200)]


class Resolving(_Sent):
    """What an uncertain write did, after looking."""

    outcome: Literal["done", "failed"]
    note: Annotated[str, Field(min_length=1, max_length=1000)]


class Noting(_Sent):
    """Why, for the audit."""

    note: Annotated[str, Field(max_length=1000)] = ""


class Correcting(Noting):
    """What a record should have said: its fields, or its bytes in hex; neither for the bytes that it has."""

    fields: dict[str, Any] | None = None
    raw: Annotated[str, Field(max_length=1_000_000)] | None = None


class Halting(_Sent):
    """What to stop, and why."""

    scope: str = "everything"
    reason: Annotated[str, Field(max_length=1000)] = ""


class Resuming(_Sent):
    """What to let go on."""

    scope: str = "everything"


class Collecting(_Sent):
    """Whether a file that was seen before is taken again; whether only to say what would be done."""

    replay: bool = False
    dry_run: bool = False


class Sending(_Sent):
    """Whether only to say what would be done."""

    dry_run: bool = False


class Question(_Sent):
    """A question in plain words."""

    question: Annotated[str, Field(max_length=500)]


@router.get("/status")
async def status(assembly: The, by: By) -> Response:
    """Systems, halts, and what waits."""
    return answer(await assembly.desk.run(assembly.control.status, by))


@router.get("/proposals")
async def proposals(assembly: The, by: By, state: State | None = None, after: str | None = None,
                    limit: Limit = 100) -> Response:  # fmt: skip
    """Proposals, latest first."""
    states = [state] if state else None
    found = await asyncio.to_thread(assembly.proposing.list, by, states, limit + 1, after)
    bodies = [assembly.proposing.body(seen) for seen in found]
    return answer(listed("proposals", bodies, limit, itemgetter("proposal")))


@router.get("/proposals/{id}")
async def proposal(assembly: The, by: By, id: str) -> Response:  # noqa: A002
    """One proposal."""
    return answer(assembly.proposing.body(await asyncio.to_thread(assembly.proposing.get, by, id)))


@router.post("/proposals/{id}/approve")
async def approve(assembly: The, by: By, id: str, said: Deciding) -> Response:  # noqa: A002
    """Approve what the hash stands for."""
    seen = await assembly.desk.run(assembly.proposing.decide, by, id, "approved", said.hash, said.note)
    assembly.worker.wake()
    return answer(assembly.proposing.body(seen))


@router.post("/proposals/{id}/decline")
async def decline(assembly: The, by: By, id: str, said: Deciding) -> Response:  # noqa: A002
    """Decline it."""
    seen = await assembly.desk.run(assembly.proposing.decide, by, id, "declined", said.hash, said.note)
    return answer(assembly.proposing.body(seen))


@router.post("/proposals/{id}/undo", status_code=202)
async def undo(assembly: The, by: By, id: str, said: Undoing) -> Response:  # noqa: A002
    """Propose the write that reverses it."""
    return answer(assembly.proposing.body(await assembly.proposing.undo(by, id, said.reason)), 202)


@router.post("/proposals/{id}/done-by-hand")
async def done_by_hand(assembly: The, by: By, id: str, said: Handing) -> Response:  # noqa: A002
    """Say that a person has made the approved write by hand."""
    seen = await asyncio.to_thread(assembly.proposing.by_hand, by, id, said.reference)
    return answer(assembly.proposing.body(seen))


@router.post("/proposals/{id}/resolve")
async def resolve(assembly: The, by: By, id: str, said: Resolving) -> Response:  # noqa: A002
    """Say what an uncertain write did."""
    seen = await asyncio.to_thread(assembly.proposing.resolve, by, id, said.outcome, said.note)
    return answer(assembly.proposing.body(seen))


@router.post("/halt")
async def halt(assembly: The, by: By, said: Halting) -> Response:
    """Stop everything in a scope, at once."""
    return answer(await assembly.desk.run(assembly.control.halt, by, said.scope, said.reason))


@router.post("/resume")
async def resume(assembly: The, by: By, said: Resuming) -> Response:
    """Let it go on."""
    return answer(await assembly.desk.run(assembly.control.resume, by, said.scope))


@router.post("/ask")
async def ask(assembly: The, by: By, said: Question) -> Response:
    """A question to the audit, answered in sentences."""
    return answer(await asyncio.to_thread(assembly.asking.ask, by, said.question))


@router.get("/audit")
async def audit(
    assembly: The, by: By, after: Position = 0, limit: Annotated[int, Query(ge=1, le=2000)] = 100
) -> Response:
    """Audit entries as they are recorded."""
    found = await asyncio.to_thread(assembly.asking.entries, by, after, limit + 1)
    return answer(listed("entries", found, limit, itemgetter("id")))


@router.post("/audit/verify")
async def verify(assembly: The, by: By) -> Response:
    """Whether the audit is whole and as it was written."""
    return answer(await asyncio.to_thread(assembly.asking.verify, by))


@router.get("/audit/export")
async def export(assembly: The, by: By, since: datetime, until: datetime) -> Response:
    """The audit as lines that can be verified offline."""
    if since.tzinfo is None or until.tzinfo is None:
        raise Problem("invalid", "since and until need a zone, such as 2026-11-21T00:00:00Z")
    lines = await asyncio.to_thread(lambda: b"".join(assembly.asking.export(by, since, until)))
    return Response(lines, media_type="application/x-ndjson")


@router.post("/collect/{wrapper}/{feed}")
async def collect(assembly: The, by: By, wrapper: str, feed: str, said: Collecting) -> Response:
    """Collect what has arrived in a feed's drop."""
    if said.dry_run:
        files = await assembly.collecting.plan(by, wrapper, feed)
    else:
        files = await assembly.collecting.collect(by, wrapper, feed, replay=said.replay)
    return answer({"files": files, "strays": assembly.collecting.strays(wrapper, feed)})


@router.post("/send/{wrapper}/{connection}")
async def send(assembly: The, by: By, wrapper: str, connection: str, said: Sending) -> Response:
    """Have what is approved leave as a file."""
    if said.dry_run:
        return answer(await assembly.sending.plan(by, wrapper, connection))
    return answer(await assembly.sending.send(by, wrapper, connection))


@router.get("/inputs")
async def inputs(assembly: The, by: By, connection: str | None = None, after: Position | None = None,
                 limit: Limit = 50) -> Response:  # fmt: skip
    """Files that writes left in, latest first."""
    found = await asyncio.to_thread(assembly.sending.listing, by, connection, limit + 1, after)
    return answer(listed("inputs", found, limit, itemgetter("id")))


@router.get("/inputs/{wrapper}/{connection}/{sequence}")
async def input_file(assembly: The, by: By, wrapper: str, connection: str, sequence: Position64) -> Response:
    """One such file, record by record and field by field."""
    return answer(await asyncio.to_thread(assembly.sending.show, by, wrapper, connection, sequence))


@router.post("/inputs/{wrapper}/{connection}/{sequence}/resend")
async def resend_input(assembly: The, by: By, wrapper: str, connection: str, sequence: Position64,
                       said: Noting) -> Response:  # fmt: skip
    """Put a file once more, the same to the byte."""
    return answer(await assembly.sending.resend(by, wrapper, connection, sequence, said.note))


@router.post("/inputs/{wrapper}/{connection}/{sequence}/withdraw")
async def withdraw_input(assembly: The, by: By, wrapper: str, connection: str, sequence: Position64,
                         said: Noting) -> Response:  # fmt: skip
    """Take back a file that has not left."""
    return answer(await assembly.sending.withdraw(by, wrapper, connection, sequence, said.note))


@router.get("/batches")
async def batches(assembly: The, by: By, feed: str | None = None, state: FileState | None = None,
                  after: Position | None = None, limit: Limit = 50) -> Response:  # fmt: skip
    """Batch files, latest first."""
    asked = partial(assembly.collecting.batches, state=state, after=after)
    return answer(listed("batches", await asyncio.to_thread(asked, by, feed, limit + 1), limit, itemgetter("id")))


@router.get("/batches/{id}/quarantine")
async def quarantine(assembly: The, by: By, id: Number, after: Annotated[int, Query(ge=-1, le=2**63 - 1)] = -1,  # noqa: A002
                     limit: Limit = 1000) -> Response:  # fmt: skip
    """The records of a file that could not be read, by their numbers."""
    found = await asyncio.to_thread(assembly.collecting.quarantined, by, id, limit + 1, after)
    return answer(listed("quarantined", found, limit, itemgetter("record")))


@router.post("/batches/{id}/resume")
async def resume_batch(assembly: The, by: By, id: Number, said: Noting) -> Response:  # noqa: A002
    """Take in what is left of a held file."""
    return answer(await assembly.collecting.resume(by, id, said.note))


@router.post("/batches/{id}/refuse")
async def refuse_batch(assembly: The, by: By, id: Number, said: Noting) -> Response:  # noqa: A002
    """Say that a held file is not wanted."""
    return answer(await asyncio.to_thread(assembly.collecting.refuse, by, id, said.note))


@router.post("/batches/{id}/replay")
async def replay_records(assembly: The, by: By, id: Number, said: Noting) -> Response:  # noqa: A002
    """Read the open records of a file again, after a layout or a function was mended."""
    found = await assembly.collecting.lane.run(assembly.mending.replay, by, id, said.note)
    return answer({"quarantined": found, "more": len(found) >= AT_ONCE})


@router.post("/batches/{id}/quarantine/{record}/correct")
async def correct_record(assembly: The, by: By, id: Number, record: Position64,  # noqa: A002
                         said: Correcting) -> Response:  # fmt: skip
    """Make a record's event of corrected fields, or of corrected bytes, or of its own bytes read again."""
    try:
        raw = None if said.raw is None else bytes.fromhex(said.raw)
    except ValueError as error:
        raise Problem("invalid", "raw is not hexadecimal") from error
    correct = partial(assembly.mending.correct, fields=said.fields, raw=raw, note=said.note)
    return answer(await asyncio.to_thread(correct, by, id, record))


@router.post("/batches/{id}/quarantine/{record}/write-off")
async def write_off_record(assembly: The, by: By, id: Number, record: Position64,  # noqa: A002
                           said: Noting) -> Response:  # fmt: skip
    """Say that a record is not needed."""
    return answer(await asyncio.to_thread(assembly.mending.write_off, by, id, record, said.note))


@router.get("/events")
async def events(assembly: The, by: By, after: Position = 0, limit: Limit = 500,
                 feed: str | None = None) -> Response:  # fmt: skip
    """Events after a position."""
    return answer(await assembly.reading.run(assembly.events.page, by, after, limit, feed))


@router.get("/events/stream")
async def stream(request: Request, assembly: The, by: By, after: Position = 0, feed: str | None = None) -> Response:
    """Events as they come (server-sent events); `Last-Event-ID` resumes."""
    last = request.headers.get("last-event-id", "")
    start = int(last) if LAST.fullmatch(last) else after
    first = await assembly.reading.run(assembly.events.page, by, start, 1, feed)

    async def lines() -> AsyncIterator[bytes]:
        position = start
        yield f": from {first['position']}\n\n".encode()
        while not await request.is_disconnected():
            try:
                # The caller is recognised again, so that a revoked key or a halt ends the stream, and says why.
                now = await asyncio.to_thread(assembly.guard.again, by)
                page = await assembly.reading.run(assembly.events.page, now, position, 500, feed)
            except Problem as problem:
                yield f"event: problem\ndata: {orjson.dumps(problem.body(by.trace)).decode()}\n\n".encode()
                return
            for event in page["events"]:
                yield f"id: {event['position']}\ndata: {orjson.dumps(event).decode()}\n\n".encode()
            position = page["position"]
            if not page["events"]:
                yield b": nothing new\n\n"
                await asyncio.sleep(FOLLOW_EVERY)

    return StreamingResponse(lines(), media_type="text/event-stream", headers={"cache-control": "no-store"})
