"""Every router of the server, in the order in which they are asked."""

from fastapi import APIRouter

from fhir_server.rest import (
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


def routers() -> tuple[APIRouter, ...]:
    """Return the routers; `unserved` is the last and refuses what nobody before it took."""
    rooms = (
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
