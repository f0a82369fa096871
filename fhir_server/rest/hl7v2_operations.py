"""Replays of many HL7v2 messages, codes without mapping and counts, for `hl7v2-admin`."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from fhir_server.hl7v2.refusals import Refused, speaking
from fhir_server.hl7v2.replay import Replay, Tally, check_states
from fhir_server.hl7v2.replays import Run, Work
from fhir_server.hl7v2.segment_counts import as_json, count_segments
from fhir_server.hl7v2.unmapped_view import code_json, concept_map
from fhir_server.rest.bodies import read_body
from fhir_server.rest.errors import FHIR_JSON
from fhir_server.rest.hl7v2_desk import (
    Asked,
    Desk,
    answer,
    asked_of,
    desk_of,
    language_of,
    note_access,
)
from fhir_server.rest.hl7v2_filters import instant, states_of
from fhir_server.store import hl7v2_log as log
from fhir_server.store import hl7v2_unmapped
from fhir_server.store.hl7v2_log import Filter
from fhir_server.store.resources import instant_text, moment

router = APIRouter(prefix="/hl7v2", tags=["HL7v2"])

_LONGEST_BODY: Final = 16 * 1024
# Whose accounts are added up for one answer; the command adds up all of them.
_LOOKED_AT: Final = 10_000


@router.post("/messages/replay", summary="Process many HL7v2 messages again")
async def start_replay(request: Request) -> Response:
    """Begin a replay and answer 202 with the address that tells how far it is.

    Body: `all`, `unmapped`, or filters (`state`, `sender`, `type`, `since`). One runs at a time.
    """
    desk = desk_of(request)
    with speaking(language_of(request)):
        asked = asked_of(await read_body(request, limit=_LONGEST_BODY))
        run = desk.replays.start(_work(desk, asked), _described(asked))
    note_access(request, "replay many", run.id)
    return answer(_run(run), status=202, location=f"/hl7v2/replays/{run.id}")


@router.get("/replays/{id}", summary="How far a replay is")
async def read_replay(request: Request, id: str) -> Response:
    """Tell the state of a replay and what became of its messages so far."""
    with speaking(language_of(request)):
        return answer(_run(desk_of(request).replays.find(id)))


@router.delete("/replays/{id}", summary="Stop a replay")
async def stop_replay(request: Request, id: str) -> Response:
    """Stop a replay; what it has begun is finished, and it may be begun again."""
    with speaking(language_of(request)):
        return answer(_run(await desk_of(request).replays.stop(id)))


@router.get("/unmapped", summary="Local codes without a mapping to LOINC")
async def unmapped(request: Request) -> Response:
    """List the codes that results wait on; with `_format=ConceptMap` as a map to fill in."""
    found = await desk_of(request).database.read(hl7v2_unmapped.codes)
    sender = request.query_params.get("sender", "")
    codes = [each for each in found if sender in ("", each.sender)]
    if request.query_params.get("_format") == "ConceptMap":
        return answer(concept_map(codes), kind=FHIR_JSON)
    return answer({"codes": [code_json(each) for each in codes]})


@router.get("/counts", summary="How many HL7v2 messages and segments, and what became of them")
async def counts(request: Request) -> Response:
    """Count messages by sender, type and state, and segments that were not converted.

    `since`, `sender` and `type` narrow it; segments are those of the newest 10,000 messages.
    """
    desk, query = desk_of(request), request.query_params
    with speaking(language_of(request)):
        wanted = Filter(
            sender=query.get("sender", ""),
            type=query.get("type", ""),
            since=instant("since", query.get("since", ""), desk.database.zone),
        )
    messages = await desk.database.read(lambda c: log.by_sender(c, wanted))
    segments = await desk.database.read(lambda c: count_segments(c, wanted, most=_LOOKED_AT))
    held = await desk.database.read(log.held)
    oldest = None if held.oldest is None else instant_text(moment(held.oldest))
    document = {
        "messages": [
            {"sender": sender, "type": type, "state": state, "count": count,
             "newest": instant_text(moment(newest))}
            for sender, type, state, count, newest in messages
        ],
        "segments": as_json(segments),
        "waiting": {"messages": held.states["received"], "oldest": oldest},
    }  # fmt: skip
    return answer(document)


def _work(desk: Desk, asked: Asked) -> Work:
    wanted = Filter(
        states=states_of(asked.state or (), alone=True),
        sender=asked.sender,
        type=asked.type,
        since=instant("since", asked.since, desk.database.zone),
    )
    check_states(wanted)
    if asked.unmapped == (asked.all or wanted != Filter()):
        raise Refused(400, "required", "hl7v2.replay-body")

    async def work(tell: Callable[[Tally], None]) -> Tally:
        replay = Replay(desk.database, desk.intake, tell)
        if asked.unmapped:
            return await replay.newly_mapped(desk.reception.translators)
        return await replay.matching(wanted)

    return work


def _described(asked: Asked) -> dict[str, Any]:
    named = {"state": asked.state, "sender": asked.sender, "type": asked.type, "since": asked.since}
    flags = {"all": asked.all, "unmapped": asked.unmapped}
    return {name: value for name, value in (named | flags).items() if value}


def _run(run: Run) -> dict[str, Any]:
    tally = run.tally
    return {
        "id": run.id,
        "state": run.state,
        "asked": dict(run.asked),
        "started": instant_text(run.started),
        "finished": None if run.finished is None else instant_text(run.finished),
        "total": tally.total,
        "done": tally.done,
        "processed": tally.processed,
        "unchanged": tally.unchanged,
        "newVersions": tally.versions,
        "refused": tally.refused,
        "failed": tally.failed,
    }
