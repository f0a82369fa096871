"""ConceptMap/$translate, by the maps that are stored here.

Source: http://hl7.org/fhir/R4/conceptmap-operation-translate.html.
"""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import Response
from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode, encode
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.content import answer_type
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, services_of
from fhir_server.store.terminology import StoredTerminology
from terminology.service.library import concept_map
from terminology.service.translate import Translate, translate

_PARAMETERS: Final = (
    *("url", "conceptMapVersion", "code", "system", "version", "coding", "codeableConcept"),
    *("source", "target", "targetsystem", "dependency", "reverse"),
)


async def answer(call: Call) -> Response:
    """Return the translations of a code, by one map or by all of its systems."""
    call.check_known(*_PARAMETERS)
    media_type = answer_type(call.request)
    asked = Translate(
        codes=_codes(call),
        target_system=call.text("targetsystem") or "",
        reverse=call.flag("reverse") or False,
        dependencies=tuple(_dependencies(call)),
    )
    scopes = call.text("source"), call.text("target")

    def read(connection: Connection) -> JsonObject:
        maps = [each for each in _maps(connection, call, asked) if _is_of(each, *scopes)]
        return translate(maps, asked)

    found = await services_of(call.request).database.read(read)
    return Response(encode(found), media_type=media_type)


def _codes(call: Call) -> tuple[tuple[str, str, str], ...]:
    """Return system, version and code of each code that is asked for."""
    code, coding, concept = call.text("code"), call.one("coding"), call.one("codeableConcept")
    if sum(each is not None for each in (code, coding, concept)) != 1:
        raise BadRequest("required", "Send code, coding or codeableConcept, one of them.")
    if code is not None:
        system = call.text("system")
        if system is None:
            raise BadRequest("required", "A code alone means nothing: send its system.")
        return ((system, call.text("version") or "", code),)
    codings: Any = [coding] if coding is not None else concept.get("coding", [])
    if not all(isinstance(each, dict) and isinstance(each.get("code"), str) for each in codings):
        raise BadRequest("value", "A coding has a system and a code.")
    return tuple(
        (str(each.get("system", "")), str(each.get("version", "")), each["code"])
        for each in codings
    )


def _dependencies(call: Call) -> Iterator[tuple[str, str]]:
    for name, value in call.arguments:
        if name != "dependency":
            continue
        parts = {each.get("name"): each for each in value.get("part", ())}
        element = parts.get("element", {}).get("valueUri", "")
        for coding in parts.get("concept", {}).get("valueCodeableConcept", {}).get("coding", ()):
            yield element, str(coding.get("code", ""))


def _maps(connection: Connection, call: Call, asked: Translate) -> list[JsonObject]:
    library = StoredTerminology(connection)
    if call.id is not None:
        stored = read_current(connection, "ConceptMap", call.id, access_to(call.request))
        return [decode(stored.body)]
    url, version = call.text("url"), call.text("conceptMapVersion")
    if url is not None:
        return [concept_map(library, f"{url}|{version}" if version else url)]
    systems = dict.fromkeys(system for system, _, _ in asked.codes)
    return [
        each
        for system in systems
        for each in library.maps_of(system, as_target=asked.reverse)
        # R4: only a map that somebody has put into use translates without being named.
        if each.get("status") == "active"
    ]


def _is_of(found: JsonObject, source: str | None, target: str | None) -> bool:
    """Whether a map is of the value sets that the request names."""
    return all(
        wanted is None or wanted in (found.get(f"{side}Uri"), found.get(f"{side}Canonical"))
        for side, wanted in (("source", source), ("target", target))
    )


OPERATION = Operation(
    name="translate",
    definition="http://hl7.org/fhir/OperationDefinition/ConceptMap-translate",
    levels=("type", "instance"),
    answer=answer,
    types=("ConceptMap",),
    documentation=f"Parameters {', '.join(_PARAMETERS)}. Without url all active maps of the "
    "systems are used.",
)
