"""Which codes a value set or a code system stored here holds, for `:in`, `:above` and `:below`.

What cannot be known from what is stored is refused with the reason: a search on part of a value
set would leave results out.
"""

from collections.abc import Mapping

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import FhirError, Gone, Issue, NotFound
from fhir_server.store import resources
from fhir_server.store.terminology import StoredTerminology
from terminology.service.built_in import WithBuiltIn
from terminology.service.code_system import CodeSystem
from terminology.service.library import Library, code_system, value_set
from terminology.service.selection import Selection
from terminology.service.value_set import Composition
from terminology.service.versions import Versions

Codes = Mapping[str, frozenset[str]]


def codes_of_value_set(connection: Connection, asked: str) -> Codes:
    """Return the codes of a value set (canonical, or `ValueSet/id`) by system.

    FhirError 422 where what is stored does not say them. Codes that are listed one by one are
    taken as they are: a laboratory's list of LOINC codes needs no LOINC here.
    """
    library = WithBuiltIn(StoredTerminology(connection))
    try:
        found = _value_set(connection, library, asked)
        if "expansion" in found:
            # Who stored it has said what it holds.
            found = {name: value for name, value in found.items() if name != "compose"}
        composition = Composition(library, Versions(), trusts_lists=True)
        members = composition.members(found)
    except FhirError as error:
        raise _refused(asked, error.issues[0].diagnostics) from error
    if composition.selected_fragments:
        names = ", ".join(sorted(composition.selected_fragments))
        raise _refused(asked, f"of {names} not all codes are stored.")
    if isinstance(members, Selection) and members.system.content == "complete":
        return {members.system.url: frozenset(members.release.codes(members.positions))}
    codes: dict[str, set[str]] = {}
    for member in members.values():
        codes.setdefault(member.system.url, set()).add(member.concept.code)
    return {system: frozenset(some) for system, some in codes.items()}


def subsumed_codes(
    connection: Connection, system: str, code: str, direction: str
) -> frozenset[str]:
    """Return `code` with all that stand above or below it in the stored code system; else 422."""
    asked = f"{system}|{code}"
    found = _code_system(connection, system, asked)
    concept = found.get(code)
    if concept is None:
        raise _refused(asked, "the stored code system does not have this code.")
    below = direction == "below"
    reached = found.descendants(concept.code) if below else found.ancestors(concept.code)
    return reached | {code}


def _value_set(connection: Connection, library: Library, asked: str) -> JsonObject:
    if not asked.startswith("ValueSet/"):
        return value_set(library, asked, Versions())
    id = asked.removeprefix("ValueSet/")
    try:
        return decode(resources.read(connection, "ValueSet", id).body)
    except (NotFound, Gone) as error:
        raise _refused(asked, error.issues[0].diagnostics) from error


def _code_system(connection: Connection, system: str, asked: str) -> CodeSystem:
    """Return the newest version that is stored; 422 where there is none with all its codes."""
    try:
        found = code_system(WithBuiltIn(StoredTerminology(connection)), system, None)
    except FhirError as error:
        raise _refused(asked, error.issues[0].diagnostics) from error
    if found.content != "complete":
        raise _refused(asked, f"the stored CodeSystem {system} does not hold all its codes.")
    return found


def _refused(asked: str, why: str) -> FhirError:
    return FhirError(
        422, Issue("error", "not-supported", f"{asked[:200]} cannot be expanded: {why}")
    )
