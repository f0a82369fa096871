"""PATCH /fhir/{type}/{id} and PATCH /fhir/{type}?criteria: http://hl7.org/fhir/R4/http.html#patch.

JSON Patch (application/json-patch+json) and FHIRPath Patch (a Parameters resource).
"""

from typing import Any

from fastapi import APIRouter, Request, Response

from fhir_server.r4.codec import decode, decode_array
from fhir_server.r4.outcome import UnsupportedMediaType
from fhir_server.r4.patch_fhirpath import apply_fhirpath_patch
from fhir_server.r4.patch_json import apply_json_patch
from fhir_server.rest import addresses, writes
from fhir_server.rest.content import (
    JSON_PATCH,
    answer_type,
    if_match,
    read_patch_body,
    refuse_conditions,
)
from fhir_server.rest.context import context_of
from fhir_server.rest.incoming import check_type, stored_type
from fhir_server.rest.matching import Criteria, read_criteria
from fhir_server.rest.outgoing import written_response
from fhir_server.rest.services import services_of

router = APIRouter()
addresses.register()


async def patch(request: Request) -> Response:
    """Change what a patch names; If-Match names the version that must be current."""
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    return await _patched(request, (type, id))


async def conditional_patch(request: Request) -> Response:
    """Patch the one resource that the criteria match; 404 where none does, 412 where several."""
    type = stored_type(request.path_params["type"])
    pairs = request.query_params.multi_items()
    return await _patched(request, read_criteria(type, pairs, context_of(request)))


async def _patched(request: Request, target: tuple[str, str] | Criteria) -> Response:
    services = services_of(request)
    answer_type(request)
    refuse_conditions(request, "If-None-Match", "If-None-Exist", "If-Unmodified-Since")
    guard, context = writes.Guard(if_match(request)), context_of(request)
    media_type, body = await read_patch_body(request, limit=services.limits.body_bytes)
    change = read_change(media_type, body)
    stored, resource = await services.database.write(
        lambda c: writes.patch(c, target, change, guard, context)
    )
    return written_response(request, stored, resource, services)


def read_change(media_type: str, body: bytes) -> writes.Change:
    """Return what the patch of `body` does to a resource; 400 where it is no patch."""
    if media_type == JSON_PATCH:
        operations: Any = decode_array(body, unique_keys=True)
        return lambda resource: apply_json_patch(resource, operations)
    parameters = decode(body, unique_keys=True)
    if "resourceType" not in parameters:
        raise UnsupportedMediaType(f"{media_type} without a Parameters resource")
    check_type(parameters, "Parameters")
    return lambda resource: apply_fhirpath_patch(resource, parameters)


router.add_route("/fhir/{type}/{id:id}", patch, methods=["PATCH"])
router.add_route("/fhir/{type}", conditional_patch, methods=["PATCH"])
