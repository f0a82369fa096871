"""DELETE /fhir/{type}/{id}: http://hl7.org/fhir/R4/http.html#delete."""

from fastapi import APIRouter, Request, Response

from fhir_server.r4.outcome import NotFound
from fhir_server.rest.content import if_match, refuse_conditions
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.services import services_of
from fhir_server.store import resources

router = APIRouter()


async def delete(request: Request) -> Response:
    """Delete a resource; what refers to it stays, and so do its versions.

    204 also where it is deleted already or never was: what was asked for holds.
    """
    services = services_of(request)
    type, id = stored_type(request.path_params["type"]), request.path_params["id"]
    refuse_conditions(request, "If-None-Match")
    expected, now = if_match(request), services.clock()
    try:
        stored = await services.database.write(
            lambda c: resources.delete(c, type, id, now=now, expected_version=expected)
        )
    except NotFound:
        return Response(status_code=204)
    return Response(status_code=204, headers={"ETag": f'W/"{stored.version}"'})


router.add_route("/fhir/{type}/{id}", delete, methods=["DELETE"])
