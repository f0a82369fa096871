"""Clinical flags from problem lists and prescriptions; absence counts only on a complete list."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from inference.features.feature import Absent, Feature
from inference.reasons import Reason
from inference.snapshot import RecordList, Sourced
from terminology.code_set import CodeSet
from terminology.codings import Coding, concept_codings, concept_text

Bearing = Literal["counts", "doubtful", "ignored"]


def codings_of(concept: Mapping[str, Any] | None) -> tuple[tuple[Coding, ...], str | None]:
    """Return the codings and the text of a CodeableConcept."""
    return tuple(concept_codings(concept)), concept_text(concept)


def _status_code(concept: Mapping[str, Any] | None) -> str | None:
    return next((coding.code for coding in codings_of(concept)[0]), None)


def condition_bearing(condition: Mapping[str, Any], *, ever: bool) -> Bearing:
    """Say whether a Condition counts; with `ever` a resolved one counts too."""
    verification = _status_code(condition.get("verificationStatus"))
    if verification in ("refuted", "entered-in-error"):
        return "ignored"
    if verification in ("provisional", "differential", "unconfirmed"):
        return "doubtful"
    clinical = _status_code(condition.get("clinicalStatus"))
    if clinical in ("inactive", "remission", "resolved") and not ever:
        return "ignored"
    return "counts"


def prescription_bearing(request: Mapping[str, Any]) -> Bearing:
    """Say whether a MedicationRequest is a treatment that the patient is on now."""
    if request.get("doNotPerform"):
        return "ignored"
    if request.get("status") == "active" and request.get("intent") not in ("proposal", "plan"):
        return "counts"
    if request.get("status") in ("on-hold", "unknown"):
        return "doubtful"
    return "ignored"


def medication_concept(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the drug's concept, through a contained Medication where there is one."""
    concept: Mapping[str, Any] | None = request.get("medicationCodeableConcept")
    if concept:
        return concept
    reference = str(request.get("medicationReference", {}).get("reference", ""))
    for contained in request.get("contained", ()):
        if reference == f"#{contained.get('id')}":
            code: Mapping[str, Any] | None = contained.get("code")
            return code
    return None


def from_conditions(
    name: str, wanted: CodeSet, *, records: RecordList, ever: bool
) -> Feature | Absent:
    """Return the flag by Conditions; `ever` also counts what is over."""
    judged = (
        (entry, condition_bearing(entry.resource, ever=ever), entry.resource.get("code"))
        for entry in records.entries
    )
    return _decide(name, wanted, judged, records, unknown="conditions-not-known")


def from_prescriptions(name: str, wanted: CodeSet, *, records: RecordList) -> Feature | Absent:
    """Return the flag by active MedicationRequests."""
    judged = (
        (entry, prescription_bearing(entry.resource), medication_concept(entry.resource))
        for entry in records.entries
    )
    return _decide(name, wanted, judged, records, unknown="medications-not-known")


def _decide(
    name: str,
    wanted: CodeSet,
    judged: Iterable[tuple[Sourced, Bearing, Mapping[str, Any] | None]],
    records: RecordList,
    *,
    unknown: str,
) -> Feature | Absent:
    members: list[Sourced] = []
    doubtful: list[Sourced] = []
    for entry, bearing, concept in judged:
        if bearing == "ignored":
            continue
        verdict = wanted.verdict(*codings_of(concept))
        if verdict == "member" and bearing == "counts":
            members.append(entry)
        elif verdict != "not-member":
            doubtful.append(entry)
    if members:
        sources = tuple(entry.reference for entry in members)
        return Feature(name, 1.0, "1", "yes", sources)
    if doubtful:
        listed = ", ".join(entry.reference for entry in doubtful[:3])
        return Absent(name, Reason("unconfirmed", {"sources": listed}))
    if not records.complete:
        return Absent(name, Reason(unknown))
    caution = Reason("absent-from-complete-list", {"feature": name})
    return Feature(name, 0.0, "1", "no", (), cautions=(caution,))
