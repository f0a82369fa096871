"""Profiles that a deployment loaded: what a record that claims one must hold beyond R4 itself.

R4 profiling.html. Checked: cardinality, fixed and pattern values, narrower types, reference target
types, required bindings whose codes are known, slicing by value, pattern, exists, type and
profile, extension definitions with their contexts, lengths and FHIRPath invariants. What cannot be
checked is said as a warning, never passed over.
"""

import threading
from pathlib import Path as FilePath

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.findings import EnoughFound, Findings, Path
from fhir_server.r4.outcome import Issue
from fhir_server.r4.profile_checks import ProfileWalk
from fhir_server.r4.profile_items import Item, root_item
from fhir_server.r4.profile_packages import Publication, read_publication
from fhir_server.r4.profile_tables import Profile, compile_profile, is_core
from fhir_server.r4.profile_value_sets import ValueSets
from fhir_server.r4.profile_visits import Visit, visits

_COMPILING = threading.RLock()


class Profiles:
    """The loaded profiles by canonical URL, each compiled at its first use.

    A claim of one that is not loaded is a warning, with `refuse_unknown` an error.
    """

    def __init__(self, publication: Publication, *, refuse_unknown: bool = False) -> None:
        self._refuse_unknown = refuse_unknown
        self._structures = publication.structures
        self._value_sets = ValueSets(publication)
        self._compiled: dict[str, Profile] = {}

    @classmethod
    def load(cls, folder: FilePath, *, refuse_unknown: bool = False) -> "Profiles":
        """Return the profiles below `folder`, all compiled; ProfilesRefused names a broken file."""
        profiles = cls(read_publication(folder), refuse_unknown=refuse_unknown)
        for url in profiles.urls:
            profiles.profile(url)
        return profiles

    @property
    def urls(self) -> tuple[str, ...]:
        """The canonical URLs of the loaded profiles, extension definitions included."""
        return tuple(sorted(self._structures))

    def profile(self, canonical: str) -> Profile | None:
        """Return the profile of `url` or `url|version`; None where that version is not loaded."""
        if canonical not in self._compiled:
            with _COMPILING:
                definition = self._find(canonical)
                found = None if definition is None else compile_profile(definition)
                if found is None:  # not kept: there is no end of names that are not loaded
                    return None
                self._compiled[canonical] = found
        return self._compiled[canonical]

    def _find(self, canonical: str) -> JsonObject | None:
        url, _, version = canonical.partition("|")
        loaded = self._structures.get(url, [])
        if version:
            # R4 references.html#canonical: a partial version (4.0) names the newest that fits.
            loaded = [d for d in loaded if _fits(str(d.get("version", "")), version)]
        return max(loaded, key=lambda d: _sortable(str(d.get("version", ""))), default=None)

    def check(self, resource: JsonObject, *, against: tuple[str, ...] = ()) -> tuple[Issue, ...]:
        """Return what is wrong with `resource`, a valid R4 record, by the profiles that it claims.

        `meta.profile` counts wherever a resource stands; `against` adds profiles for the record
        itself. At most `findings.MAX_ISSUES` errors; warnings say what could not be checked.
        """
        findings = Findings(in_transaction=False)
        walk = ProfileWalk(self.profile, self._value_sets, resource)
        try:
            for canonical in against:
                self._claim(canonical, root_item(resource, _root(resource)), walk, findings)
            for visit in visits(resource, _root(resource)):
                self._visit(visit, walk, findings)
        except EnoughFound:
            pass
        return tuple(dict.fromkeys(findings.issues))

    def _visit(self, visit: Visit, walk: ProfileWalk, findings: Findings) -> None:
        item = visit.item
        if item.type != "Extension":
            claimed = item.value.get("meta", {}).get("profile", ())
            for canonical in dict.fromkeys(claimed):
                if canonical is not None:
                    self._claim(canonical, item, walk, findings)
            return
        url = item.value["url"]
        profile = self.profile(url) if url in self._structures else None
        if profile is not None and profile.type == "Extension":
            walk.check(item, profile, findings)
            _check_context(visit, profile, findings)

    def _claim(self, canonical: str, item: Item, walk: ProfileWalk, findings: Findings) -> None:
        if is_core(canonical):
            type_name = canonical.partition("|")[0].rpartition("/")[2]
            if type_name not in (item.type, "Resource", "DomainResource"):
                text = f"{canonical} is about {type_name}, this is a {item.type}."
                findings.add("invalid", text, item.path, "meta")
            return
        profile = self.profile(canonical)
        if profile is None:
            text = (
                f"Profile {canonical[:200]} is not loaded here: the record was not checked by it. "
                "Add its package to the profiles of this server."
            )
            if self._refuse_unknown:
                findings.add("not-found", text, item.path, "meta")
            else:
                findings.warn("not-found", text, item.path)
        elif profile.type != item.type:
            text = f"{profile.url} is about {profile.type}, this is a {item.type}."
            findings.add("invalid", text, item.path, "meta")
        else:
            walk.check(item, profile, findings)


def _root(resource: JsonObject) -> Path:
    return None, str(resource.get("resourceType")), None


def _fits(loaded: str, wanted: str) -> bool:
    return loaded == wanted or loaded.startswith(wanted + ".")


def _sortable(version: str) -> tuple[tuple[int, str], ...]:
    parts = version.replace("-", ".").split(".")
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _check_context(visit: Visit, profile: Profile, findings: Findings) -> None:
    """Hold an extension against R4 defining-extensions.html#context of its definition."""
    if not profile.contexts:
        return
    undecided = [text for kind, text in profile.contexts if kind == "fhirpath"]
    for kind, expression in profile.contexts:
        if kind == "element" and expression in visit.places:
            return
        if kind == "extension" and expression == visit.within:
            return
    if undecided:
        text = f"Where {profile.url} may stand is FHIRPath ({undecided[0][:80]}): not checked."
        findings.warn("not-supported", text, visit.item.path)
        return
    allowed = ", ".join(expression for _, expression in profile.contexts)
    findings.add("structure", f"{profile.url} may stand on {allowed} only.", visit.item.path)
