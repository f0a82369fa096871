"""GET /fhir/{type} and POST /fhir/{type}/_search: http://hl7.org/fhir/R4/http.html#search."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.bodies import read_body
from fhir_server.rest.content import (
    FORM,
    answer_type,
    check_content_type,
    format_type,
    preferences,
)
from fhir_server.rest.incoming import stored_type
from fhir_server.rest.search_answer import answer_search
from fhir_server.rest.search_request import parse_search
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import access_to, base_of, services_of

router = APIRouter()


async def search(request: Request) -> Response:
    """Answer a search whose parameters stand in the URL."""
    return await _answer(request, request.query_params.multi_items(), answer_type(request))


async def search_by_form(request: Request) -> Response:
    """Answer a search whose parameters stand in the body (and in the URL, if any)."""
    stored_type(request.path_params["type"])
    pairs, media_type = await sent_by_form(request)
    return await _answer(request, pairs, media_type)


async def sent_by_form(request: Request) -> tuple[list[tuple[str, str]], str]:
    """Return the parameters of URL and body, and the media type that they or the headers ask for.

    FhirError 415 where the body is no form, 400 or 413 where it cannot be read.
    """
    check_content_type(request, (FORM,))
    body = await read_body(request, limit=services_of(request).limits.body_bytes)
    pairs = [*request.query_params.multi_items(), *read_form(body)]
    formats = [value for name, value in pairs if name == "_format"]
    return pairs, format_type(formats) if formats else answer_type(request)


def read_form(body: bytes) -> list[tuple[str, str]]:
    """Return the pairs of a form body; BadRequest (400) where it is none."""
    try:
        return parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=1000
        )
    except ValueError as error:
        raise BadRequest("structure", f"The form body cannot be read ({error}).") from None


async def _answer(request: Request, pairs: Sequence[tuple[str, str]], media_type: str) -> Response:
    services = services_of(request)
    type = stored_type(request.path_params["type"])
    base_url = base_of(request)
    asked = parse_search(
        type,
        pairs,
        lenient=preferences(request).lenient,
        place=Place(services.database.zone, base_url, services.clock),
        limits=services.limits,
    )
    access = access_to(request)
    body = await services.database.read_soon(
        lambda c: answer_search(c, type, asked, access, base_url=base_url, limits=services.limits)
    )
    return Response(body, media_type=media_type)


router.add_route("/fhir/{type}", search, methods=["GET"])
router.add_route("/fhir/{type}/_search", search_by_form, methods=["POST"])
