"""The CDS Hooks 2.0 request, parsed once into a frozen type."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fhir_server.r4.outcome import BadRequest

_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_MAX_TOKEN = 256


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One hook call. The client's access token is dropped here: nothing below may hold it.

    `patient_id` is the bare id; `prefetch` is as sent, with null for a key that the client says
    has no data.
    """

    hook: str
    hook_instance: str
    fhir_server: str | None
    patient_id: str
    context: Mapping[str, Any]
    prefetch: Mapping[str, Any]


def parse_request(body: Mapping[str, Any], *, expected_hook: str) -> HookRequest:
    """Parse a call for a service on `expected_hook`; `BadRequest` names the field at fault."""
    hook = _text(body, "hook")
    if hook != expected_hook:
        raise BadRequest(
            "invalid", f"This service answers the hook {expected_hook}, not {hook[:64]}.", "hook"
        )
    context = _object(body, "context")
    prefetch = body.get("prefetch")
    if prefetch is None:
        prefetch = {}
    if not isinstance(prefetch, dict):
        raise BadRequest("structure", "prefetch must be an object of resources.", "prefetch")
    fhir_server = body.get("fhirServer")
    if fhir_server is None and body.get("fhirAuthorization") is not None:
        raise BadRequest(
            "required", "fhirServer is required when fhirAuthorization is given.", "fhirServer"
        )
    return HookRequest(
        hook=hook,
        # Widely used clients send instances that are not UUIDs; it is only an opaque label here.
        hook_instance=_text(body, "hookInstance"),
        fhir_server=None if fhir_server is None else _absolute_url(fhir_server),
        patient_id=_patient_id(context),
        context=context,
        prefetch=prefetch,
    )


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_TOKEN:
        raise BadRequest(
            "required", f"{name} must be a text of 1 to {_MAX_TOKEN} characters.", name
        )
    return value


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise BadRequest("required", f"{name} must be an object.", name)
    return value


def _absolute_url(value: object) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        raise BadRequest("value", "fhirServer must be an absolute http(s) URL.", "fhirServer")
    return str(value).rstrip("/")


def _patient_id(context: Mapping[str, Any]) -> str:
    """Return the bare id; some clients send `Patient/123` where the hook asks for `123`."""
    value = context.get("patientId")
    text = value.removeprefix("Patient/") if isinstance(value, str) else ""
    if not _FHIR_ID.fullmatch(text):
        raise BadRequest(
            "required",
            "context.patientId must be the FHIR id of the patient in context.",
            "context.patientId",
        )
    return text
