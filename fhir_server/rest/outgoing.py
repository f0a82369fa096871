"""A stored resource that goes out, with the headers that R4 http.html asks for."""

from email.utils import format_datetime

from fastapi import Request, Response

from fhir_server.r4.codec import JsonObject, encode
from fhir_server.r4.outcome import Issue, operation_outcome
from fhir_server.r4.validation import NO_PROFILES, validate
from fhir_server.rest.content import answer_type, preferences
from fhir_server.rest.services import FhirServices, base_of
from fhir_server.store.resources import Stored


def version_headers(stored: Stored) -> dict[str, str]:
    """Return ETag and Last-Modified of one version."""
    return {
        "ETag": f'W/"{stored.version}"',
        "Last-Modified": format_datetime(stored.last_updated, usegmt=True),
    }


def resource_response(request: Request, stored: Stored) -> Response:
    """Return one version as it was asked for."""
    media_type = answer_type(request)
    return Response(stored.body, media_type=media_type, headers=version_headers(stored))


def written_response(
    request: Request, stored: Stored, resource: JsonObject, services: FhirServices
) -> Response:
    """Return the answer to a create or an update, in the form that Prefer asks for."""
    headers = version_headers(stored)
    headers["Location"] = f"{base_of(request)}/{location(stored)}"
    body = b""
    preference = preferences(request).returns
    if preference == "representation":
        body = stored.body
    elif preference == "OperationOutcome":
        body = encode(operation_outcome(write_issues(stored, resource, services)))
    return Response(
        body,
        status_code=201 if stored.created else 200,
        media_type=answer_type(request) if body else None,
        headers=headers,
    )


def location(stored: Stored) -> str:
    """Return where one version is found, below the FHIR base."""
    return f"{stored.type}/{stored.id}/_history/{stored.version}"


def write_issues(stored: Stored, resource: JsonObject, services: FhirServices) -> tuple[Issue, ...]:
    """Return what there is to say on a write: that it is stored, what could not be checked of the
    profiles that it claims, and the advice on its content.
    """
    text = f"{stored.type}/{stored.id} is stored as version {stored.version}."
    done = Issue("information", "informational", text)
    # The write has thrown its warnings away: most clients do not ask for them.
    doubts = validate(resource, profiles=services.profiles or NO_PROFILES)
    return (done, *doubts, *services.advise(resource))
