"""Which codes a value set holds, by its definition.

Source: http://hl7.org/fhir/R4/valueset.html#compositions.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Final

import msgspec
from msgspec import structs

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology.dicom import group_number
from terminology.service.cautions import supplements_of
from terminology.service.code_system import CodeSystem, ListedCodeSystem, canonical_of
from terminology.service.concept import Concept
from terminology.service.definition_faults import check_definition
from terminology.service.filters import selected
from terminology.service.library import (
    WITH_CODES,
    Library,
    code_system,
    is_open,
    supplement,
    supplemented,
    value_set,
)
from terminology.service.member import Key, Member, listed
from terminology.service.overload import merged, versions_match, without
from terminology.service.selection import (
    Selection,
    part_of_release,
    release_of,
    selection_of,
)
from terminology.service.units import units_of
from terminology.service.versions import Versions

# A value set may be built of others; deeper, or in a circle, is a mistake.
_DEEPEST: Final = 16
# Codes of a release beside those of others are read one by one.
_MOST_MIXED: Final = 50_000
_SO: Final = "the value set cannot be expanded"


class TakesLonger(Exception):
    """An evaluation would look at more codes than its caller has patience for."""


class Used(msgspec.Struct, frozen=True):
    """A version of a code system that was read: which the value set named, which was wanted."""

    system: CodeSystem
    named: str
    wanted: str


class Composition:
    """The evaluation of value sets from one library; notes what it has used.

    `trusts_lists`: codes that a value set lists one by one are taken as they are where their code
    system is not here; nobody has checked that there are such codes then. So they always are in
    DICOM's context groups, and where a fragment of their code system does not have them.
    `is_strict`: a version other than the one that is checked for is an error here, and not its
    caller's matter.
    `patience`: TakesLonger where more codes would have to be looked at one by one.
    """

    def __init__(
        self,
        library: Library,
        versions: Versions,
        supplements: tuple[str, ...] = (),
        *,
        trusts_lists: bool = False,
        is_strict: bool = True,
        patience: int | None = None,
    ) -> None:
        self._is_strict = is_strict
        self._patience = patience
        self._library = library
        self._trusts_lists = trusts_lists
        self.versions = versions
        self._supplements = supplements
        self._used: dict[tuple[str, str], Used] = {}
        # Whether codes of one version have stood for those of another.
        self.versions_match = False
        self.whole_systems: set[str] = set()
        # Those of which codes were selected by what they are, and not listed one by one.
        self.selected_fragments: set[str] = set()
        self.used_value_sets: dict[str, JsonObject] = {}
        self.used_supplements: dict[str, None] = {}

    @property
    def used(self) -> list[Used]:
        """The versions of code systems that were read, with what was asked for."""
        return list(self._used.values())

    @property
    def used_code_systems(self) -> list[CodeSystem]:
        """The versions of code systems that were read, in the order of reading."""
        systems = (each.system for each in self._used.values())
        return list({each.canonical: each for each in systems}.values())

    @property
    def used_resources(self) -> list[JsonObject]:
        """The code systems and imported value sets that were read, without their concepts."""
        systems = [each.resource for each in self.used_code_systems]
        return [*systems, *self.used_value_sets.values()]

    def versions_of(self, url: str) -> list[Used]:
        """Return the versions of a code system that were read, in the order of reading."""
        return [each for (own, _), each in self._used.items() if own == url]

    def in_version(self, url: str, version: str) -> "Composition":
        """Return an evaluation like this one that takes this version of a code system."""
        versions = structs.replace(self.versions, forced={**self.versions.forced, url: version})
        return Composition(
            self._library,
            versions,
            self._supplements,
            trusts_lists=self._trusts_lists,
            is_strict=self._is_strict,
            patience=self._patience,
        )

    def fork(self) -> "Composition":
        """Return an evaluation that goes on from this one and notes what it uses for itself."""
        own = copy(self)
        own._used = dict(self._used)
        own.used_supplements = dict(self.used_supplements)
        return own

    def members(self, resource: JsonObject) -> Mapping[Key, Member]:
        """Return the codes of a value set in the order of its definition.

        FhirError 404 for a code system or value set that is not here: a value set of which a part
        is missing is not the value set. 422 for a definition that cannot be evaluated.
        """
        self._supplement(resource)
        check_definition(resource)
        found = units_of(resource, self) or selection_of(resource, self)
        if isinstance(found, Selection) and found.system.content == "fragment":
            self.selected_fragments.add(found.system.canonical)
        return self._members(resource) if found is None else found

    def _members(self, resource: JsonObject, above: tuple[str, ...] = ()) -> dict[Key, Member]:
        self._supplement(resource)
        own = canonical_of(resource)
        if own in above or len(above) > _DEEPEST:
            way = " > ".join((*above, own))
            text = f"The value set {own} is built of itself, or of too many: {way[:400]}."
            raise FhirError(422, Issue("error", "processing", text, kind="vs-invalid"))
        compose = resource.get("compose")
        if compose is None:
            return self._expanded(resource)
        check_definition(resource)
        chain = (*above, own) if own else above
        inner = {f"#{each['id']}": each for each in resource.get("contained", ())}
        found: dict[Key, Member] = {}
        for include in compose.get("include", ()):
            for key, member in self._selected(include, chain, inner).items():
                found.setdefault(key, member)
        said = versions_match(resource)
        for exclude in compose.get("exclude", ()):
            found, by_code = without(found, self._selected(exclude, chain, inner), said)
            self.versions_match |= by_code
        if said:
            found = merged(found)
            self.versions_match = True
        if compose.get("inactive") is False:
            found = {key: each for key, each in found.items() if not each.concept.is_inactive}
        return found

    def _supplement(self, resource: JsonObject) -> None:
        """Note what a value set wants its code systems to be supplemented with, each once."""
        wanted = (*self._supplements, *supplements_of(resource))
        self._supplements = tuple(dict.fromkeys(wanted))

    def _selected(
        self, part: JsonObject, chain: tuple[str, ...], inner: Mapping[str, JsonObject]
    ) -> dict[Key, Member]:
        """Return the codes that all of an include or exclude holds."""
        found: dict[Key, Member] | None = None
        if "system" in part:
            published = bool(chain) and group_number(chain[-1]) is not None
            found = {each.key: each for each in self._of_system(part, is_published=published)}
        for canonical in part.get("valueSet", ()):
            imported = inner.get(canonical)
            if imported is None:
                imported = self.imported(canonical)
            others = self._members(imported, chain)
            found = (
                others
                if found is None
                else {key: each for key, each in found.items() if key in others}
            )
        if found is None:
            text = "A part of the value set names neither a system nor a value set."
            raise FhirError(422, Issue("error", "invalid", text, kind="vs-invalid"))
        return found

    def _of_system(self, part: JsonObject, *, is_published: bool = False) -> Iterator[Member]:
        if "concept" in part:
            yield from self._listed(part, is_trusted=self._trusts_lists or is_published)
            return
        system = self.code_system(part["system"], part.get("version"))
        if system.content == "fragment":
            self.selected_fragments.add(system.canonical)
        if "filter" not in part:
            self.whole_systems.add(system.url)
        if self._patience is not None:
            self._patience -= len(system)
            if self._patience < 0:
                raise TakesLonger
        yield from _selected_of(system, part)

    def _listed(self, part: JsonObject, *, is_trusted: bool) -> Iterator[Member]:
        unknown = is_trusted and not self._holds(part["system"])
        if unknown:
            system: CodeSystem = ListedCodeSystem({"url": part["system"], "content": "not-present"})
        else:
            system = self.code_system(part["system"], part.get("version"))
        for entry in part["concept"]:
            concept = system.get(entry["code"])
            if concept is None and (unknown or is_open(system, entry["code"])):
                concept = Concept(entry["code"], entry.get("display", ""))
            if concept is not None:
                yield listed(system, concept, entry)

    def imported(self, canonical: str) -> JsonObject:
        """Return a value set of which another is built."""
        found = value_set(self._library, canonical, self.versions)
        self.used_value_sets[canonical_of(found)] = found
        return found

    def code_system(self, url: str, version: str | None) -> CodeSystem:
        """Return the version that the value set, or who asks, wants."""
        key = (url, version or "")
        if key not in self._used:
            wanted = self.versions.of(url, version)
            system = code_system(self._library, url, wanted, so=_SO)
            refused = self.versions.refused(url, system.version)
            if refused and self._is_strict:
                issue = Issue("error", "exception", refused, kind="version-error")
                raise FhirError(422, issue)
            own = [each for each in self._supplements if self._supplements_it(each, url)]
            system, used = supplemented(self._library, system, own)
            self._used[key] = Used(system, version or "", wanted or "")
            self.used_supplements.update(dict.fromkeys(used))
        return self._used[key].system

    def _holds(self, url: str) -> bool:
        return any(each.content in WITH_CODES for each in self._library.code_systems(url))

    def check_supplements(self) -> None:
        """Refuse (404) a supplement that is asked for and is not here."""
        for canonical in self._supplements:
            supplement(self._library, canonical)

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
                    found[member.key] = member
        return found


def _selected_of(system: CodeSystem, part: JsonObject) -> Iterator[Member]:
    """Yield the codes that the filters of an include or exclude select, all without one."""
    release = release_of(system)
    if release is None:
        tests = [selected(system, each) for each in part.get("filter", ())]
        for concept in system:
            if all(holds(concept) for holds in tests):
                yield Member(system, concept)
        return
    chosen = Selection(system, release, part_of_release(release, part), {})
    if len(chosen) > _MOST_MIXED:
        text = f"A part of the value set has {len(chosen)} codes of {system.canonical}; name fewer."
        raise FhirError(422, Issue("error", "too-costly", text))
    for position in chosen.positions.tolist():
        yield chosen.member(position)


def _nested(entries: "list[JsonObject] | tuple[()]") -> Iterator[JsonObject]:
    for entry in entries:
        yield entry
        yield from _nested(entry.get("contains", ()))
