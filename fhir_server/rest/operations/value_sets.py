"""ValueSet/$expand, of value sets that are stored here or sent along.

Source: http://hl7.org/fhir/R4/valueset-operation-expand.html.
"""

from collections.abc import Callable
from typing import Final

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.operations.call import Call
from fhir_server.rest.operations.display_language import asked_language
from fhir_server.rest.operations.reading import reading_operation
from fhir_server.rest.operations.session import Session
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, services_of
from terminology.service.expand import Expand, expand
from terminology.service.languages import wanted
from terminology.service.library import Library, value_set
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


def expansion(call: Call) -> Callable[[Session], JsonObject]:
    """Return the ValueSet with the codes that it holds."""
    call.check_known(*EXPANSION_PARAMETERS)
    asked, versions = _asked(call), versions_of(call)
    supplements = call.texts("useSupplement")
    clock = services_of(call.request).clock

    def read(session: Session) -> JsonObject:
        library = session.library(sent_along(call, session))
        composition = Composition(library, versions, supplements, patience=session.patience)
        resource = value_set_of(call, session, library, versions)
        return expand(composition, resource, asked, now=clock())

    return read


def _asked(call: Call) -> Expand:
    language = asked_language(call)
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


def sent_along(call: Call, session: Session) -> list[JsonObject]:
    """Return the resources that are used beside those that are stored, each checked like one."""
    found = [value for name, value in call.arguments if name == SENT_ALONG]
    for each in found:
        kind = each.get("resourceType") if isinstance(each, dict) else None
        if kind not in ("CodeSystem", "ValueSet", "ConceptMap"):
            text = f"{SENT_ALONG} takes a CodeSystem, a ValueSet or a ConceptMap."
            raise BadRequest("value", text)
        session.check(each, now=services_of(call.request).clock())
    return found


def value_set_of(call: Call, session: Session, library: Library, versions: Versions) -> JsonObject:
    """Return the ValueSet of the request, checked as one that is stored, or as it is named."""
    resource = call.one("valueSet")
    if resource is None:
        return _named_value_set(call, session, library, versions)
    if not isinstance(resource, dict) or resource.get("resourceType") != "ValueSet":
        raise BadRequest("value", "valueSet takes a ValueSet.")
    session.check(resource, now=services_of(call.request).clock())
    return resource


def _named_value_set(
    call: Call, session: Session, library: Library, versions: Versions
) -> JsonObject:
    """Return the ValueSet that the address or the url names."""
    if call.id is not None:
        access = access_to(call.request)
        return decode(read_current(session.connection, "ValueSet", call.id, access).body)
    url, version = call.text("url"), call.text("valueSetVersion")
    if url is None:
        raise BadRequest(
            "required", "The operation needs url, valueSet, or the address of a ValueSet."
        )
    return value_set(library, f"{url}|{version}" if version else url, versions)


OPERATION = reading_operation(
    "ValueSet",
    "expand",
    expansion,
    documentation=f"Parameters {', '.join(EXPANSION_PARAMETERS)}. A value set of which a part is "
    "not here is refused.",
)
