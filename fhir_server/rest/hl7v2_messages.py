"""The kept HL7v2 messages over HTTP, for clients that are registered for `hl7v2-admin`."""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from fhir_server.hl7v2.diagnosis import diagnose
from fhir_server.hl7v2.message_view import charset, listed_json, made, whole_json
from fhir_server.hl7v2.operations import Judge
from fhir_server.hl7v2.refusals import Refused, speaking
from fhir_server.hl7v2.working import Answer
from fhir_server.rest.bodies import read_body
from fhir_server.rest.hl7v2_desk import (
    NO_STORE,
    answer,
    asked_of,
    desk_of,
    language_of,
    note_access,
)
from fhir_server.rest.hl7v2_filters import filter_of, next_link, page_of
from fhir_server.rest.services import client_of
from fhir_server.store import hl7v2_log as log

router = APIRouter(prefix="/hl7v2/messages", tags=["HL7v2"])

_ER7: Final = "application/hl7-v2"
_LONGEST_BODY: Final = 16 * 1024


@router.get("", summary="List HL7v2 messages without patient content")
async def list_messages(request: Request) -> Response:
    """List messages, the newest first: without `state` those of which nothing was stored."""
    desk = desk_of(request)
    with speaking(language_of(request)):
        wanted = filter_of(request, desk.database.zone)
        before, size = page_of(request)
        found = await desk.database.read(
            lambda c: log.page(c, wanted, before=before, most=size + 1)
        )
    shown = found[:size]
    document: dict[str, Any] = {"messages": [listed_json(each) for _, each in shown]}
    if len(found) > size:
        document["next"] = next_link(request, shown[-1][0])
    return answer(document)


@router.get("/{id}", summary="One HL7v2 message: its outcome and the account of its segments")
async def read_message(request: Request, id: str) -> Response:
    """Tell all that is known of a message but its content."""
    desk = desk_of(request)
    with speaking(language_of(request)):
        message = await desk.operations.logged(id)
    resources = await desk.database.read(lambda c: made(c, id))
    note_access(request, "read", id)
    return answer(whole_json(message, resources))


@router.get("/{id}/raw", summary="The bytes of an HL7v2 message as they came")
async def read_raw(request: Request, id: str) -> Response:
    """Return the bytes, with the character set that they declare."""
    with speaking(language_of(request)):
        message = await desk_of(request).operations.logged(id)
    note_access(request, "read raw", id)
    name = charset(message)
    kind = f"{_ER7}; charset={name}" if name else _ER7
    headers = {**NO_STORE, "Content-Type": kind, "X-Content-Type-Options": "nosniff"}
    return Response(message.body, headers=headers)


@router.get("/{id}/diagnosis", summary="What hl7apy finds in an HL7v2 message")
async def read_diagnosis(request: Request, id: str) -> Response:
    """Compare a message with HL7's structures; a second opinion that decides nothing."""
    with speaking(language_of(request)):
        message = await desk_of(request).operations.logged(id)
    note_access(request, "diagnose", id)
    return answer({"findings": await asyncio.to_thread(diagnose, message.body)})


@router.post("/{id}/replay", summary="Process one HL7v2 message again")
async def replay(request: Request, id: str) -> Response:
    """Process a message again; what is there already makes no new version."""
    with speaking(language_of(request)):
        done = await desk_of(request).operations.replay(id)
    note_access(request, "replay", id)
    return await _told(request, done)


@router.post("/{id}/release", summary="Process an HL7v2 message from quarantine as it stands")
async def release(request: Request, id: str) -> Response:
    """Release a message from quarantine; body: `by` (who decides) and `reason`."""
    with speaking(language_of(request)):
        judge, reason = await _judged(request)
        done = await desk_of(request).operations.release(id, judge, reason)
    note_access(request, "release", id)
    return await _told(request, done)


@router.post("/{id}/discard", summary="Mark an HL7v2 message in quarantine as not to be processed")
async def discard(request: Request, id: str) -> Response:
    """Discard a message from quarantine; it is kept. Body: `by` and `reason`, both needed."""
    desk = desk_of(request)
    with speaking(language_of(request)):
        judge, reason = await _judged(request)
        await desk.operations.discard(id, judge, reason)
        message = await desk.operations.logged(id)
    note_access(request, "discard", id)
    return answer({**listed_json(message.listed), "decisions": list(message.decisions)})


async def _judged(request: Request) -> tuple[Judge, str]:
    """Return who decides and why; somebody has to answer for a decision."""
    asked = asked_of(await read_body(request, limit=_LONGEST_BODY))
    client = client_of(request) or ""
    if not asked.by.strip():
        raise Refused(400, "required", "hl7v2.judge-missing")
    return Judge(asked.by.strip(), client), asked.reason


async def _told(request: Request, done: Answer) -> Response:
    """Return what became of a message that was processed again."""
    message = await desk_of(request).operations.logged(done.message_id)
    document = {
        **listed_json(message.listed),
        "acknowledgment": done.code,
        "newVersions": done.versions,
    }
    return answer(document, status=503 if done.may_be_repeated else 200)
