"""HL7v2 over HTTP: one message in, its acknowledgment out; or a batch in, a batch out.

| acknowledgment | HTTP status |
|---|---|
| AA | 200 |
| AE: the content is wrong | 422 |
| AR: the header is not for this server | 400 |
| AR: a fault of this server (condition 207) | 503; the same message may be sent again |

A batch (FHS or BHS in front) is answered by a batch: 200 where every message is accepted and none
is missing, 503 where one may be sent again, else 422.
"""

from typing import Final

from fastapi import APIRouter, Request, Response

from fhir_server.hl7v2.batches import is_batch
from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.senders import Peer
from fhir_server.hl7v2.working import Answer
from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.rest.bodies import read_body
from fhir_server.rest.hl7v2_batch import take_batch
from fhir_server.rest.services import CLIENT

router = APIRouter(prefix="/hl7v2", tags=["HL7v2"])

CHANNEL: Final = "http"
_ER7: Final = "application/hl7-v2"
_ACCEPTED: Final = (_ER7, "x-application/hl7-v2+er7", "application/hl7-v2+er7", "text/plain")
_STATUS: Final = {"AA": 200, "CA": 200, "AE": 422, "CE": 422, "AR": 400, "CR": 400}


@router.post("", summary="Send one HL7v2 message, or a batch")
async def receive(request: Request) -> Response:
    """Take a message or a batch, without MLLP blocks; MSH-18 names each message's character set."""
    intake = _intake(request)
    kind = _media_type(request)
    body = await read_body(request, limit=intake.longest)
    address = request.client.host if request.client is not None else ""
    peer = Peer(address, client=request.scope.get(CLIENT) or "")
    if is_batch(body):
        return await _batch(intake, body, peer, kind)
    answer = await intake.answer(body, channel=CHANNEL, peer=peer)
    headers = {"Retry-After": "1"} if answer.may_be_repeated else None
    return Response(
        answer.acknowledgment, status_code=_status(answer), media_type=kind, headers=headers
    )


async def _batch(intake: Intake, body: bytes, peer: Peer, kind: str) -> Response:
    answered = await take_batch(intake, body, channel=CHANNEL, peer=peer)
    headers = {"Retry-After": "1"} if answered.status == 503 else None
    content = answered.finish()
    return Response(content, status_code=answered.status, media_type=kind, headers=headers)


def _intake(request: Request) -> Intake:
    intake: Intake = request.app.state.hl7v2
    return intake


def _media_type(request: Request) -> str:
    """Return the media type of the body, in which the answer is written too; 415 for another."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").lower()
    if kind not in _ACCEPTED or encoding != "identity":
        text = f"Send one HL7v2 message or a batch, not compressed, as {', '.join(_ACCEPTED)}."
        raise FhirError(415, Issue("error", "not-supported", text))
    return kind


def _status(answer: Answer) -> int:
    return 503 if answer.may_be_repeated else _STATUS[answer.code]
