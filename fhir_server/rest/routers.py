"""Every router of the server, in the order in which they are asked."""

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from fhir_server.rest import (
    bulk_jobs,
    bundle,
    cds_services,
    compartment,
    create,
    delete,
    health,
    history,
    hl7v2,
    metadata,
    operate,
    patch,
    read,
    search,
    unserved,
    update,
)
from fhir_server.rest.route_tree import FhirRoutes, is_fhir


def routers() -> tuple[APIRouter, ...]:
    """Return the routers; `unserved` is the last and refuses what nobody before it took."""
    rooms = (
        bulk_jobs,
        health,
        cds_services,
        hl7v2,
        metadata,
        bundle,
        operate,
        history,
        search,
        compartment,
        create,
        read,
        update,
        patch,
        delete,
        unserved,
    )
    return tuple(room.router for room in rooms)


def install(app: FastAPI) -> None:
    """Let the framework serve the routers that have nothing below /fhir."""
    for router in routers():
        if not _below_fhir(router):
            app.include_router(router)


def fhir(app: ASGIApp) -> FhirRoutes:
    """Return what serves everything below /fhir, and by `app` everything else."""
    routes = [route for router in routers() for route in _below_fhir(router)]
    return FhirRoutes(app, routes=routes, otherwise=unserved.unserved)


def _below_fhir(router: APIRouter) -> list[BaseRoute]:
    return [route for route in router.routes if is_fhir(getattr(route, "path", ""))]
