"""GET /fhir/{type}/{id} and its versions: http://hl7.org/fhir/R4/http.html#read, #vread."""

from fastapi import APIRouter, Request, Response

from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.outgoing import resource_response
from fhir_server.rest.services import services_of
from fhir_server.store import resources

router = APIRouter()


async def read(request: Request) -> Response:
    """Return the current version."""
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    stored = services_of(request).database.read_now(lambda c: resources.read(c, type, id))
    return resource_response(request, stored)


async def vread(request: Request) -> Response:
    """Return one version, also of a resource that has changed or gone since."""
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    version = version_number(request.path_params["version"])
    stored = services_of(request).database.read_now(
        lambda c: resources.read_version(c, type, id, version)
    )
    return resource_response(request, stored)


def version_number(text: str) -> int:
    """Return the number of a version id; 404 for a text that no version of this server has."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise FhirError(404, Issue("error", "not-found", f"There is no version {text[:64]!r}."))
    return int(text)


router.add_route("/fhir/{type}/{id}", read, methods=["GET"])
router.add_route("/fhir/{type}/{id}/_history/{version}", vread, methods=["GET"])
