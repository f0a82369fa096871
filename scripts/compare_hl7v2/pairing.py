"""Resources of both sides that are the same one: by type, then by content, then by order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.r4.codec import JsonObject
from scripts.compare_hl7v2.elements import Compared, best_pairs, compare
from scripts.compare_hl7v2.references import by_reference, resolved

# They differ by design, or name the resource itself.
_NOT_COMPARED = ("id", "meta", "text", "contained", "implicitRules")


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides of a message: paired types, their elements, the resources without partner."""

    pairs: tuple[str, ...]
    elements: tuple[Compared, ...]
    ours_alone: tuple[JsonObject, ...]
    theirs_alone: tuple[JsonObject, ...]


def compare_resources(ours: Sequence[JsonObject], theirs: Sequence[JsonObject]) -> Comparison:
    """Return the comparison of two sets of resources."""
    pairs = list(_pairs(ours, theirs))
    names = [_names(pairs, side) for side in (0, 1)]
    elements = [
        element
        for mine, other in pairs
        for element in compare(
            _content(resolved(mine, names[0], by_reference(ours))),
            _content(resolved(other, names[1], by_reference(theirs))),
            str(mine["resourceType"]),
        )
    ]
    return Comparison(
        tuple(str(mine["resourceType"]) for mine, _ in pairs),
        tuple(elements),
        tuple(each for each in ours if _name(each) not in names[0]),
        tuple(each for each in theirs if _name(each) not in names[1]),
    )


def _pairs(
    ours: Sequence[JsonObject], theirs: Sequence[JsonObject]
) -> Iterator[tuple[JsonObject, JsonObject]]:
    for type in dict.fromkeys(each["resourceType"] for each in ours):
        mine, other = _of(type, ours), _of(type, theirs)
        contents = [[_unlinked(_content(each)) for each in side] for side in (mine, other)]
        for i, j in best_pairs(*contents):
            yield mine[i], other[j]


def _of(type: str, resources: Iterable[JsonObject]) -> list[JsonObject]:
    return [each for each in resources if each["resourceType"] == type]


def _content(resource: JsonObject) -> JsonObject:
    return {
        name: value
        for name, value in resource.items()
        if name not in (*_NOT_COMPARED, "resourceType")
    }


def _unlinked(value: Any) -> Any:
    """Return a value without the references in it: they are compared when all pairs are known."""
    if isinstance(value, list):
        return [_unlinked(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _unlinked(each) for name, each in value.items() if name != "reference"}


def _names(pairs: Sequence[tuple[JsonObject, JsonObject]], side: int) -> dict[str, str]:
    return {
        _name(pair[side]): f"{pair[side]['resourceType']}#{number}"
        for number, pair in enumerate(pairs)
    }


def _name(resource: JsonObject) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
