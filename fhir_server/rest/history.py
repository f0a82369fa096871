"""GET _history of a resource, of a type and of all: http://hl7.org/fhir/R4/http.html#history."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from fhir_server.rest import addresses
from fhir_server.rest.content import answer_type, preferences
from fhir_server.rest.context import context_of
from fhir_server.rest.errors import MethodNotAllowed
from fhir_server.rest.history_request import read_history
from fhir_server.rest.history_run import run_history
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.services import services_of

router = APIRouter()
addresses.register()


async def history(request: Request) -> Response:
    """Return versions, deletions among them, the newest first, by pages."""
    type, id = request.path_params.get("type"), request.path_params.get("id")
    if type is not None:
        stored_type(type)
    media_type = answer_type(request)
    pairs: Sequence[tuple[str, str]] = request.query_params.multi_items()
    context = context_of(request)
    asked = read_history(type, id, pairs, context, lenient=preferences(request).lenient)
    body = await services_of(request).database.read(lambda c: run_history(c, asked, context))
    return Response(body, media_type=media_type)


for _path in ("/fhir/_history", "/fhir/{type}/_history", "/fhir/{type}/{id:id}/_history"):
    router.add_route(_path, history, methods=["GET"])


async def not_here(request: Request) -> Response:
    """Refuse (405) what would otherwise be taken for an interaction on a type "_history"."""
    raise MethodNotAllowed(request.method, ("GET", "HEAD"))


router.add_route("/fhir/_history", not_here, methods=["POST", "PUT", "PATCH", "DELETE"])
