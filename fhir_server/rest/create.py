"""POST /fhir/{type}: http://hl7.org/fhir/R4/http.html#create."""

from fastapi import APIRouter, Request, Response

from fhir_server.rest.content import answer_type, refuse_conditions
from fhir_server.rest.incoming import incoming_resource, stored_type
from fhir_server.rest.outgoing import written_response
from fhir_server.rest.services import services_of
from fhir_server.store import resources

router = APIRouter()


async def create(request: Request) -> Response:
    """Store a resource under an id that the server assigns; an id in the body is ignored."""
    services = services_of(request)
    type = stored_type(request.path_params["type"])
    answer_type(request)  # what cannot be answered must not be stored first
    refuse_conditions(request, "If-None-Exist")
    resource = await incoming_resource(request, type, services)
    now = services.clock()
    stored = await services.database.write(lambda c: resources.create(c, resource, now=now))
    return written_response(request, stored, resource, services)


router.add_route("/fhir/{type}", create, methods=["POST"])
