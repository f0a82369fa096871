"""What is to be said of one code that is held to a value set, or to its code system alone."""

from collections.abc import Mapping, Sequence

import msgspec

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError
from terminology.service import code_findings as say
from terminology.service.code_findings import Coded, Finding
from terminology.service.code_system import CodeSystem, ListedCodeSystem, canonical_of
from terminology.service.concept import Concept
from terminology.service.displays import check_display
from terminology.service.library import UnknownCodeSystem, is_open
from terminology.service.lookup import unknown_code
from terminology.service.member import Key, Member
from terminology.service.membership import Membership
from terminology.service.value_set import Composition, Used
from terminology.service.versions import version_key


class ValidateCode(msgspec.Struct, frozen=True):
    """What is asked: the codes (several of one CodeableConcept), and how strictly.

    `abstract`: a concept that groups others is allowed. `infers_system`: the system of a bare
    code is the one that the value set has it in.
    """

    codes: tuple[Coded, ...]
    concept: JsonObject | None = None
    languages: tuple[str, ...] = ()
    abstract: bool = True
    active_only: bool = False
    lenient_display: bool = False
    infers_system: bool = False
    membership_only: bool = False


class Checked(msgspec.Struct):
    """One code with what was found; `is_member` says whether the value set holds it.

    `composition` and `members` are what it is looked for in.
    """

    coded: Coded
    findings: list[Finding]
    composition: Composition
    members: Mapping[Key, Member] | None = None
    system: CodeSystem | None = None
    concept: Concept | None = None
    is_member: bool = False
    unknown: str = ""
    caused_by: str = ""


