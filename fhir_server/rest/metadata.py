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
from fhir_server.r4.search_parameters import SearchParameter, parameters_of
from fhir_server.rest.content import JSON_PATCH, answer_type
from fhir_server.rest.errors import FHIR_JSON, MethodNotAllowed
from fhir_server.rest.operations.call import Operation
from fhir_server.rest.operations.registry import operations_at, operations_of
from fhir_server.rest.search_modifiers import modifiers_of
from fhir_server.rest.search_numbers import PREFIXES
from fhir_server.rest.services import base_of, services_of
from fhir_server.rest.terminology_capabilities import (
    held_code_systems,
    terminology_capabilities,
)
from fhir_server.store.search_served import searchable
from fhir_server.subscriptions import topics

router = APIRouter()

_VERSION = version("attending")

_MODES = (("mode", "full"), ("mode", "terminology"))
_INTERACTIONS = {
    "read": "",
    "vread": "",
    "update": "If-Match with a version is honoured; a client may choose the id of a new resource.",
    "patch": "JSON Patch and FHIRPath Patch; the result is held to the rules of an update.",
    "delete": "Versions and what refers to the resource stay; deleting twice is no error.",
    "create": "The server assigns the id.",
    "history-instance": "",
    "history-type": "",
    "search-type": "An unknown parameter, modifier, prefix or chain is refused with 400 and its "
    "name; with Prefer: handling=lenient an unknown parameter is left out with a warning.",
}
_HANDLING = {
    "token": "code, system|code, |code and system|; several values by comma; codes are compared "
    "without case, systems exactly.",
    "string": "Starts with, without case and accents.",
    "date": "Prefixes {prefixes}; ranges by precision.",
    "number": "Prefixes {prefixes}; without a prefix the span of the precision that is written.",
    "quantity": "number, number|system|code and number||code, with prefixes {prefixes}; values in "
    "UCUM are compared in canonical units, others as they are written.",
    "uri": "The URI as it is written.",
    "reference": "Type/id, id or an absolute URL; chains, _has, and :[type] with an id.",
    "composite": "Its parts joined by $, each with its own prefix.",
}
_CONTROLS = (
    "_count (up to {most}), _sort (several parameters, '-' for descending, resources without a "
    "value last), _total, _include and _revinclude with :iterate, [type] and *, _summary, _elements"
)


async def metadata(request: Request) -> Response:
    """Return the CapabilityStatement of this server as it runs, or its TerminologyCapabilities."""
    for name, value in request.query_params.multi_items():
        if name not in ("_format", "_pretty") and (name, value) not in _MODES:
            raise BadRequest("not-supported", f"{name}={value[:40]} is not supported here.")
    media_type = answer_type(request)
    services = services_of(request)
    if request.query_params.get("mode") == "terminology":
        held = await services.database.read(held_code_systems)
        told = terminology_capabilities(base_of(request), held, at=services.clock())
        return Response(encode(told), media_type=media_type)
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
                "interaction": [
                    {"code": "transaction"},
                    {"code": "batch"},
                    {"code": "history-system"},
                ],
                "operation": [_operation(operation) for operation in operations_at("system", None)],
                "compartment": ["http://hl7.org/fhir/CompartmentDefinition/patient"],
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
        "operation": [_operation(operation) for operation in operations_of(type)],
        "searchInclude": ["*", *_includes(type)],
        "searchRevInclude": ["*", *_reverse_includes(type)],
        "searchParam": _parameters(searchable(type)),
        **(_TOPIC_BASED if type == "Subscription" else {}),
    }


def _operation(operation: Operation) -> dict[str, str]:
    return {"name": operation.name, "definition": operation.definition}


def _includes(type: str) -> list[str]:
    references = [p.name for p in parameters_of(type).values() if p.type == "reference"]
    return [f"{type}:{name}" for name in references]


def _reverse_includes(type: str) -> list[str]:
    return [
        f"{source}:{parameter.name}"
        for source in STORED_TYPES
        for parameter in parameters_of(source).values()
        if parameter.type == "reference" and (not parameter.targets or type in parameter.targets)
    ]


def _handling(parameter: SearchParameter) -> str:
    text = _HANDLING[parameter.type].format(prefixes=", ".join(PREFIXES))
    modifiers = ", ".join(f":{name}" for name in modifiers_of(parameter))
    return f"{text} Modifiers {modifiers}." if modifiers else text


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
            "documentation": _handling(parameter),
        }
        for parameter in declared.values()
    ]


router.add_route("/fhir/metadata", metadata, methods=["GET"])


async def not_here(request: Request) -> Response:
    """Refuse (405) what would otherwise be taken for an interaction on a type "metadata"."""
    raise MethodNotAllowed(request.method, ("GET", "HEAD"))


router.add_route("/fhir/metadata", not_here, methods=["POST", "PUT", "PATCH", "DELETE"])
