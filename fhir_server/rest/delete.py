"""DELETE /fhir/{type}/{id} and DELETE /fhir/{type}?criteria.

Source: http://hl7.org/fhir/R4/http.html#delete; conditional deletes are of one resource
(CapabilityStatement conditionalDelete "single").
"""

from fastapi import APIRouter, Request, Response

from fhir_server.rest import writes
from fhir_server.rest.content import if_match, refuse_conditions
from fhir_server.rest.context import context_of
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.matching import Criteria, read_criteria
from fhir_server.rest.services import services_of

router = APIRouter()


async def delete(request: Request) -> Response:
    """Delete a resource; what refers to it stays, and so do its versions.

    204 also where it is deleted already or never was: what was asked for holds.
    """
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    return await _deleted(request, (type, id))


async def conditional_delete(request: Request) -> Response:
    """Delete the one resource that the criteria match; 412 where several do, 204 where none."""
    type = stored_type(request.path_params["type"])
    pairs = request.query_params.multi_items()
    return await _deleted(request, read_criteria(type, pairs, context_of(request)))


async def _deleted(request: Request, target: tuple[str, str] | Criteria) -> Response:
    services = services_of(request)
    refuse_conditions(request, "If-None-Match", "If-None-Exist", "If-Unmodified-Since")
    guard, context = writes.Guard(if_match(request)), context_of(request)
    stored = await services.database.write(lambda c: writes.delete(c, target, guard, context))
    headers = {} if stored is None else {"ETag": f'W/"{stored.version}"'}
    return Response(status_code=204, headers=headers)


router.add_route("/fhir/{type}/{id}", delete, methods=["DELETE"])
router.add_route("/fhir/{type}", conditional_delete, methods=["DELETE"])
