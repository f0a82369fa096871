"""GET /fhir/Patient/{id}/{type} and POST .../_search: what is in one patient's compartment.

Sources: http://hl7.org/fhir/R4/search.html#compartment ("variant searches"),
http://hl7.org/fhir/R4/compartmentdefinition-patient.html. The compartment is what refers to the
patient; whether the Patient itself is stored does not matter.
"""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.rest import addresses
from fhir_server.rest.compartment_answer import EVERY_TYPE, Compartment, answer_compartment
from fhir_server.rest.content import answer_type
from fhir_server.rest.context import context_of
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.search import sent_by_form
from fhir_server.rest.services import services_of

router = APIRouter()
addresses.register()


async def search_compartment(request: Request) -> Response:
    """Answer a search of a compartment whose parameters stand in the URL."""
    pairs = request.query_params.multi_items()
    return await _answer(request, _compartment(request), pairs, answer_type(request))


async def search_compartment_by_form(request: Request) -> Response:
    """Answer a search of a compartment whose parameters stand in the body (and in the URL)."""
    compartment = _compartment(request)
    pairs, media_type = await sent_by_form(request)
    return await _answer(request, compartment, pairs, media_type)


def _compartment(request: Request) -> Compartment:
    parts = request.path_params
    if stored_type(parts["compartment"]) != "Patient":
        text = f"There is no search in a compartment of {parts['compartment']}; of Patient only."
        raise FhirError(404, Issue("error", "not-supported", text))
    type = parts["type"]
    return Compartment(parts["id"], type if type == EVERY_TYPE else stored_type(type))


async def _answer(
    request: Request, compartment: Compartment, pairs: Sequence[tuple[str, str]], media_type: str
) -> Response:
    context = context_of(request)
    body = await services_of(request).database.read(
        lambda c: answer_compartment(c, compartment, pairs, context)
    )
    return Response(body, media_type=media_type)


for _path, _answering, _method in (
    ("/fhir/{compartment}/{id:id}/{type}", search_compartment, "GET"),
    ("/fhir/{compartment}/{id:id}/{type}/_search", search_compartment_by_form, "POST"),
):
    router.add_route(_path, _answering, methods=[_method])
