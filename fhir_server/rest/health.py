"""Liveness, readiness and metrics."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text

router = APIRouter(tags=["operations"])


@router.get("/health/live", summary="Is the process alive?")
async def live() -> JSONResponse:
    """Answer 200 while the process serves requests."""
    return JSONResponse({"status": "live"})


@router.get("/health/ready", summary="Can it do its work?")
async def ready(request: Request) -> JSONResponse:
    """Answer 200 when the store answers and the models are loaded."""
    services = request.app.state.fhir
    await services.database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
    models = [m.definition.id for m in request.app.state.cds.evaluation.predictor.registry]
    if not models:
        return JSONResponse({"status": "no models"}, status_code=503)
    return JSONResponse({"status": "ready", "models": models})


@router.get("/metrics", summary="Metrics in the Prometheus text format")
async def metrics(request: Request) -> Response:
    """Return all metrics; none carries a patient's data."""
    return Response(request.app.state.cds.telemetry.metrics(), media_type=CONTENT_TYPE_LATEST)
