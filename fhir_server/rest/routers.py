"""What answers which address: FHIR by the tree of its routes, the rest by the framework."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from fhir_server.rest import (
    cds_services,
    health,
    hl7v2,
    hl7v2_messages,
    hl7v2_operations,
    model_cards,
    models,
)
from fhir_server.rest.interactions import fhir_routes
from fhir_server.rest.route_tree import FhirRoutes
from fhir_server.rest.unserved import unserved


def install(app: FastAPI) -> None:
    """Let the framework serve what does not lie below /fhir."""
    for room in (
        health,
        cds_services,
        hl7v2,
        hl7v2_operations,
        hl7v2_messages,
        models,
        model_cards,
    ):
        app.include_router(room.router)


def fhir(app: ASGIApp) -> FhirRoutes:
    """Return what serves everything below /fhir, and by `app` everything else."""
    return FhirRoutes(app, routes=fhir_routes(), otherwise=unserved)
