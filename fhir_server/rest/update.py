"""PUT /fhir/{type}/{id}: http://hl7.org/fhir/R4/http.html#update."""

from fastapi import APIRouter, Request, Response

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.content import answer_type, if_match, refuse_conditions
from fhir_server.rest.incoming import incoming_resource, is_id, stored_type
from fhir_server.rest.outgoing import written_response
from fhir_server.rest.services import services_of
from fhir_server.store import resources

router = APIRouter()


async def update(request: Request) -> Response:
    """Store the next version of a resource, or its first under the client's own id."""
    services = services_of(request)
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    answer_type(request)
    refuse_conditions(request, "If-None-Match", "If-None-Exist")
    expected = if_match(request)
    resource = await incoming_resource(request, type, services)
    check_id(resource, type, id)
    now = services.clock()
    stored = await services.database.write(
        lambda c: resources.put(c, resource, now=now, expected_version=expected)
    )
    return written_response(request, stored, resource, services)


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
