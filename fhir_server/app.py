"""The ASGI app: routes, boundary, and the life of the store and the MLLP listener."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from fhir_server.r4.outcome import Issue
from fhir_server.rest.answer_form import AnswerForm
from fhir_server.rest.boundary import RequestBoundary
from fhir_server.rest.cross_origin import CrossOrigin
from fhir_server.rest.errors import outcome_response
from fhir_server.rest.routers import fhir, install
from fhir_server.settings import Settings
from fhir_server.wiring import VERSION, House, build

_LOOPBACK_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"

_DESCRIPTION = (
    "A FHIR-native clinical decision support server that leaves the decision to the attending "
    "physician."
)


class Application(FastAPI):
    """The framework's app behind `front`, through which every request goes first.

    The framework's own way in has five layers, which take longer than a read by id does.
    """

    front: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection scope."""
        if scope["type"] == "http" and self.front is not None:
            scope["app"] = self
            await self.front(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Return the framework's layers without the outermost, which would answer for `front`."""
        outermost = super().build_middleware_stack()
        return outermost.app if isinstance(outermost, ServerErrorMiddleware) else outermost

    async def framework(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle what nothing in `front` has answered."""
        await super().__call__(scope, receive, send)


def create_app(settings: Settings) -> Application:
    """Return the app; the store opens here, so that a refusal stops the start."""
    house = build(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        async with house.running():
            yield

    app = Application(
        title="Attending",
        version=VERSION,
        description=_DESCRIPTION,
        docs_url=None,  # its page would load scripts from another host
        redoc_url=None,
        # The boundary has its own spans and metrics, without paths that may name a patient.
        telemetry={"tracing": False, "metrics": False},
        lifespan=life,
    )
    app.state.fhir = house.fhir
    app.state.cds = house.cds
    app.state.hl7v2 = house.intake
    app.state.desk = house.desk
    app.state.models = house.model_desk
    install(app)
    app.add_exception_handler(HTTPException, _outcome)
    app.front = _front(app.framework, house, settings)
    return app


async def _outcome(_request: Request, error: Exception) -> Response:
    """Return what the framework refuses in the form of every other refusal."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = "not-found" if status == 404 else "not-supported"
    text = "There is no such address." if status == 404 else "The address does not take this."
    return outcome_response(status, Issue("error", code, text))


def _front(app: ASGIApp, house: House, settings: Settings) -> ASGIApp:
    """Return the routes below /fhir with the form of answers, the boundary and CORS around them."""
    guarded = RequestBoundary(AnswerForm(fhir(app)), telemetry=house.telemetry, gate=house.gate)
    return CrossOrigin(
        guarded,
        origins=settings.cors_origins,
        origin_pattern=_LOOPBACK_ORIGIN if settings.profile == "evaluation" else None,
    )
