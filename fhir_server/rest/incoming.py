"""A resource that comes in: read, validated and held to the rules before anything is stored."""

import re
from datetime import datetime

from fastapi import Request

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import BadRequest, InvalidResource, UnknownResourceType
from fhir_server.r4.profiles import Profiles
from fhir_server.r4.references import ID_PATTERN
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.r4.validation import validate
from fhir_server.rest.content import read_json_body
from fhir_server.rest.large_bodies import worked_on
from fhir_server.rest.services import FhirServices
from fhir_server.store.future_dates import future_dates

_ID = re.compile(ID_PATTERN)


def stored_type(name: str) -> str:
    """Return `name` where it is a resource type of this server; UnknownResourceType (404)."""
    if name not in STORED_TYPES:
        raise UnknownResourceType(name[:64])
    return name


def is_id(text: object) -> bool:
    """Return whether `text` has the form of a FHIR id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


async def incoming_resource(request: Request, type: str, services: FhirServices) -> JsonObject:
    """Return the request's body as a valid resource of `type`.

    400 where it cannot be read as one, 422 where it is none by R4 or breaks a rule, and 413 or
    415 as `read_json_body`.
    """
    body = await read_json_body(request, limit=services.limits.body_bytes)

    def read() -> JsonObject:
        resource = decode(body, unique_keys=True)
        check_type(resource, type)
        check_resource(resource, now=services.clock(), profiles=services.profiles)
        return resource

    return await worked_on(len(body), read)


def check_type(resource: JsonObject, type: str) -> None:
    """Refuse (400) a resource of another type than the address names."""
    found = resource.get("resourceType")
    if found == type:
        return
    if not isinstance(found, str):
        raise BadRequest("structure", f'resourceType is missing; write "resourceType": "{type}".')
    raise BadRequest(
        "invalid",
        f"The body is a {found[:64]!r}, the address names {type}; send it to its own address.",
        f"{type}.resourceType",
    )


def check_resource(
    resource: JsonObject, *, now: datetime, profiles: Profiles | None = None
) -> None:
    """Refuse (422) what is no valid R4 resource, and what says that it lies in the future."""
    errors = [i for i in validate(resource, profiles=profiles) if i.severity in ("error", "fatal")]
    if errors:
        raise InvalidResource(errors)
    future = future_dates(resource, now=now)
    if future:
        raise InvalidResource(future)
