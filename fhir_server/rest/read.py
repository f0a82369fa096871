"""GET /fhir/{type}/{id} and its versions: http://hl7.org/fhir/R4/http.html#read, #vread."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError, Issue, NotFound
from fhir_server.rest.conditions import read_conditions
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.outgoing import resource_response, version_headers
from fhir_server.rest.services import services_of
from fhir_server.store import resources
from fhir_server.store.access import Access, visible
from fhir_server.store.resources import Stored

router = APIRouter()


async def read(request: Request) -> Response:
    """Return the current version; 304 where If-None-Match or If-Modified-Since says it is known."""
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    services = services_of(request)
    conditions, access = read_conditions(request), services.access_of(request)
    # What only some may see is decided by further statements: all of them on one snapshot.
    look = services.database.find if access.patients is None else services.database.look_up
    stored = await look(lambda c: read_current(c, type, id, access))
    if conditions.is_known(stored):
        return Response(status_code=304, headers=version_headers(stored))
    return resource_response(request, stored)


async def vread(request: Request) -> Response:
    """Return one version, also of a resource that has changed or gone since."""
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    version = version_number(request.path_params["version"])
    services = services_of(request)
    access = services.access_of(request)
    stored = await services.database.look_up(
        lambda c: read_one_version(c, type, id, version, access)
    )
    return resource_response(request, stored)


def read_current(connection: Connection, type: str, id: str, access: Access) -> Stored:
    """Return the current version that may be seen; NotFound (404) or Gone (410)."""
    return _seen(connection, resources.read(connection, type, id), access)


def read_one_version(
    connection: Connection, type: str, id: str, version: int, access: Access
) -> Stored:
    """Return one version that may be seen; 404 or 410."""
    return _seen(connection, resources.read_version(connection, type, id, version), access)


def _seen(connection: Connection, stored: Stored, access: Access) -> Stored:
    if not visible(connection, stored, access):
        # The same words as for a resource that is not there: that it exists is no one's business.
        raise NotFound(stored.type, stored.id)
    return stored


def version_number(text: str) -> int:
    """Return the number of a version id; 404 for a text that no version of this server has."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise FhirError(404, Issue("error", "not-found", f"There is no version {text[:64]!r}."))
    return int(text)


router.add_route("/fhir/{type}/{id}", read, methods=["GET"])
router.add_route("/fhir/{type}/{id}/_history/{version}", vread, methods=["GET"])
