"""Every router of the server, in the order in which they are asked."""

from fastapi import APIRouter, FastAPI

from fhir_server.rest import (
    bulk_jobs,
    bundle,
    cds_services,
    create,
    delete,
    health,
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
        search,
        create,
        read,
        update,
        patch,
        delete,
        unserved,
    )
    return tuple(room.router for room in rooms)


def install(app: FastAPI) -> None:
    """Let `app` serve every router: what lies below /fhir by the tree, the rest by the framework.

    Middleware that is added afterwards stands around both.
    """
    fhir = []
    for router in routers():
        below = [route for route in router.routes if is_fhir(getattr(route, "path", ""))]
        if below:
            fhir += below
        else:
            app.include_router(router)
    app.add_middleware(FhirRoutes, routes=fhir, otherwise=unserved.unserved)
