"""What became of each entry of a Bundle, in the bytes of its response entry."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from fhir_server.r4.codec import JsonObject, encode
from fhir_server.r4.outcome import FhirError, Issue, operation_outcome
from fhir_server.rest.bundle_operation import Operation
from fhir_server.rest.content import Preferences
from fhir_server.rest.outgoing import location, write_issues
from fhir_server.rest.services import FhirServices
from fhir_server.store.resources import Stored, instant_text

_PHRASES = {
    200: "200 OK", 201: "201 Created", 204: "204 No Content", 304: "304 Not Modified",
    400: "400 Bad Request",
    404: "404 Not Found", 409: "409 Conflict", 410: "410 Gone", 412: "412 Precondition Failed",
    422: "422 Unprocessable Entity",
}  # fmt: skip


class Done(msgspec.Struct, frozen=True):
    """One operation carried out: what was stored or read, or the bytes of a searchset or answer.

    `resource` is the decoded content of a write; `known` says that the client has the version.
    """

    operation: Operation
    stored: Stored | None = None
    searchset: bytes | None = None
    resource: JsonObject | None = None
    known: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """One entry of a batch refused."""

    error: FhirError


def response_bundle(
    type: str, outcomes: Sequence[Done | Failed], preferences: Preferences, services: FhirServices
) -> bytes:
    """Return the response Bundle, entries in the order of the request's."""
    entries = b",".join(_entry(outcome, preferences, services) for outcome in outcomes)
    head = b'{"resourceType":"Bundle","type":"%s"' % f"{type}-response".encode()
    return head + (b',"entry":[' + entries + b"]}" if entries else b"}")


def _entry(outcome: Done | Failed, preferences: Preferences, services: FhirServices) -> bytes:
    if isinstance(outcome, Failed):
        return _failed(outcome.error)
    operation, stored = outcome.operation, outcome.stored
    if outcome.searchset is not None:
        return _join(None if operation.head else outcome.searchset, {"status": _PHRASES[200]})
    if stored is None:  # deleted before, or never there
        return _join(None, {"status": _PHRASES[204]})
    response = _response(outcome, stored)
    if operation.kind in ("read", "vread"):
        return _join(None if operation.head or outcome.known else stored.body, response)
    if operation.kind == "delete":
        return _join(None, response)
    if preferences.returns == "OperationOutcome" and outcome.resource is not None:
        issues = write_issues(stored, outcome.resource, services)
        response["outcome"] = operation_outcome(issues)
    wants_body = preferences.returns_stated and preferences.returns == "representation"
    return _join(stored.body if wants_body else None, response)


def _response(outcome: Done, stored: Stored) -> JsonObject:
    kind = outcome.operation.kind
    status = 204 if kind == "delete" else 201 if stored.created else 200
    response: JsonObject = {"status": _PHRASES[304 if outcome.known else status]}
    if kind in ("create", "update", "patch"):
        response["location"] = location(stored)
    response["etag"] = f'W/"{stored.version}"'
    if kind != "delete":
        response["lastModified"] = instant_text(stored.last_updated)
    return response


def _failed(error: FhirError) -> bytes:
    status = _PHRASES.get(error.status, str(error.status))
    issues: tuple[Issue, ...] = error.issues
    return _join(None, {"status": status, "outcome": operation_outcome(issues)})


def _join(resource: bytes | None, response: JsonObject) -> bytes:
    written = b'"response":' + encode(response)
    return b"{" + (b'"resource":' + resource + b"," if resource else b"") + written + b"}"
