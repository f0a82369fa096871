"""The filters of a value set's definition on a release: which of its concepts they select.

Sources: http://hl7.org/fhir/R4/valueset-filter-operator.html; snomedct.html and loinc.html of R4
for the filters that these code systems define.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology.releases.positions import (
    Positions,
    positions_of,
    united,
    without,
)
from terminology.releases.release import Release
from terminology.service.filters import (
    Filter,
    check_answerable,
    matcher,
    read_filter,
    refused,
    selected,
)
from terminology.service.lookup import unknown_code

_SNOMED: Final = "http://snomed.info/sct"
# So many concepts are read one by one in about a second.
_MOST_READ: Final = 200_000


def positions_of_filter(release: Release, given: JsonObject) -> Positions:
    """Return the concepts that a filter selects; FhirError 422 for one that cannot be evaluated."""
    asked = read_filter(given)
    return release.remembered(asked, lambda: _positions(release, asked))


def _positions(release: Release, asked: Filter) -> Positions:
    check_answerable(release, asked)
    hierarchical = _HIERARCHICAL.get(asked.op)
    if hierarchical is not None:
        if not asked.is_of_code:
            raise refused(f"The filter {asked.op} is of the concept, not of {asked.name[:40]!r}.")
        position = release.position(asked.value)
        if position is None:
            raise refused(f"The filter {asked.op}: {unknown_code(release, asked.value)}.")
        return hierarchical(release, position)
    if release.url == _SNOMED and asked.name == "constraint" and asked.op == "=":
        return _constraint(release, asked.value)
    if release.url == _SNOMED and asked.is_of_code and asked.op == "in":
        return _refset(release, asked.value)
    if asked.name in _BESIDE and asked.op in ("=", "in"):
        return _beside(release, asked)
    if asked.name in release.filterable:
        return _of_property(release, asked)
    return _of_relation(release, asked)


def _below(release: Release, position: int) -> Positions:
    below = release.relatives("descendants", position)
    return united([below, positions_of((position,))], len(release))


_HIERARCHICAL: Final[dict[str, Callable[[Release, int], Positions]]] = {
    "is-a": _below,
    "is-not-a": lambda release, at: without(release.everyone, _below(release, at)),
    "descendent-of": lambda release, at: release.relatives("descendants", at),
    "generalizes": lambda release, at: united(
        [release.relatives("ancestors", at), positions_of((at,))], len(release)
    ),
    "child-of": lambda release, at: release.relatives("children", at),
    "descendent-leaf": lambda release, at: _leaves(release, release.relatives("descendants", at)),
}


def _leaves(release: Release, positions: Positions) -> Positions:
    return positions_of(
        each for each in positions.tolist() if not len(release.relatives("children", each))
    )


def _constraint(release: Release, text: str) -> Positions:
    """Return what an expression of SNOMED CT's constraint language selects."""
    # Imported where it is used: only who has SNOMED CT needs it.
    from terminology.ecl.errors import EclError  # noqa: PLC0415
    from terminology.ecl.evaluation import evaluate  # noqa: PLC0415
    from terminology.ecl.parsing import parse  # noqa: PLC0415
    from terminology.releases.snomed_concepts import SnomedConcepts  # noqa: PLC0415

    try:
        result = evaluate(parse(text), SnomedConcepts(release))
    except EclError as error:
        raise FhirError(422, Issue("error", error.code, str(error))) from error
    if result.unknown:
        # It would select nothing, which looks like an answer.
        raise refused(f"The constraint: {unknown_code(release, result.unknown[0])}.")
    return result.ids


def _refset(release: Release, value: str) -> Positions:
    """Return the members of reference sets: http://hl7.org/fhir/R4/snomedct.html, "in"."""
    found = []
    for code in value.split(","):
        position = release.position(code.strip())
        members = None if position is None else release.refset(position)
        if members is None:
            raise refused(f"{code.strip()[:40]!r} is no reference set of {release.canonical}.")
        found.append(members)
    return united(found, len(release))


# http://hl7.org/fhir/R4/loinc.html defines the last two; whose parent is X stands in X's children.
_BESIDE: Final = {
    "parent": "children",
    "child": "parents",
    "ancestor": "descendants",
    "descendant": "ancestors",
}


def _beside(release: Release, asked: Filter) -> Positions:
    """Return the concepts of which one of these is the parent, a child, an ancestor and so on."""
    which = _BESIDE[asked.name]
    found = []
    for code in asked.value.split(",") if asked.op == "in" else (asked.value,):
        position = release.position(code.strip())
        if position is None:
            raise refused(f"The filter {asked.name}: {unknown_code(release, code.strip())}.")
        found.append(release.relatives(which, position))
    return united(found, len(release))


def _of_property(release: Release, asked: Filter) -> Positions:
    name, size = asked.name, len(release)
    if asked.op == "=":
        return release.of_property(name, asked.value)
    if asked.op in ("in", "not-in"):
        values = [release.of_property(name, each.strip()) for each in asked.value.split(",")]
        found = united(values, size)
        return found if asked.op == "in" else without(release.everyone, found)
    if asked.op == "exists":
        if asked.value not in ("true", "false"):
            raise refused(f"The filter exists takes true or false, not {asked.value[:40]!r}.")
        found = united([some for _, some in release.values_of(name)], size)
        return found if asked.value == "true" else without(release.everyone, found)
    if asked.op == "regex":
        matches = matcher(asked.value)
        return united([some for value, some in release.values_of(name) if matches(value)], size)
    raise refused(f"The filter operator {asked.op[:40]!r} is not supported.")


def _of_relation(release: Release, asked: Filter) -> Positions:
    """Return the concepts with a relation, as attributes of SNOMED CT are; else one by one."""
    type = release.position(asked.name)
    relation = None if type is None else release.relation(type)
    if relation is not None and asked.op in ("=", "in"):
        listed = asked.value.split(",") if asked.op == "in" else [asked.value]
        targets = [release.position(each.strip()) for each in listed]
        wanted = positions_of(each for each in targets if each is not None)
        return np.unique(relation.sources[np.isin(relation.targets, wanted)])
    if len(release) > _MOST_READ:
        text = f"Of {release.canonical} the property {asked.name[:40]!r} cannot be filtered; "
        raise refused(f"{text}these can: {', '.join(sorted(release.filterable))}.")
    holds = selected(release, {"property": asked.name, "op": asked.op, "value": asked.value})
    return positions_of(at for at, concept in enumerate(release) if holds(concept))
