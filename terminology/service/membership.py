"""The codes of a value set, evaluated once for all that are looked for in it."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError
from terminology.service.code_findings import Coded
from terminology.service.code_system import canonical_of
from terminology.service.library import Library, UnknownCodeSystem
from terminology.service.member import Key, Member
from terminology.service.selection import Selection
from terminology.service.units import UnitSelection
from terminology.service.value_set import Composition
from terminology.service.versions import is_version


class Membership:
    """A value set with its codes, or with why they are not known; without one, of any code.

    `members` is None where there is no value set or it cannot be known: then `missing` is the code
    system that is not here, or `fault` what else it lacks. FhirError for a definition that is
    wrong in itself: no code can be judged by that, and who maintains it has to be told.
    """

    def __init__(
        self, composition: Composition, library: Library, value_set: JsonObject | None
    ) -> None:
        self.composition = composition
        self.library = library
        self.value_set = value_set
        self.name = "" if value_set is None else canonical_of(value_set) or "(unidentified)"
        self.members: Mapping[Key, Member] | None = None
        self.missing: UnknownCodeSystem | None = None
        self.fault: FhirError | None = None
        self._viewed: dict[tuple[str, str], Membership] = {}
        if value_set is None:
            return
        try:
            self.members = composition.members(value_set)
        except UnknownCodeSystem as error:
            self.missing = error
        except FhirError as error:
            if any(issue.kind == "vs-invalid" for issue in error.issues):
                raise
            self.fault = error
        # Refused as a whole: what it would add cannot be known.
        composition.check_supplements()

    def systems_of(self, code: str) -> frozenset[str]:
        """Return the code systems of which the value set holds a code."""
        if isinstance(self.members, Selection | UnitSelection):
            own = (self.members.system.url, self.members.system.version, code)
            return frozenset((own[0],)) if own in self.members else frozenset()
        return self._by_code.get(code, frozenset())

    def is_left_out(self, key: Key) -> bool:
        """Whether the value set would hold a code if it did not leave inactive ones out."""
        value_set = self.value_set or {}
        if value_set.get("compose", {}).get("inactive") is not False:
            return False
        return key in self._with_inactive

    def viewed_by(self, coded: Coded) -> "Membership":
        """Return what to look for a code in.

        Where the value set names a version with wildcards, the code's own is read in its place.
        """
        if self.members is None or not coded.version:
            return self
        key = (coded.system, coded.version)
        if key not in self._viewed:
            self._viewed[key] = self._in_version(coded) if self._is_open(coded) else self
        return self._viewed[key]

    def _in_version(self, coded: Coded) -> "Membership":
        other = self.composition.in_version(coded.system, coded.version)
        return Membership(other, self.library, self.value_set)

    def _is_open(self, coded: Coded) -> bool:
        held = self.library.code_systems(coded.system)
        return any(each.version == coded.version for each in held) and any(
            used.system.version != coded.version
            and used.wanted == used.named
            and is_version(coded.version, used.named)
            for used in self.composition.versions_of(coded.system)
        )

    @cached_property
    def _with_inactive(self) -> Mapping[Key, Member]:
        value_set = self.value_set or {}
        compose = {k: v for k, v in value_set.get("compose", {}).items() if k != "inactive"}
        return self.composition.fork().members({**value_set, "compose": compose})

    @cached_property
    def _by_code(self) -> Mapping[str, frozenset[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for system, _version, code in self.members or ():
            found[code].add(system)
        return {code: frozenset(systems) for code, systems in found.items()}
