"""Properties of the codes of an expansion, as R4 carries what R5 has for them: by extensions.

Source: http://hl7.org/fhir/R4/versions.html#extensions, of R5's ValueSet.expansion.property and
ValueSet.expansion.contains.property.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from fhir_server.r4.codec import JsonObject
from terminology.service.concept import PROPERTIES
from terminology.service.member import Member

DECLARED: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.property"
)
OF_CODE: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.contains.property"
)
# Who shows codes needs these without asking; so it does the status of a code that is not active.
_ALWAYS: Final = frozenset(("order", "label", "weight"))
_URIS: Final = {"weight": "itemWeight"}


def property_extensions(member: Member, asked: Sequence[str]) -> list[JsonObject]:
    """Return the properties of a code that are asked for, and its status."""
    return [
        {
            "url": OF_CODE,
            "extension": [{"url": "code", "valueCode": code}, {"url": "value", kind: value}],
        }
        for code, kind, value in _properties(member, asked)
    ]


def declared(page: Iterable[Member], asked: Sequence[str]) -> list[JsonObject]:
    """Return what the properties of a page's codes are: code and uri."""
    uris: dict[str, str] = {}
    for member in page:
        for code, _, _ in _properties(member, asked):
            if code not in uris:
                uris[code] = _uri(member, code)
    return [
        {
            "url": DECLARED,
            "extension": [{"url": "code", "valueCode": code}, {"url": "uri", "valueUri": uri}],
        }
        for code, uri in uris.items()
    ]


def _properties(member: Member, asked: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
    concept, given = member.concept, {each.code for each in member.properties}
    if "definition" in asked and concept.definition:
        yield "definition", "valueString", concept.definition
    yield from ((each.code, each.kind, each.value) for each in member.properties)
    for each in (*concept.said, *concept.properties):
        is_status = each.kind == "valueCode" and each.value == concept.status != "active"
        if each.code in given:
            continue
        if each.code in asked or each.code in _ALWAYS:
            yield each.code, each.kind, each.value
        elif is_status:
            yield "status", each.kind, each.value


def _uri(member: Member, code: str) -> str:
    for each in member.system.resource.get("property", ()):
        if each.get("code") == code and "uri" in each:
            return str(each["uri"])
    return PROPERTIES + _URIS.get(code, code)
