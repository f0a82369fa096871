"""CodeSystem/$lookup: http://hl7.org/fhir/R4/codesystem-operation-lookup.html."""

from collections.abc import Iterator

import msgspec

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology.check_digits import may_be_code
from terminology.service.code_system import CodeSystem
from terminology.service.concept import Concept
from terminology.service.languages import display_in, matches

# What a property of a concept may be, of those kinds that R4's $lookup can answer.
_KINDS = frozenset(
    (
        "valueBoolean",
        "valueCode",
        "valueCoding",
        "valueDateTime",
        "valueDecimal",
        "valueInteger",
        "valueString",
    )
)
ALL = "*"


class Lookup(msgspec.Struct, frozen=True):
    """What is asked of a concept; no `properties` asks for all of them."""

    code: str
    languages: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    supplements: tuple[str, ...] = ()

    def wants(self, name: str) -> bool:
        """Whether a property is asked for."""
        return not self.properties or ALL in self.properties or name in self.properties


def lookup(system: CodeSystem, asked: Lookup) -> JsonObject:
    """Return the Parameters that tell a concept; FhirError 404 where there is no such code."""
    concept = system.get(asked.code)
    if concept is None:
        raise FhirError(404, Issue("error", "not-found", unknown_code(system, asked.code)))
    shown = display_in(concept, system.language, asked.languages)
    parameters: list[JsonObject] = [
        {"name": "name", "valueString": system.name or system.url},
        *_told("version", "valueString", system.version),
        {"name": "display", "valueString": shown or concept.code},
        {"name": "code", "valueCode": concept.code},
        {"name": "system", "valueUri": system.url},
        {"name": "abstract", "valueBoolean": concept.is_abstract},
        *_told("definition", "valueString", concept.definition),
        *({"name": "used-supplement", "valueCanonical": each} for each in asked.supplements),
        *_designations(system, concept, asked),
        *_properties(system, concept, asked),
    ]
    return {"resourceType": "Parameters", "parameter": parameters}


def unknown_code(system: CodeSystem, code: str) -> str:
    """Return the words for a code that a code system does not have."""
    version = f" version '{system.version}'" if system.version else ""
    if system.content == "fragment" and may_be_code(system.url, code):
        return (
            f"Unknown Code '{code}' in the CodeSystem '{system.url}'{version} - note that the code "
            "system is labeled as a fragment, so the code may be valid in some other fragment"
        )
    return f"Unknown code '{code}' in the CodeSystem '{system.url}'{version}"


def _told(name: str, kind: str, value: str) -> list[JsonObject]:
    return [{"name": name, kind: value}] if value else []


def _designations(system: CodeSystem, concept: Concept, asked: Lookup) -> Iterator[JsonObject]:
    everything = asked.wants("designation")
    tags = [name[len("lang.") :] for name in asked.properties if name.startswith("lang.")]
    own = system.language
    if own and concept.display and (everything or any(matches(own, tag) for tag in tags)):
        yield _designation(own, None, concept.display)
    for each in concept.designations:
        if everything or any(each.language and matches(each.language, tag) for tag in tags):
            yield _designation(each.language, each.use, each.value, each.source)


def _designation(
    language: str, use: JsonObject | None, value: str, source: str | None = None
) -> JsonObject:
    return {
        "name": "designation",
        "part": [
            *_told("language", "valueCode", language),
            *([{"name": "use", "valueCoding": use}] if use else []),
            *_told("source", "valueCanonical", source or ""),
            {"name": "value", "valueString": value},
        ],
    }


def _properties(system: CodeSystem, concept: Concept, asked: Lookup) -> Iterator[JsonObject]:
    if asked.wants("inactive"):
        yield _property("inactive", "valueBoolean", concept.is_inactive)
    for name, codes in (("parent", concept.parents), ("child", concept.children)):
        if asked.wants(name):
            for code in codes:
                other = system.get(code)
                shown = "" if other is None else other.display
                yield _property(name, "valueCode", code, description=shown)
    given = {"inactive", "parent", "child"}
    for each in concept.properties:
        if each.code not in given and each.kind in _KINDS and asked.wants(each.code):
            yield _property(each.code, each.kind, each.value)


def _property(code: str, kind: str, value: object, *, description: str = "") -> JsonObject:
    return {
        "name": "property",
        "part": [
            {"name": "code", "valueCode": code},
            {"name": "value", kind: value},
            *_told("description", "valueString", description),
        ],
    }
