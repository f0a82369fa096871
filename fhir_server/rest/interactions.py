"""Every route below /fhir, in the order in which it is asked where several fit."""

from starlette.routing import BaseRoute

from fhir_server.rest import (
    bulk_jobs,
    bundle,
    compartment,
    create,
    delete,
    history,
    metadata,
    operate,
    patch,
    read,
    search,
    update,
)

_ROOMS = (
    bulk_jobs,
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
)


def fhir_routes() -> list[BaseRoute]:
    """Return the routes of all FHIR interactions and operations."""
    return [route for room in _ROOMS for route in room.router.routes]
