"""CDS Hooks over HTTP: discovery, the services, feedback."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from cds_hooks import discovery
from cds_hooks.evaluate import Evaluation
from cds_hooks.feedback import parse_feedback
from cds_hooks.ports import FeedbackLog
from cds_hooks.protocol import parse_request
from cds_hooks.record import MODEL_SYSTEM, SYSTEM
from cds_hooks.render.choice import unanswered_json
from cds_hooks.service import HookService
from cds_hooks.wording import Wording, choose_language
from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.rest.content import read_json_body
from fhir_server.telemetry import Telemetry
from inference.contract import Language
from terminology.catalogue import Catalogue

router = APIRouter(prefix="/cds-services", tags=["CDS Hooks"])

TOPIC_SYSTEM = f"{MODEL_SYSTEM}/topics"
UNANSWERED_EXTENSION = "org.attending.unanswered"
OVERRIDE_SYSTEM = f"{SYSTEM}/override-reasons"


@dataclass(frozen=True, slots=True)
class CdsServices:
    """What the routes need; wiring puts it on `app.state.cds`."""

    services: Mapping[str, HookService]
    evaluation: Evaluation
    feedback: FeedbackLog
    wordings: Mapping[Language, Wording]
    catalogue: Catalogue
    telemetry: Telemetry
    clock: Callable[[], datetime]
    default_language: Language
    body_limit: int


class UnknownService(FhirError):
    """404: no service of that id."""

    def __init__(self, service_id: str) -> None:
        diagnostics = f"There is no CDS service {service_id[:64]!r}; see /cds-services."
        super().__init__(404, Issue("error", "not-found", diagnostics))


@router.get("", summary="CDS Hooks discovery")
async def discover(request: Request) -> Response:
    """List the services with their prefetch templates."""
    cds = _cds(request)
    language = _language(request, cds)
    document = discovery.document(cds.services, catalogue=cds.catalogue, language=language)
    return _json(document, language)


@router.post("/{service_id}", summary="Call a CDS service")
async def call(request: Request, service_id: str) -> Response:
    """Answer a hook call with cards; an evaluation that fails is an error, never no cards."""
    cds = _cds(request)
    service = _service(cds, service_id)
    body = await _object(request, cds)
    language = _language(request, cds)
    wording = cds.wordings[language]
    found = await cds.evaluation.cards(
        service,
        parse_request(body, expected_hook=service.hook),
        wording=wording,
        at=cds.clock(),
    )
    for card in found.cards:
        cds.telemetry.cards.add(1, {"model": card.model.id, "indicator": card.indicator})
    written = [
        card.to_json(topic_system=TOPIC_SYSTEM, override_system=OVERRIDE_SYSTEM)
        for card in found.cards
    ]
    answer: dict[str, Any] = {"cards": written}
    if found.unanswered:
        unanswered = [unanswered_json(each, wording) for each in found.unanswered]
        answer["extension"] = {UNANSWERED_EXTENSION: unanswered}
    return _json(answer, language)


@router.post("/{service_id}/feedback", summary="Report what became of cards")
async def feedback(request: Request, service_id: str) -> Response:
    """Keep feedback on cards that this service issued."""
    cds = _cds(request)
    service = _service(cds, service_id)
    entries = parse_feedback(await _object(request, cds))
    await cds.feedback.keep(service.id, entries)
    for entry in entries:
        cds.telemetry.feedback.add(1, {"service": service.id, "outcome": entry.outcome})
    return Response(status_code=200)


def _cds(request: Request) -> CdsServices:
    cds: CdsServices = request.app.state.cds
    return cds


async def _object(request: Request, cds: CdsServices) -> JsonObject:
    """Return the JSON object of the body; 400 where a key stands twice.

    Of two patient ids or two values one would be passed over, and nobody would know which.
    """
    body = await read_json_body(request, limit=cds.body_limit)
    return decode(body, unique_keys=True)


def _service(cds: CdsServices, service_id: str) -> HookService:
    service = cds.services.get(service_id)
    if service is None:
        raise UnknownService(service_id)
    return service


def _language(request: Request, cds: CdsServices) -> Language:
    return choose_language(request.headers.get("accept-language"), cds.default_language)


def _json(document: Mapping[str, Any], language: Language) -> Response:
    return Response(
        msgspec.json.encode(document),
        media_type="application/json",
        headers={"Content-Language": language, "Vary": "Accept-Language"},
    )
