"""A stored resource that goes out, with the headers that R4 http.html asks for."""

from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from fastapi import Request, Response

from fhir_server.r4.codec import JsonObject, encode
from fhir_server.r4.outcome import Issue, operation_outcome
from fhir_server.r4.subsets import Subset, subset
from fhir_server.r4.validation import NO_PROFILES, validate
from fhir_server.rest.content import answer_type, preferences
from fhir_server.rest.services import FhirServices, base_of
from fhir_server.store.resources import Stored


class BytesResponse(Response):
    """Bytes with headers that are bytes already: what goes out most often, and is not worked on."""

    def __init__(self, body: bytes, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code = status
        self.background = None
        self.body = body
        self.raw_headers = [(b"content-length", b"%d" % len(body)), *headers]


def version_headers(stored: Stored) -> dict[str, str]:
    """Return ETag and Last-Modified of one version."""
    return {name.decode(): value.decode() for name, value in _version_headers(stored)}


def _version_headers(stored: Stored) -> list[tuple[bytes, bytes]]:
    return [
        (b"etag", b'W/"%d"' % stored.version),
        (b"last-modified", _http_date(stored.last_updated.replace(microsecond=0))),
    ]


@lru_cache(maxsize=4096)
def _http_date(at: datetime) -> bytes:
    return format_datetime(at, usegmt=True).encode()


def resource_response(request: Request, stored: Stored, wanted: Subset | None = None) -> Response:
    """Return one version as it was asked for, whole or what is `wanted` of it."""
    media_type = (b"content-type", answer_type(request).encode())
    body = stored.body if wanted is None else subset(stored.body, wanted)
    return BytesResponse(body, 200, [media_type, *_version_headers(stored)])


def written_response(
    request: Request, stored: Stored, resource: JsonObject, services: FhirServices
) -> Response:
    """Return the answer to a create or an update, in the form that Prefer asks for."""
    headers = _version_headers(stored)
    headers.append((b"location", f"{base_of(request)}/{location(stored)}".encode()))
    body = b""
    preference = preferences(request).returns
    if preference == "representation":
        body = stored.body
    elif preference == "OperationOutcome":
        body = encode(operation_outcome(write_issues(stored, resource, services)))
    if body:
        headers.append((b"content-type", answer_type(request).encode()))
    return BytesResponse(body, 201 if stored.created else 200, headers)


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
