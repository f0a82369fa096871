"""ValueSet/$expand, of value sets that are stored here or sent along.

Source: http://hl7.org/fhir/R4/valueset-operation-expand.html.
"""

from typing import Any, Final

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
from terminology.service.value_set import Composition
from terminology.service.versions import Versions, read_versions

_SYSTEMS: Final = ("system-version", "check-system-version", "force-system-version")
# How each parameter that says what the expansion is like is told back in it.
_TOLD: Final = {
    "filter": "valueString",
    "offset": "valueInteger",
    "count": "valueInteger",
    "activeOnly": "valueBoolean",
    "excludeNested": "valueBoolean",
    "includeDesignations": "valueBoolean",
    "designation": "valueString",
    "displayLanguage": "valueCode",
    **dict.fromkeys(_SYSTEMS, "valueUri"),
}
_PARAMETERS: Final = ("url", "valueSet", "valueSetVersion", "useSupplement", *_TOLD)


async def answer(call: Call) -> Response:
    """Return the ValueSet with the codes that it holds."""
    call.check_known(*_PARAMETERS)
    media_type = answer_type(call.request)
    asked, versions = _asked(call), _read_versions(call)
    supplements = call.texts("useSupplement")
    services = services_of(call.request)
    sent = _sent(call)

    def read(connection: Connection) -> JsonObject:
        library = StoredTerminology(connection)
        composition = Composition(library, versions, supplements)
        resource = sent or _stored(connection, call, library, versions)
        return expand(composition, resource, asked, now=services.clock())

    found = await services.database.read(read)
    return Response(encode(found), media_type=media_type)


def _asked(call: Call) -> Expand:
    given = {name: call.text(name) for name in ("filter", "displayLanguage")}
    flags = {
        name: _flag(call, name) for name in ("activeOnly", "excludeNested", "includeDesignations")
    }
    offset, count = call.number("offset", least=0), call.number("count", least=0)
    told = [
        {"name": name, _TOLD[name]: value}
        for name, value in (*given.items(), *flags.items(), ("offset", offset), ("count", count))
        if value is not None
    ]
    for name in ("designation", *_SYSTEMS):
        told += [{"name": name, _TOLD[name]: value} for value in call.texts(name)]
    language = given["displayLanguage"] or call.request.headers.get("accept-language")
    return Expand(
        filter=given["filter"] or "",
        offset=offset or 0,
        count=count,
        active_only=flags["activeOnly"] or False,
        exclude_nested=flags["excludeNested"] or False,
        include_designations=flags["includeDesignations"] or False,
        designations=call.texts("designation"),
        languages=wanted(language),
        told=tuple(told),
    )


def _flag(call: Call, name: str) -> bool | None:
    value: Any = call.one(name)
    if value is None or isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise BadRequest("value", f"{name} is true or false, not {str(value)[:20]!r}.")


def _read_versions(call: Call) -> Versions:
    default, checked, forced = (call.texts(name) for name in _SYSTEMS)
    return read_versions(default, checked, forced)


def _sent(call: Call) -> JsonObject | None:
    """Return the ValueSet of the request, checked as one that is stored; None without."""
    resource = call.one("valueSet")
    if resource is None:
        return None
    if not isinstance(resource, dict) or resource.get("resourceType") != "ValueSet":
        raise BadRequest("value", "valueSet takes a ValueSet.")
    check_resource(resource, now=services_of(call.request).clock())
    return resource


def _stored(connection: Connection, call: Call, library: Library, versions: Versions) -> JsonObject:
    if call.id is not None:
        stored = read_current(connection, "ValueSet", call.id, access_to(call.request))
        return decode(stored.body)
    url, version = call.text("url"), call.text("valueSetVersion")
    if url is None:
        raise BadRequest("required", "$expand needs url, valueSet, or the address of a ValueSet.")
    return value_set(library, f"{url}|{version}" if version else url, versions)


OPERATION = Operation(
    name="expand",
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
    levels=("type", "instance"),
    answer=answer,
    types=("ValueSet",),
    documentation=f"Parameters {', '.join(_PARAMETERS)}. A value set of which a part is not here "
    "is refused.",
)
