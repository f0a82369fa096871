"""ConceptMap/$closure: which of the concepts that a client has are kinds of which others.

Source: http://hl7.org/fhir/R4/conceptmap-operation-closure.html, terminology-service.html#closure.
A closure table grows by steps. Each holds the concepts that one request added and every relation
of theirs with what was there before, so that a client that missed an answer can have it again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology.service.code_system import CodeSystem
from terminology.service.library import Library, UnknownCodeSystem, code_system
from terminology.service.lookup import unknown_code


class Placed(msgspec.Struct, frozen=True):
    """A concept of a closure table, in the version of its code system that the table uses."""

    system: str
    version: str
    code: str


class Relation(msgspec.Struct, frozen=True):
    """The concept `code` is a kind of the concept `above`."""

    system: str
    version: str
    code: str
    above: str


class Step(msgspec.Struct, frozen=True):
    """What one request added to a closure table."""

    concepts: tuple[Placed, ...] = ()
    relations: tuple[Relation, ...] = ()


def grown(library: Library, held: Iterable[Placed], asked: Iterable[Placed]) -> Step:
    """Return what a table of the concepts `held` gains by those that are `asked` for.

    A table uses one version of each code system, that of its first concept. FhirError 422 for a
    code that there is not, a code system that is not here, or of which not all codes are, and for
    a hierarchy that does not mean is-a: a relation that is missing would look like none.
    """
    systems: dict[str, CodeSystem] = {}
    pinned: dict[str, str] = {}
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for each in held:
        pinned[each.system] = each.version
        codes[each.system].add(each.code)
    added: list[Placed] = []
    for each in asked:
        if each.system not in systems:
            version = pinned.setdefault(each.system, each.version)
            systems[each.system] = _usable(library, each.system, version)
            pinned[each.system] = systems[each.system].version
        if each.version and each.version != pinned[each.system]:
            text = (
                f"The table uses {each.system} in version {pinned[each.system]!r}, not in "
                f"{each.version!r}; initialise it again for another version"
            )
            raise _refused("conflict", text)
        concept = systems[each.system].get(each.code)
        if concept is None:
            raise _refused("code-invalid", unknown_code(systems[each.system], each.code))
        if concept.code not in codes[each.system]:
            codes[each.system].add(concept.code)
            added.append(Placed(each.system, pinned[each.system], concept.code))
    relations: dict[Relation, None] = {}
    for each in added:
        system, there = systems[each.system], codes[each.system]
        for above in sorted(system.ancestors(each.code) & there):
            relations[Relation(each.system, each.version, each.code, above)] = None
        for below in sorted(system.descendants(each.code) & there):
            relations[Relation(each.system, each.version, below, each.code)] = None
    return Step(tuple(added), tuple(relations))


def closure_map(name: str, version: int, steps: Iterable[Step], *, now: datetime) -> JsonObject:
    """Return the ConceptMap of the relations of some steps; `version` is that of the table."""
    found: JsonObject = {
        "resourceType": "ConceptMap",
        "version": str(version),
        "title": name,
        "status": "active",
        "experimental": True,
        "date": now.isoformat(timespec="seconds"),
    }
    groups: dict[tuple[str, str], dict[str, list[str]]] = {}
    for step in steps:
        for each in step.relations:
            of_system = groups.setdefault((each.system, each.version), {})
            of_system.setdefault(each.code, []).append(each.above)
    if groups:
        found["group"] = [_group(*key, elements) for key, elements in groups.items()]
    return found


def _group(system: str, version: str, elements: dict[str, list[str]]) -> JsonObject:
    versions = {"sourceVersion": version, "targetVersion": version} if version else {}
    # R4 reads an equivalence from target to source: the target subsumes the source.
    listed = [
        {"code": code, "target": [{"code": each, "equivalence": "subsumes"} for each in above]}
        for code, above in elements.items()
    ]
    return {"source": system, "target": system, **versions, "element": listed}


def _usable(library: Library, url: str, version: str) -> CodeSystem:
    try:
        system = code_system(library, url, version or None, so="the table cannot grow by its codes")
    except UnknownCodeSystem as error:
        # 404 is for a table that there is not: what a client does then is to begin it anew.
        raise FhirError(422, *error.issues) from error
    if not system.has_subsumption:
        text = (
            f"The hierarchy of {system.canonical} means {system.hierarchy!r}, not is-a: it does "
            "not say what is a kind of what"
        )
        raise _refused("not-supported", text)
    if system.content != "complete":
        text = f"Of {system.canonical} not all codes are here: relations would be missing"
        raise _refused("incomplete", text)
    return system


def _refused(code: str, text: str) -> FhirError:
    return FhirError(422, Issue("error", code, f"{text}."))


def concepts_of(steps: Sequence[Step]) -> list[Placed]:
    """Return the concepts of a table, in the order in which they came."""
    return [each for step in steps for each in step.concepts]
