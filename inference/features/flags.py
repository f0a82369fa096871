"""Clinical flags from problem lists and medications; absence counts only on a complete list."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from inference.features import medications
from inference.features.dates import days, moment
from inference.features.feature import Absent, Feature
from inference.features.medications import Bearing, Drugs
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot, RecordList, Sourced
from terminology.code_set import CodeSet, Verdict
from terminology.codings import Coding, concept_codings, concept_text

_Judged = Iterable[tuple[Sourced, Bearing, Verdict]]

# A diagnosis that is coded and called uncertain beside its code ("2 型糖尿病？", "冠心病待排").
_UNCERTAIN: Final = re.compile(
    r"[?？]|疑似|可疑|待查|待排|可能|考虑|否认|除外|排除|suspect|possible|probable|likely|presum"
    r"|rule[ds]?[- ]?out|\br/o\b|\bexcluded\b|\bden(?:ies|ied)\b",
    re.IGNORECASE,
)
# R4 condition-clinical and condition-ver-status, by what they mean here.
_CLINICAL: Final = {
    "active": "active", "recurrence": "active", "relapse": "active",
    "inactive": "over", "resolved": "over", "remission": "remission",
}  # fmt: skip
_VERIFICATION: Final = {
    "confirmed": "confirmed", "refuted": "not-so", "entered-in-error": "not-so",
    "unconfirmed": "open", "provisional": "open", "differential": "open",
}  # fmt: skip
_UNREADABLE: Final = "unreadable"
# An entry that is called active and was written so long ago is used, and said to be old.
_OLD_PRESCRIPTION: Final = timedelta(days=730)


def codings_of(concept: Mapping[str, Any] | None) -> tuple[tuple[Coding, ...], str | None]:
    """Return the codings and the text of a CodeableConcept."""
    return tuple(concept_codings(concept)), concept_text(concept)


def condition_bearing(condition: Mapping[str, Any], *, ever: bool) -> Bearing:
    """Say whether a Condition counts; with `ever` one that is over counts too."""
    if condition.get("resourceType") != "Condition":
        return "ignored"
    verification = _stated(condition.get("verificationStatus"), _VERIFICATION)
    if verification == "not-so":
        return "ignored"
    clinical = _clinical(condition)
    if clinical == "over" and not ever:
        return "ignored"
    # A disease in remission has shown itself; whether it is there now is not said.
    if clinical in ("remission", _UNREADABLE) and not ever:
        return "doubtful"
    return "doubtful" if _is_uncertain(condition, verification) else "counts"


def is_called_uncertain(concept: Mapping[str, Any] | None) -> bool:
    """Whether the words beside a code take back that it is sure."""
    codings, text = codings_of(concept)
    words = (text, *(coding.display for coding in codings))
    return any(_UNCERTAIN.search(each) for each in words if each)


def _stated(concept: Any, known: Mapping[str, str]) -> str | None:
    """Return what a status means, whichever of its codings says it; None where none is stated.

    EMRs send codes of their own beside R4's; one that has none of R4's, or two that differ, says
    nothing that can be read.
    """
    if not concept:
        return None
    # On plain dictionaries: every flag asks this of every entry of the problem list.
    codings = concept.get("coding") if isinstance(concept, dict) else None
    codes = [each.get("code") for each in codings or () if isinstance(each, dict)]
    found = {known[code] for code in codes if isinstance(code, str) and code in known}
    return found.pop() if len(found) == 1 else _UNREADABLE


def _clinical(condition: Mapping[str, Any]) -> str | None:
    stated = _stated(condition.get("clinicalStatus"), _CLINICAL)
    if stated is None and any(name.startswith("abatement") for name in condition):
        return "over"  # R4 invariant con-4: what has abated is not active
    return stated


def _is_uncertain(condition: Mapping[str, Any], verification: str | None) -> bool:
    if condition.get("modifierExtension"):
        # R4 extensibility.html#modifierExtension: an unknown one may negate the diagnosis.
        return True
    if verification is None:
        return is_called_uncertain(condition.get("code"))
    return verification != "confirmed"


def from_conditions(
    name: str,
    wanted: CodeSet,
    *,
    snapshot: PatientSnapshot,
    zone: tzinfo,
    ever: bool,
    lasts: timedelta | None = None,
) -> Feature | Absent:
    """Return the flag by Conditions; `ever` also counts what is over.

    A state that ends by itself `lasts` so long: an older entry was not closed, and is over.
    """
    since = (snapshot.taken_at - lasts).astimezone(zone).date() if lasts else None
    judged: list[tuple[Sourced, Bearing, Verdict]] = []
    for entry in snapshot.conditions.entries:
        dated = days(_dated(entry.resource), zone) if since else None
        over = since is not None and dated is not None and dated[1] < since
        found = "ignored" if over else condition_bearing(entry.resource, ever=ever)
        concept = codings_of(entry.resource.get("code"))
        judged.append((entry, found, wanted.verdict(*concept, snapshot.relations)))
    return _decide(name, judged, snapshot.conditions, zone=zone, unknown="conditions-not-known")


def from_medications(
    name: str, wanted: CodeSet, *, snapshot: PatientSnapshot, zone: tzinfo
) -> Feature | Absent:
    """Return the flag by what the medication list says that the patient takes."""
    records, at = snapshot.medications, snapshot.taken_at
    drugs = Drugs.of(records)
    judged: list[tuple[Sourced, Bearing, Verdict]] = []
    denied: list[Sourced] = []
    for entry in records.entries:
        said = medications.bearing(entry.resource, at=at, zone=zone)
        concept = codings_of(drugs.concept(entry.resource))
        verdict = wanted.verdict(*concept, snapshot.relations)
        judged.append((entry, said, verdict))
        named = verdict == "unconfirmed" and wanted.is_named(*concept)
        if said == "denies" and (verdict == "member" or named):
            denied.append(entry)
    found = _decide(name, judged, records, zone=zone, unknown="medications-not-known")
    if isinstance(found, Absent) or not found.value:
        return found
    if denied:
        values = {"first": found.sources[0], "second": denied[0].reference}
        return Absent(name, Reason("records-conflict", values))
    if found.effective is None or at - found.effective <= _OLD_PRESCRIPTION:
        return found
    old = Reason("prescription-old", {"date": found.effective.date().isoformat()})
    return replace(found, cautions=(*found.cautions, old))


def _decide(
    name: str, judged: _Judged, records: RecordList, *, zone: tzinfo, unknown: str
) -> Feature | Absent:
    members: list[Sourced] = []
    doubtful: list[Sourced] = []
    for entry, bearing, verdict in judged:
        if bearing in ("ignored", "denies"):
            continue
        if verdict == "member" and bearing == "counts":
            members.append(entry)
        elif verdict != "not-member":
            doubtful.append(entry)
    if members:
        sources = tuple(entry.reference for entry in members)
        times = [when for entry in members if (when := _recorded(entry.resource, zone))]
        return Feature(name, 1.0, "1", "yes", sources, effective=max(times, default=None))
    if doubtful:
        listed = ", ".join(entry.reference for entry in doubtful[:3])
        return Absent(name, Reason("unconfirmed", {"sources": listed}))
    if not records.complete:
        return Absent(name, Reason(unknown))
    caution = Reason("absent-from-complete-list", {"feature": name})
    return Feature(name, 0.0, "1", "no", (), cautions=(caution,))


def _recorded(entry: Mapping[str, Any], zone: tzinfo) -> datetime | None:
    """Return when an entry was written down, else when it began, to a day at least."""
    if entry.get("resourceType") != "Condition":
        return medications.written(entry, zone)
    text = _dated(entry)
    return moment(text, zone=zone) if isinstance(text, str) else None


def _dated(condition: Mapping[str, Any]) -> Any:
    period = condition.get("onsetPeriod")
    begun = period.get("start") if isinstance(period, dict) else None
    return condition.get("recordedDate") or condition.get("onsetDateTime") or begun
