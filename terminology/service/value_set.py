"""Which codes a value set holds, by its definition.

Source: http://hl7.org/fhir/R4/valueset.html#compositions.
"""

from collections.abc import Iterator
from typing import Final, TypeAlias

import msgspec

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology.service.code_system import CodeSystem, canonical_of
from terminology.service.concept import Concept, Designation, designations_of
from terminology.service.filters import selected
from terminology.service.library import (
    WITH_CODES,
    Library,
    code_system,
    supplemented,
    value_set,
)
from terminology.service.versions import Versions

# A value set may be built of others; deeper, or in a circle, is a mistake.
_DEEPEST: Final = 16


class Member(msgspec.Struct, frozen=True):
    """A code of a value set, with the display and designations that the value set gives it."""

    system: CodeSystem
    concept: Concept
    display: str = ""
    designations: tuple[Designation, ...] = ()


# System, version and code.
Key: TypeAlias = tuple[str, str, str]


class Composition:
    """The evaluation of value sets from one library; notes what it has used.

    `trusts_lists`: codes that a value set lists one by one are taken as they are where their code
    system is not here; nobody has checked that there are such codes then.
    """

    def __init__(
        self,
        library: Library,
        versions: Versions,
        supplements: tuple[str, ...] = (),
        *,
        trusts_lists: bool = False,
    ) -> None:
        self._library = library
        self._trusts_lists = trusts_lists
        self._versions = versions
        self._supplements = supplements
        self._systems: dict[tuple[str, str], CodeSystem] = {}
        self.used_value_sets: dict[str, None] = {}
        self.used_supplements: dict[str, None] = {}

    @property
    def used_code_systems(self) -> list[CodeSystem]:
        """The versions of code systems that were read, in the order of reading."""
        return list({each.canonical: each for each in self._systems.values()}.values())

    def members(self, resource: JsonObject, above: tuple[str, ...] = ()) -> dict[Key, Member]:
        """Return the codes of a value set in the order of its definition.

        FhirError 404 for a code system or value set that is not here: a value set of which a part
        is missing is not the value set. 422 for a definition that cannot be evaluated.
        """
        own = canonical_of(resource)
        if own in above or len(above) > _DEEPEST:
            way = " > ".join((*above, own))
            text = f"The value set {own} is built of itself, or of too many: {way[:400]}."
            raise FhirError(422, Issue("error", "processing", text))
        compose = resource.get("compose")
        if compose is None:
            return self._expanded(resource)
        chain = (*above, own) if own else above
        found: dict[Key, Member] = {}
        for include in compose.get("include", ()):
            for key, member in self._selected(include, chain).items():
                found.setdefault(key, member)
        for exclude in compose.get("exclude", ()):
            for key in self._selected(exclude, chain):
                found.pop(key, None)
        if compose.get("inactive") is False:
            found = {key: each for key, each in found.items() if not each.concept.is_inactive}
        return found

    def _selected(self, part: JsonObject, chain: tuple[str, ...]) -> dict[Key, Member]:
        """Return the codes that all of an include or exclude holds."""
        found: dict[Key, Member] | None = None
        if "system" in part:
            found = {_key(each): each for each in self._of_system(part)}
        for canonical in part.get("valueSet", ()):
            imported = value_set(self._library, canonical, self._versions)
            self.used_value_sets[canonical_of(imported)] = None
            others = self.members(imported, chain)
            found = (
                others
                if found is None
                else {key: each for key, each in found.items() if key in others}
            )
        if found is None:
            text = "A part of the value set names neither a system nor a value set."
            raise FhirError(422, Issue("error", "invalid", text))
        return found

    def _of_system(self, part: JsonObject) -> Iterator[Member]:
        if "concept" in part and self._trusts_lists and not self._holds(part["system"]):
            named = CodeSystem({"url": part["system"], "content": "not-present"})
            for entry in part["concept"]:
                yield Member(named, Concept(entry["code"], entry.get("display", "")))
            return
        system = self.code_system(part["system"], part.get("version"))
        if "concept" in part:
            for entry in part["concept"]:
                concept = system.get(entry["code"])
                if concept is not None:
                    own = designations_of(entry)
                    yield Member(system, concept, entry.get("display", ""), own)
            return
        tests = [selected(system, each) for each in part.get("filter", ())]
        for concept in system:
            if all(holds(concept) for holds in tests):
                yield Member(system, concept)

    def code_system(self, url: str, version: str | None) -> CodeSystem:
        """Return the version that the value set, or who asks, wants."""
        wanted = self._versions.of(url, version)
        key = (url, wanted or "")
        if key not in self._systems:
            system = code_system(self._library, url, wanted)
            own = [each for each in self._supplements if self._supplements_it(each, url)]
            system, used = supplemented(self._library, system, own)
            self._systems[key] = system
            self.used_supplements.update(dict.fromkeys(used))
        return self._systems[key]

    def _holds(self, url: str) -> bool:
        return any(each.content in WITH_CODES for each in self._library.code_systems(url))

    def _supplements_it(self, canonical: str, url: str) -> bool:
        held = self._library.supplements(canonical.partition("|")[0])
        return any(str(each.get("supplements", "")).partition("|")[0] == url for each in held)

    def _expanded(self, resource: JsonObject) -> dict[Key, Member]:
        """Return the codes of a value set that is given by its expansion only."""
        expansion = resource.get("expansion")
        own = canonical_of(resource)
        if expansion is None:
            text = f"The value set {own} has neither a definition nor an expansion."
            raise FhirError(422, Issue("error", "not-found", text))
        entries = list(_nested(expansion.get("contains", ())))
        if expansion.get("total", 0) > len(entries) or expansion.get("offset", 0):
            text = f"The value set {own} is given by one page of its expansion only."
            raise FhirError(422, Issue("error", "incomplete", text))
        found = {}
        for entry in entries:
            if "code" in entry and not entry.get("abstract", False):
                named = {"system": "", **entry, "concept": [entry]}
                for member in self._of_system(named):
                    found[_key(member)] = member
        return found


def _key(member: Member) -> Key:
    return member.system.url, member.system.version, member.concept.code


def _nested(entries: "list[JsonObject] | tuple[()]") -> Iterator[JsonObject]:
    for entry in entries:
        yield entry
        yield from _nested(entry.get("contains", ()))
