"""Liveness, readiness and metrics."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from fhir_server.hl7v2.operations import is_stuck
from fhir_server.rest.hl7v2_desk import desk_of
from fhir_server.store import hl7v2_log as log
from fhir_server.store.hl7v2_unmapped import waiting

router = APIRouter(tags=["operations"])


@router.get("/health/live", summary="Is the process alive?")
async def live() -> JSONResponse:
    """Answer 200 while the process serves requests."""
    return JSONResponse({"status": "live"})


@router.get("/health/ready", summary="Can it do its work?")
async def ready(request: Request) -> JSONResponse:
    """Answer 200 when the store answers and takes messages, and the models are loaded.

    Messages that wait too long are told and make nobody unready: cards need no messages.
    """
    desk = desk_of(request)
    held = await desk.database.read(log.held)
    models = [m.definition.id for m in request.app.state.cds.evaluation.predictor.registry]
    if not models:
        return JSONResponse({"status": "no models"}, status_code=503)
    if desk.metrics.store_refuses:
        return JSONResponse({"status": "the store takes no messages"}, status_code=503)
    waits = held.oldest is not None and is_stuck(held.oldest, desk.clock())
    hl7v2 = {"waiting": held.states["received"], "waitTooLong": waits}
    return JSONResponse({"status": "ready", "models": models, "hl7v2": hl7v2})


@router.get("/metrics", summary="Metrics in the Prometheus text format")
async def metrics(request: Request) -> Response:
    """Return all metrics; none carries a patient's data."""
    desk = desk_of(request)
    held = await desk.database.read(log.held)
    unmapped = await desk.database.read(waiting)
    desk.metrics.held(held, unmapped, desk.clock().timestamp())
    return Response(request.app.state.cds.telemetry.metrics(), media_type=CONTENT_TYPE_LATEST)
