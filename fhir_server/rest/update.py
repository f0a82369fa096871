"""PUT /fhir/{type}/{id} and PUT /fhir/{type}?criteria.

Sources: http://hl7.org/fhir/R4/http.html#update, #cond-update, #concurrency.
"""

from fastapi import APIRouter, Request, Response

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest import writes
from fhir_server.rest.conditions import create_only
from fhir_server.rest.content import answer_type, if_match, refuse_conditions
from fhir_server.rest.context import context_of
from fhir_server.rest.headers import listed_header
from fhir_server.rest.incoming import incoming_resource, is_id, stored_type
from fhir_server.rest.matching import read_criteria
from fhir_server.rest.outgoing import written_response
from fhir_server.rest.services import services_of

router = APIRouter()


async def update(request: Request) -> Response:
    """Store the next version of a resource, or its first under the client's own id.

    If-Match names the version that must be current; If-None-Match: * lets it create only.
    """
    services = services_of(request)
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    answer_type(request)
    refuse_conditions(request, "If-None-Exist", "If-Unmodified-Since")
    guard = guard_of(request)
    context = context_of(request)
    resource = await incoming_resource(request, type, services)
    check_id(resource, type, id)
    stored = await services.database.write(lambda c: writes.update(c, resource, guard, context))
    return written_response(request, stored, resource, services)


async def conditional_update(request: Request) -> Response:
    """Update the one resource that the criteria match, or create it; 412 where several match."""
    services = services_of(request)
    type = stored_type(request.path_params["type"])
    answer_type(request)
    refuse_conditions(request, "If-None-Exist", "If-Unmodified-Since")
    guard = guard_of(request)
    context = context_of(request)
    criteria = read_criteria(type, request.query_params.multi_items(), context)
    resource = await incoming_resource(request, type, services)
    if "id" in resource:
        check_id(resource, type, str(resource["id"]))
    stored = await services.database.write(
        lambda c: writes.conditional_update(c, resource, criteria, guard, context)
    )
    return written_response(request, stored, resource, services)


def guard_of(request: Request) -> writes.Guard:
    """Return what the headers say must hold of the resource that is written."""
    only = create_only(listed_header(request, "If-None-Match"), "If-None-Match")
    return writes.Guard(if_match(request), only)


def check_id(resource: JsonObject, type: str, id: str) -> None:
    """Refuse (400) an id that is none, that is missing in the body, or differs from the address."""
    if not is_id(id):
        raise BadRequest(
            "value",
            f"{id[:80]!r} is no id; an id has 1 to 64 letters, digits, '-' and '.'.",
            f"{type}.id",
        )
    if resource.get("id") != id:
        found = "no id" if "id" not in resource else f"id {str(resource['id'])[:64]!r}"
        raise BadRequest(
            "invalid",
            f"The body has {found}, the address names {id!r}; make them equal.",
            f"{type}.id",
        )


router.add_route("/fhir/{type}/{id}", update, methods=["PUT"])
router.add_route("/fhir/{type}", conditional_update, methods=["PUT"])
