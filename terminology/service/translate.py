"""ConceptMap/$translate: http://hl7.org/fhir/R4/conceptmap-operation-translate.html."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from fhir_server.r4.codec import JsonObject
from terminology.service.code_system import canonical_of

# http://hl7.org/fhir/R4/valueset-concept-map-equivalence.html: no translation at all.
_NONE: Final = frozenset(("unmatched", "disjoint"))
# Read from the target to the source.
_REVERSED: Final = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}


class Translate(msgspec.Struct, frozen=True):
    """What is asked: codes as (system, version, code), the system wanted, and which way.

    `dependencies` are the values of other elements that are known, by property.
    """

    codes: tuple[tuple[str, str, str], ...]
    target_system: str = ""
    reverse: bool = False
    dependencies: tuple[tuple[str, str], ...] = ()


class _Match(msgspec.Struct, frozen=True):
    equivalence: str
    concept: JsonObject
    origin: str
    products: tuple[JsonObject, ...] = ()


def translate(maps: Sequence[JsonObject], asked: Translate) -> JsonObject:
    """Return the Parameters with every translation that the maps have.

    `result` is true only where one of them is a translation: that there is none, or that it hangs
    on what is not known, is said in `message`.
    """
    found: list[_Match] = []
    open_: list[str] = []
    for concept_map in maps:
        for group in concept_map.get("group", ()):
            found += _of_group(concept_map, group, asked, open_)
    unique = {msgspec.json.encode(each): each for each in found}
    matches = list(unique.values())
    right = any(each.equivalence not in _NONE for each in matches)
    parameters: list[JsonObject] = [{"name": "result", "valueBoolean": right}]
    text = _message(right, bool(maps), open_)
    if text:
        parameters.append({"name": "message", "valueString": text})
    parameters += [_parameter(each) for each in matches]
    return {"resourceType": "Parameters", "parameter": parameters}


def _message(right: bool, has_maps: bool, open_: Sequence[str]) -> str:
    if right:
        return ""
    if open_:
        return f"There are translations that depend on {', '.join(dict.fromkeys(open_))}."
    if not has_maps:
        return "No ConceptMap on this server is of these systems."
    return "The maps have no translation of the code."


def _of_group(
    concept_map: JsonObject, group: JsonObject, asked: Translate, open_: list[str]
) -> Iterator[_Match]:
    source, target = group.get("source", ""), group.get("target", "")
    own, other = (target, source) if asked.reverse else (source, target)
    own_version = group.get("targetVersion" if asked.reverse else "sourceVersion", "")
    if asked.target_system and other != asked.target_system:
        return
    origin = canonical_of(concept_map)
    for system, version, code in asked.codes:
        if system != own or (version and own_version and version != own_version):
            continue
        if asked.reverse:
            yield from _sources(group, code, origin)
            continue
        element = next(
            (each for each in group.get("element", ()) if each.get("code") == code), None
        )
        if element is None:
            yield from _unmapped(group, code, origin)
            continue
        for each in element.get("target", ()):
            lacking = _lacking(each, asked)
            if lacking:
                open_ += lacking
                continue
            if "code" in each:
                concept = _coding(group, "target", each)
                products = tuple(each.get("product", ()))
                yield _Match(each.get("equivalence", "relatedto"), concept, origin, products)


def _sources(group: JsonObject, code: str, origin: str) -> Iterator[_Match]:
    for element in group.get("element", ()):
        for each in element.get("target", ()):
            if each.get("code") == code and "code" in element:
                equivalence = each.get("equivalence", "relatedto")
                concept = _coding(group, "source", element)
                yield _Match(_REVERSED.get(equivalence, equivalence), concept, origin)


def _unmapped(group: JsonObject, code: str, origin: str) -> Iterator[_Match]:
    """Yield what a map says of codes that it does not list; another map is not followed."""
    unmapped = group.get("unmapped", {})
    if unmapped.get("mode") == "provided":
        # R4 says of neither how near it is.
        yield _Match("relatedto", _coding(group, "target", {"code": code}), origin)
    elif unmapped.get("mode") == "fixed" and "code" in unmapped:
        # http://hl7.org/fhir/R4/conceptmap-definitions.html#ConceptMap.group.unmapped.mode
        yield _Match("relatedto", _coding(group, "target", unmapped), origin)


def _lacking(target: JsonObject, asked: Translate) -> list[str]:
    """Return what a translation depends on and is not as it must be."""
    known = set(asked.dependencies)
    needed = [
        (each.get("property", ""), each.get("value", "")) for each in target.get("dependsOn", ())
    ]
    return [f"{name} = {value}" for name, value in needed if (name, value) not in known]


def _coding(group: JsonObject, side: str, entry: JsonObject) -> JsonObject:
    coding: JsonObject = {}
    if group.get(side):
        coding["system"] = group[side]
    if group.get(f"{side}Version"):
        coding["version"] = group[f"{side}Version"]
    coding["code"] = entry["code"]
    return coding | ({"display": entry["display"]} if entry.get("display") else {})


def _parameter(match: _Match) -> JsonObject:
    parts: list[JsonObject] = [
        {"name": "equivalence", "valueCode": match.equivalence},
        {"name": "concept", "valueCoding": match.concept},
        *({"name": "product", "part": _product(each)} for each in match.products),
    ]
    if match.origin:
        parts.append({"name": "source", "valueUri": match.origin})
    return {"name": "match", "part": parts}


def _product(product: JsonObject) -> list[JsonObject]:
    coding = {
        name: value
        for name, value in (
            ("system", product.get("system")),
            ("code", product.get("value")),
            ("display", product.get("display")),
        )
        if value
    }
    return [
        {"name": "element", "valueUri": product.get("property", "")},
        {"name": "concept", "valueCoding": coding},
    ]
