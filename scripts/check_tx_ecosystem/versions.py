"""The suite is written in R5; this server speaks R4: resources to R4, answers to R5."""

from typing import Any

from terminology.service.expansion_properties import DECLARED, OF_CODE

_OPERATORS = frozenset(
    ("=", "is-a", "descendent-of", "is-not-a", "regex", "in", "not-in", "generalizes", "exists")
)
_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
# Elements of R5 that R4 lacks and no test needs.
_DROPPED = ("versionAlgorithmString", "versionAlgorithmCoding", "copyrightLabel", "approvalDate")


def to_r4(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource of the suite as R4 has it."""
    kept: dict[str, Any] = _without_slips(resource)
    kept.setdefault("status", "active")
    if kept.get("resourceType") == "ValueSet":
        for part in _parts(kept):
            part["filter"] = [_filter(each) for each in part.get("filter", ())]
            if not part["filter"]:
                del part["filter"]
    return kept


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
    if given.get("op") in _OPERATORS:
        return given
    extension = {"url": f"{_R5}ValueSet.compose.include.filter.op", "valueCode": given["op"]}
    rest = {name: value for name, value in given.items() if name != "op"}
    return rest | {"_op": {"extension": [extension]}}
