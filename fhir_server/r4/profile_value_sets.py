"""The codes of value sets: R4's own expansions, and those that loaded packages bring."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from fhir_server.r4.code_hierarchies import Below, and_below, below_of, own_value_set
from fhir_server.r4.codec import JsonObject
from fhir_server.r4.definitions import definitions
from fhir_server.r4.invariant_rules import values
from fhir_server.r4.profile_packages import Publication

Codes: TypeAlias = Mapping[str, frozenset[str]]


class ValueSets:
    """Value sets by canonical URL; each is expanded at its first use."""

    def __init__(self, publication: Publication) -> None:
        self._sets = publication.value_sets
        self._systems = publication.code_systems
        self._known: dict[str, Codes | None] = dict(definitions().value_sets)

    def codes(self, url: str) -> Codes | None:
        """Return system -> codes; None where they cannot all be known here."""
        plain = url.partition("|")[0]
        if plain not in self._known:
            self._known[plain] = None  # a value set that includes itself ends here
            value_set = self._sets.get(plain)
            self._known[plain] = None if value_set is None else self._expand(value_set)
        return self._known[plain]

    def _expand(self, value_set: JsonObject) -> Codes | None:
        expansion = value_set.get("expansion", {})
        if "contains" in expansion and expansion.get("total", 0) <= len(expansion["contains"]):
            return _gather(_flat(expansion["contains"]))
        compose = value_set.get("compose", {})
        included = [self._include(part) for part in compose.get("include", ())]
        excluded = [self._include(part) for part in compose.get("exclude", ())]
        pairs: set[tuple[str, str]] = set()
        for part in included:
            if part is None:
                return None
            pairs |= part
        for part in excluded:
            if part is None:
                return None
            pairs -= part
        return _gather(iter(pairs)) if pairs else None

    def _include(self, part: JsonObject) -> set[tuple[str, str]] | None:
        found: set[tuple[str, str]] | None = None
        if "system" in part:
            found = self._of_system(part)
            if found is None:
                return None
        for url in part.get("valueSet", ()):
            codes = self.codes(url)
            if codes is None:
                return None
            pairs = {(system, code) for system, all_ in codes.items() for code in all_}
            found = pairs if found is None else found & pairs
        return found

    def _of_system(self, part: JsonObject) -> set[tuple[str, str]] | None:
        system = part["system"]
        if "concept" in part:
            return {(system, concept["code"]) for concept in part["concept"]}
        known = self._whole(system)
        if known is None:
            return None
        codes, below = known
        for rule in part.get("filter", ()):
            wanted = _filtered(rule, below)
            if wanted is None:
                return None
            codes = codes & wanted if rule["op"] != "is-not-a" else codes - wanted
        return {(system, code) for code in codes}

    def _whole(self, system: str) -> tuple[frozenset[str], Below] | None:
        """Return all codes of a system and what stands below each; None where not all are known."""
        published = self._systems.get(system)
        if published is not None:
            if published.get("content") != "complete":
                return None
            return frozenset(_codes_of(published)), _below_of(published)
        own = definitions().value_sets.get(own_value_set(system) or "")
        return None if own is None or set(own) != {system} else (own[system], below_of(system))


def _filtered(rule: JsonObject, below: Below) -> frozenset[str] | None:
    """Return the codes of a filter by hierarchy (R4 valueset.html#filter), None for another."""
    if rule.get("property") != "concept":
        return None
    found = frozenset(and_below(rule["value"], below))
    if rule.get("op") in ("is-a", "is-not-a"):
        return found
    return found - {rule["value"]} if rule.get("op") == "descendent-of" else None


def _below_of(code_system: JsonObject) -> Below:
    found: dict[str, frozenset[str]] = {}
    level = list(code_system.get("concept", ()))
    while level:
        for concept in level:
            found[concept["code"]] = frozenset(values(concept, "concept", "code"))
        level = list(values(level, "concept"))
    return found


def _codes_of(code_system: JsonObject) -> Iterator[str]:
    level = list(code_system.get("concept", ()))
    while level:
        yield from values(level, "code")
        level = list(values(level, "concept"))


def _flat(contains: list[JsonObject]) -> Iterator[tuple[str, str]]:
    for entry in contains:
        if not entry.get("abstract") and "code" in entry:
            yield entry.get("system", ""), entry["code"]
        yield from _flat(entry.get("contains", []))


def _gather(pairs: Iterator[tuple[str, str]]) -> Codes:
    found: dict[str, set[str]] = {}
    for system, code in pairs:
        found.setdefault(system, set()).add(code)
    return {system: frozenset(codes) for system, codes in found.items()}
