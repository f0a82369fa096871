"""The HL7v2 routes over ASGI, with the desk of an operator beside the intake."""

import httpx
from fastapi import FastAPI, Request, Response
from prometheus_client import CollectorRegistry

from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.metrics import MessageMetrics
from fhir_server.hl7v2.policy import Policy, Reception
from fhir_server.r4.outcome import FhirError
from fhir_server.rest import hl7v2, hl7v2_messages, hl7v2_operations
from fhir_server.rest.errors import error_response
from fhir_server.rest.hl7v2_desk import Desk
from fhir_server.store.database import Database
from tests.unit.hl7v2.examples import LOCAL_CODES, SHANGHAI, Clock

ADDRESS = "http://test"


def desk(hospital: Intake, database: Database, clock: Clock, codes=LOCAL_CODES) -> Desk:
    """The operator's desk of a hospital."""
    return Desk.of(
        database=database,
        reception=Reception(Policy(zone=SHANGHAI), codes),
        intake=hospital,
        metrics=MessageMetrics(CollectorRegistry()),
        clock=clock,
        language="en",
    )


def client(hospital: Intake, database: Database | None = None, **more: object) -> httpx.AsyncClient:
    """Return a client of the routes; without a database only messages can be sent."""
    app = FastAPI()
    app.state.hl7v2 = hospital
    if database is not None:
        app.state.desk = desk(hospital, database, more.pop("clock", Clock()), **more)
    for room in (hl7v2, hl7v2_operations, hl7v2_messages):
        app.include_router(room.router)

    @app.exception_handler(FhirError)
    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, FhirError)
        return error_response(error)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ADDRESS)