class Checks:
    """The checks of one request's codes."""

    def __init__(self, membership: Membership, composition: Composition, asked: ValidateCode):
        self._membership = membership
        self._composition = composition
        self._library = membership.library
        self._asked = asked
        self._value_set = membership.name

    def of(self, coded: Coded) -> Checked:
        """Return what is found of one code."""
        viewed = self._membership.viewed_by(coded)
        own = self._composition if viewed is self._membership else viewed.composition.fork()
        checked = Checked(coded, [], own, viewed.members)
        if self._membership.missing is not None:
            self._lacking(checked, self._membership.missing)
            return checked
        if not coded.system and not self._inferred(checked):
            self._outside(checked)
            return checked
        if self._known(checked):
            self._member(checked)
            self._quality(checked)
        elif not checked.is_member and not _is_only_listed(checked):
            self._outside(checked)
        return checked

    def _lacking(self, checked: Checked, missing: UnknownCodeSystem) -> None:
        """Say of a code that the value set cannot be known, for want of a code system."""
        coded = checked.coded
        checked.findings.append(say.unknown_system(coded, missing))
        checked.caused_by = f"{missing.url}|{missing.version}" if missing.version else missing.url
        if coded.version and missing.version and coded.system == missing.url:
            asked = ListedCodeSystem({"url": missing.url, "version": missing.version})
            used = Used(asked, missing.version, missing.version)
            checked.findings.append(say.other_version(coded, used, is_held=False))
        if coded.system == missing.url and not coded.version:
            # No version of it was looked in.
            return
        held = self._library.code_systems(coded.system)
        own = [each for each in held if not coded.version or each.version == coded.version]
        if own:
            checked.system = max(own, key=lambda each: version_key(each.version))
            checked.concept = checked.system.get(coded.code)

    def _inferred(self, checked: Checked) -> bool:
        """Find the system of a bare code in the value set, where that is asked for."""
        coded = checked.coded
        if coded.place or not self._asked.infers_system:
            checked.findings.append(say.no_system(coded))
            return False
        systems = self._membership.systems_of(coded.code)
        if len(systems) != 1:
            checked.findings.append(say.not_inferred(coded, self._value_set, systems))
            return False
        (system,) = systems
        checked.coded = msgspec.structs.replace(coded, system=system)
        return True

    def _known(self, checked: Checked) -> bool:
        """Find the concept of a code in its code system."""
        coded, add = checked.coded, checked.findings.append
        if ":" not in coded.system:
            add(say.relative_system(coded))
        elif self._library.value_sets(coded.system):
            add(say.system_is_value_set(coded))
            return False
        elif (added := self._supplement(coded.system)) is not None:
            add(say.system_is_supplement(coded, canonical_of(added)))
            return False
        system = self._system(checked)
        if system is None:
            return False
        checked.system = system
        checked.concept = system.get(coded.code)
        if checked.concept is None:
            is_part = is_open(system, coded.code)
            text = unknown_code(system, coded.code)
            if not self._asked.membership_only:
                add(say.unknown_code(coded, text, is_fragment=is_part))
            # What the other fragments hold is not known: neither that it is wrong.
            members, composition = checked.members, checked.composition
            is_named = (system.url, system.version, coded.code) in (members or ())
            whole = members is None or system.url in composition.whole_systems
            checked.is_member = is_part and (whole or is_named)
        elif checked.concept.code != coded.code:
            add(say.other_case(coded, checked.concept.code, system.canonical))
        return checked.concept is not None

    def _supplement(self, url: str) -> JsonObject | None:
        """Return the supplement of a url under which there is no code system."""
        held = () if self._library.code_systems(url) else self._library.supplements(url)
        return max(held, key=lambda each: version_key(str(each.get("version", ""))), default=None)

    def _system(self, checked: Checked) -> CodeSystem | None:
        """Return the version in which a code is looked for: the value set's, where it has one."""
        coded, add = checked.coded, checked.findings.append
        used = [] if checked.members is None else checked.composition.versions_of(coded.system)
        own = [
            each.system
            for each in used
            if not coded.version or each.system.version == coded.version
        ]
        if used and not own:
            first = used[0]
            own = [first.system]
            held = self._library.code_systems(coded.system)
            is_held = any(each.version == coded.version for each in held)
            add(say.other_version(coded, first, is_held=is_held))
            if not is_held:
                there = sorted((each.version for each in held), key=version_key)
                error = UnknownCodeSystem(coded.system, coded.version, there, "")
                add(say.unknown_system(coded, error))
                checked.caused_by = f"{coded.system}|{coded.version}"
        if not own:
            try:
                own = [checked.composition.code_system(coded.system, coded.version or None)]
            except UnknownCodeSystem as error:
                add(say.unknown_system(coded, error))
                version = f"|{error.version}" if error.version and error.there else ""
                checked.unknown = f"{coded.system}{version}"
                return None
            except FhirError as error:
                add(unusable(error))
                checked.unknown = coded.system
                return None
        own.sort(key=lambda each: version_key(each.version), reverse=True)
        system = self._first_with(own, checked)
        refused = checked.composition.versions.refused(system.url, system.version)
        if refused:
            add(say.version_refused(coded, refused))
        return system

    def _first_with(self, systems: Sequence[CodeSystem], checked: Checked) -> CodeSystem:
        """Return the first version of which the value set holds the code, else the first.

        Of several that it holds, one in which what is said with the code is right.
        """
        members, coded = checked.members or {}, checked.coded
        holding = [e for e in systems if (e.url, e.version, coded.code) in members]
        if len(holding) > 1 and coded.display:
            right = [each for each in holding if self._is_right(coded, each)]
            holding = right or holding
        return holding[0] if holding else systems[0]

    def _is_right(self, coded: Coded, system: CodeSystem) -> bool:
        concept = system.get(coded.code)
        return concept is not None and self._display(coded, system, concept) is None

    def _display(self, coded: Coded, system: CodeSystem, concept: Concept) -> Finding | None:
        languages, is_lenient = self._asked.languages, self._asked.lenient_display
        return check_display(coded, system, concept, languages, is_lenient=is_lenient)

    def _member(self, checked: Checked) -> None:
        system, concept = checked.system, checked.concept
        if system is None or concept is None:
            return
        if checked.members is None:
            checked.is_member = self._membership.value_set is None
        else:
            key = (system.url, system.version, concept.code)
            member = checked.members.get(key)
            checked.is_member = member is not None
            if member is not None and member.is_deprecated:
                marked = say.deprecated_in_value_set(checked.coded, self._value_set)
                checked.findings.append(marked)
            if concept.is_inactive and self._membership.is_left_out(key):
                checked.findings.append(say.inactive_refused(checked.coded))
        if checked.is_member:
            self._context(checked, concept)
        if not checked.is_member:
            self._outside(checked)

    def _context(self, checked: Checked, concept: Concept) -> None:
        """Refuse a code that is right and must not be used where it stands."""
        if self._asked.active_only and concept.is_inactive:
            checked.findings.append(say.inactive_refused(checked.coded))
            checked.is_member = False
        if concept.is_abstract and not self._asked.abstract:
            checked.findings.append(say.abstract_refused(checked.coded))
            checked.is_member = False

    def _outside(self, checked: Checked) -> None:
        if self._membership.members is not None:
            several = self._asked.concept is not None
            finding = say.not_in_value_set(checked.coded, self._value_set, of_several=several)
            checked.findings.append(finding)

    def _quality(self, checked: Checked) -> None:
        """Check what is said with the code, and whether it should be used."""
        coded, system, concept = checked.coded, checked.system, checked.concept
        if system is None or concept is None or self._asked.membership_only:
            return
        if concept.status == "deprecated":
            checked.findings.append(say.deprecated(coded))
        if concept.is_inactive:
            checked.findings.append(say.inactive(coded, _status(concept)))
        if coded.display:
            wrong = self._display(coded, system, concept)
            if wrong is not None:
                checked.findings.append(wrong)


def _status(concept: Concept) -> str:
    if concept.status in ("", "inactive"):
        return "inactive"
    return f"{concept.status} and inactive"


def _is_only_listed(checked: Checked) -> bool:
    """Whether the value set lists a code of a code system that is not here."""
    coded = checked.coded
    key = (coded.system, "", coded.code)
    return checked.system is None and checked.members is not None and key in checked.members


def unusable(error: FhirError) -> Finding:
    """Return the finding that a value set or code system cannot be used."""
    issue = error.issues[0]
    kind = "not-found" if error.status == 404 else "vs-invalid"
    return Finding("error", issue.code, kind, issue.diagnostics, "Unable_to_resolve_value_Set_")
