"""HL7v2 over HTTP: one message in, its acknowledgment out; and the messages that were not taken.

| acknowledgment | HTTP status |
|---|---|
| AA | 200 |
| AE: the content is wrong | 422 |
| AR: the header is not for this server | 400 |
| AR: a fault of this server (condition 207) | 503; the same message may be sent again |
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.senders import Peer
from fhir_server.hl7v2.working import Answer
from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.rest.bodies import read_body
from fhir_server.rest.services import CLIENT
from fhir_server.store.hl7v2_messages import UNSUCCESSFUL, ListedMessage, State
from fhir_server.store.resources import moment

router = APIRouter(prefix="/hl7v2", tags=["HL7v2"])

CHANNEL: Final = "http"
_ER7: Final = "application/hl7-v2"
_ACCEPTED: Final = (_ER7, "x-application/hl7-v2+er7", "application/hl7-v2+er7", "text/plain")
_STATUS: Final = {"AA": 200, "CA": 200, "AE": 422, "CE": 422, "AR": 400, "CR": 400}

_STATES: Final[Mapping[str, tuple[State, ...]]] = {
    "failed": UNSUCCESSFUL,
    "quarantined": ("quarantined",),
    "discarded": ("discarded",),
    "rejected": ("rejected",),
    "processed": ("processed",),
    "received": ("received",),
}


@router.post("", summary="Send one HL7v2 message")
async def receive(request: Request) -> Response:
    """Take one message without MLLP blocks; its character set is the one that MSH-18 names."""
    intake = _intake(request)
    kind = _media_type(request)
    body = await read_body(request, limit=intake.longest)
    address = request.client.host if request.client is not None else ""
    peer = Peer(address, client=request.scope.get(CLIENT) or "")
    answer = await intake.answer(body, channel=CHANNEL, peer=peer)
    headers = {"Retry-After": "1"} if answer.may_be_repeated else None
    return Response(
        answer.acknowledgment, status_code=_status(answer), media_type=kind, headers=headers
    )


@router.get("/messages", summary="List HL7v2 messages without patient content")
async def list_messages(request: Request) -> Response:
    """List the newest 500 messages in `state`; `failed` (the default) lists the rejected too."""
    asked = request.query_params.get("state", "failed")
    states = _STATES.get(asked)
    if states is None:
        text = f"state is {asked[:40]!r}; it is one of {', '.join(_STATES)}."
        raise BadRequest("value", text)
    found = await _intake(request).listed(states)
    document = {"messages": [_entry(each) for each in found]}
    return Response(msgspec.json.encode(document), media_type="application/json")


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.hl7v2
    return intake


def _media_type(request: Request) -> str:
    """Return the media type of the body, in which the answer is written too; 415 for another."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    if kind not in _ACCEPTED or encoding != "identity":
        text = f"Send one HL7v2 message, not compressed, as {', '.join(_ACCEPTED)}."
        raise FhirError(415, Issue("error", "not-supported", text))
    return kind


def _status(answer: Answer) -> int:
    return 503 if answer.may_be_repeated else _STATUS[answer.code]


def _entry(message: ListedMessage) -> dict[str, Any]:
    application, _, facility = message.sender.partition("|")
    return {
        "id": message.id,
        "received": moment(message.received).isoformat(timespec="milliseconds"),
        "channel": message.channel,
        "peer": message.peer,
        "sender": {"application": application, "facility": facility},
        "controlId": message.control_id,
        "type": message.type,
        "state": message.state,
        "errors": list(message.errors),
    }
