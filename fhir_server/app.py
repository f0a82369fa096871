"""The ASGI app: routes, boundary, and the life of the store and the MLLP listener."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from fhir_server.r4.outcome import Issue
from fhir_server.rest.answer_form import AnswerForm
from fhir_server.rest.boundary import RequestBoundary
from fhir_server.rest.errors import outcome_response
from fhir_server.rest.routers import install
from fhir_server.settings import Settings
from fhir_server.wiring import VERSION, House, build

_LOOPBACK_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"

_DESCRIPTION = (
    "A FHIR-native clinical decision support server that leaves the decision to the attending "
    "physician."
)


def create_app(settings: Settings) -> FastAPI:
    """Return the app; the store opens here, so that a refusal stops the start."""
    house = build(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with house.running():
            yield

    app = FastAPI(
        title="Attending",
        version=VERSION,
        description=_DESCRIPTION,
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        lifespan=life,
    )
    app.state.fhir = house.fhir
    app.state.cds = house.cds
    app.state.hl7v2 = house.intake
    install(app)
    app.add_exception_handler(HTTPException, _outcome)
    _guard(app, house, settings)
    return app


async def _outcome(_request: Request, error: Exception) -> Response:
    """Return what the framework refuses in the form of every other refusal."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = "not-found" if status == 404 else "not-supported"
    text = "There is no such address." if status == 404 else "The address does not take this."
    return outcome_response(status, Issue("error", code, text))


def _guard(app: FastAPI, house: House, settings: Settings) -> None:
    """Put the form of answers around the routes, then the boundary, then CORS."""
    app.add_middleware(AnswerForm)
    app.add_middleware(RequestBoundary, telemetry=house.telemetry, gate=house.gate)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_origin_regex=_LOOPBACK_ORIGIN if settings.profile == "evaluation" else None,
        allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Accept",
            "Prefer",
            "If-Match",
            "If-None-Match",
            "If-None-Exist",
            "If-Modified-Since",
        ],
        expose_headers=[
            "ETag",
            "Location",
            "Content-Location",
            "Last-Modified",
            "WWW-Authenticate",
            "X-Progress",
            "Retry-After",
            "Expires",
        ],
        max_age=600,
    )
