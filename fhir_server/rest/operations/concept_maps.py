"""ConceptMap/$translate, by the maps that are stored here or ship with the product.

Source: http://hl7.org/fhir/R4/conceptmap-operation-translate.html.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.operations.call import Call
from fhir_server.rest.operations.reading import reading_operation
from fhir_server.rest.operations.session import Session
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to
from terminology.service.library import concept_map
from terminology.service.translate import Translate, translate

_PARAMETERS: Final = (
    *("url", "conceptMapVersion", "code", "system", "version", "coding", "codeableConcept"),
    *("source", "target", "targetsystem", "dependency", "reverse"),
)


def translations(call: Call) -> Callable[[Session], JsonObject]:
    """Return the translations of a code, by one map or by all of its systems."""
    call.check_known(*_PARAMETERS)
    asked = Translate(
        codes=_codes(call),
        target_system=call.text("targetsystem") or "",
        reverse=call.flag("reverse") or False,
        dependencies=tuple(_dependencies(call)),
    )
    scopes = call.text("source"), call.text("target")

    def read(session: Session) -> JsonObject:
        maps = [each for each in _maps(session, call, asked) if _is_of(each, *scopes)]
        return translate(maps, asked)

    return read


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
    codings: Any = [coding]
    if coding is None:
        codings = concept.get("coding", []) if isinstance(concept, dict) else None
    if not isinstance(codings, list) or not all(
        isinstance(each, dict) and isinstance(each.get("code"), str) for each in codings
    ):
        raise BadRequest("value", "A coding has a system and a code.")
    return tuple(
        (str(each.get("system", "")), str(each.get("version", "")), each["code"])
        for each in codings
    )


def _dependencies(call: Call) -> Iterator[tuple[str, str]]:
    for name, value in call.arguments:
        if name == "dependency":
            parts = {part.get("name"): part for part in _objects(value, "part")}
            element = parts.get("element", {}).get("valueUri", "")
            concept = parts.get("concept", {}).get("valueCodeableConcept", {})
            for coding in _objects(concept, "coding"):
                yield str(element), str(coding.get("code", ""))


def _objects(value: Any, name: str) -> list[JsonObject]:
    """Return the list of objects in an element of a dependency."""
    found = value.get(name, []) if isinstance(value, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        text = "dependency has the parts element (a uri) and concept (a CodeableConcept)."
        raise BadRequest("value", text)
    return found


def _maps(session: Session, call: Call, asked: Translate) -> list[JsonObject]:
    if call.id is not None:
        stored = read_current(session.connection, "ConceptMap", call.id, access_to(call.request))
        return [decode(stored.body)]
    url, version = call.text("url"), call.text("conceptMapVersion")
    if url is not None:
        return [concept_map(session.library(), f"{url}|{version}" if version else url)]
    systems = dict.fromkeys(system for system, _, _ in asked.codes)
    return [
        each
        for system in systems
        for each in session.maps_of(system, as_target=asked.reverse)
        # R4: only a map that somebody has put into use translates without being named.
        if each.get("status") == "active"
    ]


def _is_of(found: JsonObject, source: str | None, target: str | None) -> bool:
    """Whether a map is of the value sets that the request names."""
    return all(
        wanted is None or wanted in (found.get(f"{side}Uri"), found.get(f"{side}Canonical"))
        for side, wanted in (("source", source), ("target", target))
    )


OPERATION = reading_operation(
    "ConceptMap",
    "translate",
    translations,
    documentation=f"Parameters {', '.join(_PARAMETERS)}. Without url all active maps of the "
    "systems are used.",
)
