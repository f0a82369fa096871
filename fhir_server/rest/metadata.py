"""GET /fhir/metadata: what this server does, generated from what is served.

Source: http://hl7.org/fhir/R4/capabilitystatement.html.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response

from fhir_server.r4.codec import encode
from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.r4.search_parameters import SearchParameter
from fhir_server.rest.content import JSON_PATCH, answer_type
from fhir_server.rest.errors import FHIR_JSON, MethodNotAllowed
from fhir_server.rest.operations.registry import operations_of
from fhir_server.rest.services import base_of, services_of
from fhir_server.store.search_served import searchable
from fhir_server.subscriptions import topics

router = APIRouter()

_VERSION = version("attending")

_INTERACTIONS = {
    "read": "",
    "vread": "",
    "update": "If-Match with a version is honoured; a client may choose the id of a new resource.",
    "patch": "JSON Patch and FHIRPath Patch; the result is held to the rules of an update.",
    "delete": "Versions and what refers to the resource stay; deleting twice is no error.",
    "create": "The server assigns the id.",
    "search-type": "An unknown parameter, modifier, prefix or chain is refused with 400 and its "
    "name; with Prefer: handling=lenient an unknown parameter is left out with a warning.",
}
_HANDLING = {
    "token": "code, system|code, |code and system|; several values by comma; codes are compared "
    "without case, systems exactly.",
    "string": "Starts with, without case and accents; modifiers :exact and :contains.",
    "date": "Prefixes eq, ne, lt, gt, ge, le, sa and eb; ranges by precision.",
    "reference": "Type/id, id or an absolute URL; modifier :[type] with an id.",
}
_CONTROLS = "_count (up to {most}), _sort (one parameter of type date), _total, _summary=count"


async def metadata(request: Request) -> Response:
    """Return the CapabilityStatement of this server as it runs."""
    for name, value in request.query_params.multi_items():
        if name not in ("_format", "_pretty") and (name, value) != ("mode", "full"):
            raise BadRequest("not-supported", f"{name}={value[:40]} is not supported here.")
    media_type = answer_type(request)
    services = services_of(request)
    statement = capability_statement(
        base_of(request), at=services.clock(), page_most=services.limits.page_most
    )
    return Response(encode(statement), media_type=media_type)


def capability_statement(base_url: str, *, at: datetime, page_most: int) -> dict[str, Any]:
    """Return the R4 CapabilityStatement of a server at `base_url`."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": at.isoformat(timespec="seconds"),
        "kind": "instance",
        "software": {"name": "Attending", "version": _VERSION},
        "implementation": {"description": "Attending FHIR facade", "url": base_url},
        "fhirVersion": "4.0.1",
        "instantiates": [topics.SERVER],
        "format": [FHIR_JSON, "json"],
        "patchFormat": [JSON_PATCH, FHIR_JSON],
        "rest": [
            {
                "mode": "server",
                "documentation": f"Search controls: {_CONTROLS.format(most=page_most)}.",
                "resource": [_resource(type) for type in STORED_TYPES],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }


def _resource(type: str) -> dict[str, Any]:
    return {
        "type": type,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{type}",
        "documentation": "References are stored as they are sent; their targets need not exist.",
        "interaction": [_interaction(code, text) for code, text in _INTERACTIONS.items()],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "single",
        "referencePolicy": ["literal"],
        "operation": [
            {"name": operation.name, "definition": operation.definition}
            for operation in operations_of(type)
        ],
        "searchParam": _parameters(searchable(type)),
        **(_TOPIC_BASED if type == "Subscription" else {}),
    }


# Subscriptions R5 Backport, "Conformance in FHIR R4": how clients find the topics of a server.
_TOPIC_BASED: dict[str, Any] = {
    "supportedProfile": [topics.PROFILE],
    "extension": [{"url": topics.LISTED_TOPIC, "valueCanonical": topic} for topic in topics.TOPICS],
}


def _interaction(code: str, text: str) -> dict[str, str]:
    return {"code": code, "documentation": text} if text else {"code": code}


def _parameters(declared: Mapping[str, SearchParameter]) -> list[dict[str, str]]:
    return [
        {
            "name": parameter.name,
            "definition": parameter.definition,
            "type": parameter.type,
            "documentation": _HANDLING[parameter.type],
        }
        for parameter in declared.values()
    ]


router.add_route("/fhir/metadata", metadata, methods=["GET"])


async def not_here(request: Request) -> Response:
    """Refuse (405) what would otherwise be taken for an interaction on a type "metadata"."""
    raise MethodNotAllowed(request.method, ("GET", "HEAD"))


router.add_route("/fhir/metadata", not_here, methods=["POST", "PUT", "PATCH", "DELETE"])
