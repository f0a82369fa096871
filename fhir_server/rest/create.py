"""POST /fhir/{type}: http://hl7.org/fhir/R4/http.html#create, #ccreate (If-None-Exist)."""

from fastapi import APIRouter, Request, Response

from fhir_server.rest import writes
from fhir_server.rest.content import answer_type, refuse_conditions
from fhir_server.rest.context import context_of
from fhir_server.rest.headers import single_header
from fhir_server.rest.incoming import incoming_resource, stored_type
from fhir_server.rest.matching import Criteria, read_criteria
from fhir_server.rest.outgoing import written_response
from fhir_server.rest.services import services_of

router = APIRouter()


async def create(request: Request) -> Response:
    """Store a resource under an id that the server assigns; an id in the body is ignored.

    With If-None-Exist, 200 with the one resource that matches already, 412 where several do.
    """
    services = services_of(request)
    type = stored_type(request.path_params["type"])
    answer_type(request)  # what cannot be answered must not be stored first
    refuse_conditions(request, "If-Match", "If-None-Match", "If-Unmodified-Since")
    context = context_of(request)
    criteria: Criteria | None = None
    condition = single_header(request, "If-None-Exist")
    if condition is not None:
        criteria = read_criteria(type, condition, context)
    resource = await incoming_resource(request, type, services)
    stored = await services.database.write(lambda c: writes.create(c, resource, criteria, context))
    return written_response(request, stored, resource, services)


router.add_route("/fhir/{type}", create, methods=["POST"])
