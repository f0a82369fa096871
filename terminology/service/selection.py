"""Value sets that are selections of one release: evaluated on whole sets of its concepts.

What is built of several code systems, or lists codes of a small one, is evaluated code by code.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Protocol

import numpy as np

from fhir_server.r4.codec import JsonObject
from terminology.releases.positions import (
    Positions,
    common,
    holds,
    positions_of,
    united,
    without,
)
from terminology.releases.release import Release
from terminology.service.code_system import CodeSystem, SupplementedCodeSystem
from terminology.service.member import Key, Member, listed
from terminology.service.release_filters import positions_of_filter


class Evaluation(Protocol):
    """What a selection asks of the evaluation that it is part of."""

    whole_systems: set[str]

    def code_system(self, url: str, version: str | None) -> CodeSystem:
        """Return the version of a code system that is wanted."""

    def imported(self, canonical: str) -> JsonObject:
        """Return the value set of which another is built."""


class Selection(Mapping[Key, Member]):
    """The codes of a value set of one release, as a set of positions; members are made when asked.

    `entries` are what the value set says of the codes that it lists, by position.
    """

    def __init__(
        self,
        system: CodeSystem,
        release: Release,
        positions: Positions,
        entries: Mapping[int, JsonObject],
    ) -> None:
        self.system = system
        self.release = release
        self.positions = positions
        self.entries = entries
        self._version = (system.url, system.version)

    def __len__(self) -> int:
        return len(self.positions)

    def __iter__(self) -> Iterator[Key]:
        url, version = self.system.url, self.system.version
        for code in self.release.codes(self.positions):
            yield url, version, code

    def __getitem__(self, key: Key) -> Member:
        position = self.release.position(key[2]) if key in self else None
        if position is None:
            raise KeyError(key)
        return self.member(position)

    def __contains__(self, key: object) -> bool:
        match key:
            case (url, version, str(code)) if (url, version) == self._version:
                position = self.release.position(code)
                return position is not None and holds(self.positions, position)
        return False

    def member(self, position: int) -> Member:
        """Return the member of a position."""
        concept = self.release.at(position)
        if self.system is not self.release:
            # A supplement may add to what the release says.
            concept = self.system.get(concept.code) or concept
        entry = self.entries.get(position)
        if entry is None:
            return Member(self.system, concept)
        return listed(self.system, concept, entry)


def selection_of(resource: JsonObject, evaluation: Evaluation) -> Selection | None:
    """Return a value set as a selection; None where it is not one of a release."""
    compose = resource.get("compose", {})
    parts = [*compose.get("include", ()), *compose.get("exclude", ())]
    # Listed codes are few; and those of a code system that is not here may be taken as they are.
    first = next((each for each in parts if "concept" not in each and "system" in each), None)
    if first is None or any(
        "valueSet" in each or each.get("system") != first["system"] for each in parts
    ):
        return None
    system = evaluation.code_system(first["system"], first.get("version"))
    release = release_of(system)
    if release is None or (system.content == "fragment" and any("concept" in p for p in parts)):
        # What a fragment does not have is none of its positions.
        return None
    used = [evaluation.code_system(each["system"], each.get("version")) for each in parts]
    if any(each.canonical != system.canonical for each in used):
        return None
    entries: dict[int, JsonObject] = {}
    included = [_part(release, each, entries) for each in compose.get("include", ())]
    found = united(included, len(release))
    for each in compose.get("exclude", ()):
        found = without(found, _part(release, each, {}))
    if compose.get("inactive") is False:
        found = without(found, release.inactive)
    if any("filter" not in each and "concept" not in each for each in compose.get("include", ())):
        evaluation.whole_systems.add(system.url)
    return Selection(system, release, found, entries)


def shown(selection: Selection, text: str, *, active_only: bool) -> Positions:
    """Return the positions of a selection in whose texts a search text is found.

    In the order of the release; those of a search with the best first.
    """
    release, found = selection.release, selection.positions
    if active_only:
        found = without(found, release.inactive)
    if not text.split():
        return found
    found = common(found, release.with_texts(text))
    return found[np.argsort(release.rank[found], kind="stable")]


def release_of(system: CodeSystem) -> Release | None:
    """Return the release that a code system is read from, None where it is no release."""
    base = system.base if isinstance(system, SupplementedCodeSystem) else system
    return base if isinstance(base, Release) else None


def _part(release: Release, part: JsonObject, entries: dict[int, JsonObject]) -> Positions:
    if "concept" in part:
        found: dict[int, JsonObject] = {}
        for entry in part["concept"]:
            position = release.position(entry["code"])
            if position is not None:
                found.setdefault(position, entry)
        for position, entry in found.items():
            entries.setdefault(position, entry)
        return positions_of(found)
    return part_of_release(release, part)


def part_of_release(release: Release, part: JsonObject) -> Positions:
    """Return the concepts that the filters of an include or exclude select, all without one."""
    found = [positions_of_filter(release, each) for each in part.get("filter", ())]
    return reduce(common, found) if found else release.everyone
