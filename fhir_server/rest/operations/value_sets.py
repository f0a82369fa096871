"""ValueSet/$expand, of value sets that are stored here or sent along.

Source: http://hl7.org/fhir/R4/valueset-operation-expand.html.
"""

from typing import Final

from fastapi import Response
from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode, encode
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.content import answer_type
from fhir_server.rest.incoming import check_resource
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, services_of
from fhir_server.store.terminology import StoredTerminology
from terminology.service.expand import Expand, expand
from terminology.service.languages import wanted
from terminology.service.library import Library, value_set
from terminology.service.sent_along import WithSent
from terminology.service.value_set import Composition
from terminology.service.versions import Versions, read_versions

SYSTEM_VERSIONS: Final = ("system-version", "check-system-version", "force-system-version")
VALUE_SET_VERSION: Final = "default-valueset-version"
# How each parameter that says what the expansion is like is told back in it.
_TOLD: Final = {
    "filter": "valueString",
    "offset": "valueInteger",
    "count": "valueInteger",
    "activeOnly": "valueBoolean",
    "excludeNested": "valueBoolean",
    "includeDesignations": "valueBoolean",
    "includeDefinition": "valueBoolean",
    "designation": "valueString",
    "property": "",
    VALUE_SET_VERSION: "valueUri",
    "displayLanguage": "valueCode",
    **dict.fromkeys(SYSTEM_VERSIONS, "valueUri"),
}
SENT_ALONG: Final = "tx-resource"
_FLAGS: Final = tuple(name for name, kind in _TOLD.items() if kind == "valueBoolean")
EXPANSION_PARAMETERS: Final = (
    "url",
    "valueSet",
    "valueSetVersion",
    "useSupplement",
    SENT_ALONG,
    *_TOLD,
)


async def answer(call: Call) -> Response:
    """Return the ValueSet with the codes that it holds."""
    call.check_known(*EXPANSION_PARAMETERS)
    media_type = answer_type(call.request)
    asked, versions = _asked(call), versions_of(call)
    supplements = call.texts("useSupplement")
    services = services_of(call.request)
    sent, along = sent_value_set(call), sent_along(call)

    def read(connection: Connection) -> JsonObject:
        library = WithSent(StoredTerminology(connection), along)
        composition = Composition(library, versions, supplements)
        resource = sent or stored_value_set(connection, call, library, versions)
        return expand(composition, resource, asked, now=services.clock())

    found = await services.database.read(read)
    return Response(encode(found), media_type=media_type)


def _asked(call: Call) -> Expand:
    language = call.text("displayLanguage") or call.request.headers.get("accept-language")
    given = {"filter": call.text("filter"), "displayLanguage": language}
    flags = {name: call.flag(name) for name in _FLAGS}
    offset, count = call.number("offset", least=0), call.number("count", least=0)
    told = [
        {"name": name, _TOLD[name]: value}
        for name, value in (*given.items(), *flags.items(), ("offset", offset), ("count", count))
        if value is not None
    ]
    for name in ("designation", VALUE_SET_VERSION, *SYSTEM_VERSIONS):
        told += [{"name": name, _TOLD[name]: value} for value in call.texts(name)]
    return Expand(
        filter=given["filter"] or "",
        offset=offset or 0,
        count=count,
        active_only=flags["activeOnly"] or False,
        exclude_nested=flags["excludeNested"] or False,
        include_designations=flags["includeDesignations"] or False,
        include_definition=flags["includeDefinition"] or False,
        designations=call.texts("designation"),
        properties=call.texts("property"),
        languages=wanted(language),
        told=tuple(told),
    )


def versions_of(call: Call) -> Versions:
    """Return which versions of code systems the request asks for."""
    default, checked, forced = (call.texts(name) for name in SYSTEM_VERSIONS)
    return read_versions((*default, *call.texts(VALUE_SET_VERSION)), checked, forced)


def sent_value_set(call: Call) -> JsonObject | None:
    """Return the ValueSet of the request, checked as one that is stored; None without."""
    resource = call.one("valueSet")
    if resource is None:
        return None
    if not isinstance(resource, dict) or resource.get("resourceType") != "ValueSet":
        raise BadRequest("value", "valueSet takes a ValueSet.")
    check_resource(resource, now=services_of(call.request).clock())
    return resource


def sent_along(call: Call) -> list[JsonObject]:
    """Return the resources that are used beside those that are stored, each checked like one."""
    found = [value for name, value in call.arguments if name == SENT_ALONG]
    for each in found:
        kind = each.get("resourceType") if isinstance(each, dict) else None
        if kind not in ("CodeSystem", "ValueSet", "ConceptMap"):
            text = f"{SENT_ALONG} takes a CodeSystem, a ValueSet or a ConceptMap."
            raise BadRequest("value", text)
        check_resource(each, now=services_of(call.request).clock())
    return found


def stored_value_set(
    connection: Connection, call: Call, library: Library, versions: Versions
) -> JsonObject:
    """Return the ValueSet that the address or the url names."""
    if call.id is not None:
        stored = read_current(connection, "ValueSet", call.id, access_to(call.request))
        return decode(stored.body)
    url, version = call.text("url"), call.text("valueSetVersion")
    if url is None:
        raise BadRequest(
            "required", "The operation needs url, valueSet, or the address of a ValueSet."
        )
    return value_set(library, f"{url}|{version}" if version else url, versions)


OPERATION = Operation(
    name="expand",
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
    levels=("type", "instance"),
    answer=answer,
    types=("ValueSet",),
    documentation=f"Parameters {', '.join(EXPANSION_PARAMETERS)}. A value set of which a part is "
    "not here is refused.",
)
