"""The suite is written in R5; this server speaks R4: resources to R4, answers to R5."""

from typing import Any

_OPERATORS = frozenset(
    ("=", "is-a", "descendent-of", "is-not-a", "regex", "in", "not-in", "generalizes", "exists")
)
_R5 = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
# Elements of R5 that R4 lacks and no test needs.
_DROPPED = ("versionAlgorithmString", "versionAlgorithmCoding", "copyrightLabel", "approvalDate")


def to_r4(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource of the suite as R4 has it."""
    kept: dict[str, Any] = _without_slips(resource)
    if kept.get("resourceType") == "ValueSet":
        for part in _parts(kept):
            part["filter"] = [_filter(each) for each in part.get("filter", ())]
            if not part["filter"]:
                del part["filter"]
    return kept


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
