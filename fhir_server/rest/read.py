"""GET /fhir/{type}/{id} and its versions: http://hl7.org/fhir/R4/http.html#read, #vread."""

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError, Issue, NotFound
from fhir_server.rest.conditions import read_conditions
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.outgoing import resource_response, version_headers
from fhir_server.rest.services import access_to, services_of
from fhir_server.rest.subset_request import subset_asked
from fhir_server.store import resources
from fhir_server.store.access import Access, check_known, sees
from fhir_server.store.resources import Stored

router = APIRouter()


async def read(request: Request) -> Response:
    """Return the current version; 304 where If-None-Match or If-Modified-Since says it is known."""
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    services = services_of(request)
    conditions, access = read_conditions(request), access_to(request)
    wanted = subset_asked(request, type)
    # What only some may see is decided by further statements: all of them on one snapshot.
    look = services.database.find if access.patients is None else services.database.look_up
    stored = await look(lambda c: read_current(c, type, id, access))
    if conditions.is_known(stored):
        return Response(status_code=304, headers=version_headers(stored))
    return resource_response(request, stored, wanted)


async def vread(request: Request) -> Response:
    """Return one version, also of a resource that has changed or gone since."""
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    version = version_number(request.path_params["version"])
    services = services_of(request)
    access, wanted = access_to(request), subset_asked(request, type)
    stored = await services.database.look_up(
        lambda c: read_one_version(c, type, id, version, access)
    )
    return resource_response(request, stored, wanted)


def read_current(connection: Connection, type: str, id: str, access: Access) -> Stored:
    """Return the current version that may be seen; NotFound (404) or Gone (410)."""
    # First: a 410 would say that there was a resource, which is no one else's business.
    check_known(connection, type, id, access)
    return resources.read(connection, type, id)


def read_one_version(
    connection: Connection, type: str, id: str, version: int, access: Access
) -> Stored:
    """Return one version that may be seen; 404 or 410."""
    check_known(connection, type, id, access)
    stored = resources.read_version(connection, type, id, version)
    if not sees(stored.body, access):
        raise NotFound(type, id)
    return stored


def version_number(text: str) -> int:
    """Return the number of a version id; 404 for a text that no version of this server has."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise FhirError(404, Issue("error", "not-found", f"There is no version {text[:64]!r}."))
    return int(text)


router.add_route("/fhir/{type}/{id}", read, methods=["GET"])
router.add_route("/fhir/{type}/{id}/_history/{version}", vread, methods=["GET"])
