"""The suite is written in R5; this server speaks R4: resources to R4, answers to R5."""

from typing import Any

from terminology.service.expansion_properties import DECLARED, OF_CODE

_OPERATORS = frozenset(
    ("=", "is-a", "descendent-of", "is-not-a", "regex", "in", "not-in", "generalizes", "exists")
)
_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
_ABSENT = {
    "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "valueCode": "unknown",
}
# Elements of R5 that R4 lacks and no test needs.
_DROPPED = ("versionAlgorithmString", "versionAlgorithmCoding", "copyrightLabel", "approvalDate")


def to_r4(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource of the suite as R4 has it."""
    kept: dict[str, Any] = _without_slips(resource)
    kept.setdefault("status", "unknown")
    if kept.get("resourceType") == "ConceptMap":
        return _concept_map(kept)
    if kept.get("resourceType") == "ValueSet":
        for part in _parts(kept):
            part["filter"] = [_filter(each) for each in part.get("filter", ())]
            if not part["filter"]:
                del part["filter"]
    return kept


_RELATIONS = {
    "equivalent": "equivalent",
    # R4 says what the target is, R5 what the source is.
    "source-is-broader-than-target": "narrower",
    "source-is-narrower-than-target": "wider",
    "related-to": "relatedto",
    "not-related-to": "disjoint",
}


def _concept_map(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a ConceptMap as R4 has it; in use, for only such a map translates unasked."""
    renamed = {"sourceScopeUri": "sourceUri", "targetScopeUri": "targetUri"}
    found = {renamed.get(name, name): value for name, value in resource.items()}
    for group in found.get("group", ()):
        group.get("unmapped", {}).pop("relationship", None)
        for element in group.get("element", ()):
            for target in element.get("target", ()):
                target["equivalence"] = _RELATIONS[target.pop("relationship")]
                # R4's cmd-1 asks for a word on what is narrower.
                target.setdefault("comment", "as the suite has it")
    return found | {"status": "active"}


def translate_request(parameters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parameters of R5's $translate as R4 has them."""
    given = {each["name"]: each for each in parameters}
    reverse = "targetCode" in given
    names = {"sourceCode": "code", "sourceSystem": "system", "targetSystem": "targetsystem"}
    if reverse:
        names = {"targetCode": "code", "targetSystem": "system", "sourceSystem": "targetsystem"}
    renamed = [{**each, "name": names.get(each["name"], each["name"])} for each in parameters]
    return [*renamed, {"name": "reverse", "valueBoolean": True}] if reverse else renamed


def translate_answer(answer: Any, asked: list[dict[str, Any]]) -> Any:
    """Return the answer of R4's $translate as R5 has it."""
    given = {each["name"]: each for each in asked}
    for match in answer.get("parameter", ()):
        if match["name"] != "match":
            continue
        for part in match["part"]:
            if part["name"] == "source":
                part["name"] = "originMap"
                part["valueCanonical"] = part.pop("valueUri")
            elif part["name"] == "concept" and "targetCode" in given:
                part["name"] = "source"
        if "targetCode" in given:
            system, code = given["targetSystem"]["valueUri"], given["targetCode"]["valueCode"]
            concept = {"system": system, "code": code}
            match["part"].append({"name": "concept", "valueCoding": concept})
    return answer


def to_r5(answer: Any) -> Any:
    """Return an answer with the properties of an expansion where R5 has them."""
    if isinstance(answer, list):
        return [to_r5(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    found = {name: to_r5(value) for name, value in answer.items() if name != "extension"}
    kept = []
    for each in answer.get("extension", ()):
        if each.get("url") in (DECLARED, OF_CODE):
            parts = {
                part["url"]: next((k, v) for k, v in part.items() if k != "url")
                for part in each["extension"]
            }
            entry = {name: value for name, (_, value) in parts.items() if name != "value"}
            if "value" in parts:
                kind, value = parts["value"]
                entry[kind] = value
            found.setdefault("property", []).append(entry)
        else:
            kept.append(to_r5(each))
    return found | ({"extension": kept} if kept else {})


def _without_slips(value: Any) -> Any:
    """Return the value without what R4 lacks, and without `title:en`, a slip of the suite's."""
    if isinstance(value, dict):
        return {
            k: _without_slips(v) for k, v in value.items() if k not in _DROPPED and ":" not in k
        }
    return [_without_slips(each) for each in value] if isinstance(value, list) else value


def _parts(value_set: dict[str, Any]) -> list[dict[str, Any]]:
    compose = value_set.get("compose", {})
    return [*compose.get("include", ()), *compose.get("exclude", ())]


def _filter(given: dict[str, Any]) -> dict[str, Any]:
    if "value" not in given and "_value" not in given:
        # R4 stores no filter without a value, but one that says that it has none.
        given = {**given, "_value": {"extension": [_ABSENT]}}
    if given.get("op") in _OPERATORS:
        return given
    extension = {"url": f"{_R5}ValueSet.compose.include.filter.op", "valueCode": given["op"]}
    rest = {name: value for name, value in given.items() if name != "op"}
    return rest | {"_op": {"extension": [extension]}}
