"""Whether a person smokes now, from the newest tobacco smoking status."""

from datetime import datetime, timedelta, tzinfo

from inference.features.dates import moment
from inference.features.feature import Absent, Feature
from inference.features.flags import codings_of
from inference.features.quantities import CLOCK_TOLERANCE
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot, Sourced
from terminology.codings import LOINC
from terminology.smoking import smoking_status

_SMOKING_STATUS = "72166-2"
SMOKING_MAX_AGE_DAYS = 730
_REPORTED = ("final", "amended", "corrected", "preliminary")


def current_smoker(snapshot: PatientSnapshot, zone: tzinfo) -> Feature | Absent:
    """Return the newest tobacco smoking status (LOINC 72166-2) that says current or not."""
    name = "current_smoker"
    at = snapshot.taken_at
    newest: tuple[datetime, Sourced] | None = None
    for entry in snapshot.observations:
        if not _is_smoking_status(entry):
            continue
        when = moment(str(entry.resource.get("effectiveDateTime")), zone=zone)
        if when is None or when > at + CLOCK_TOLERANCE:
            continue
        if newest is None or when > newest[0]:
            newest = (when, entry)
    if newest is None:
        return Absent(name, Reason("smoking-not-known"))
    when, entry = newest
    if at - when > timedelta(days=SMOKING_MAX_AGE_DAYS):
        stale = {"date": when.date().isoformat(), "days": str(SMOKING_MAX_AGE_DAYS)}
        return Absent(name, Reason("value-too-old", stale))
    answer = smoking_status(*codings_of(entry.resource.get("valueCodeableConcept")))
    if answer in ("unknown", "unconfirmed"):
        return Absent(name, Reason("smoking-not-known"))
    current = answer == "current"
    return Feature(
        name, float(current), "1", "yes" if current else "no", (entry.reference,), effective=when
    )


def _is_smoking_status(entry: Sourced) -> bool:
    if entry.resource.get("status") not in _REPORTED or entry.resource.get("focus"):
        return False  # a focus: of somebody else, such as the mother of a newborn
    coded = entry.resource.get("code", {}).get("coding", ())
    return any(c.get("code") == _SMOKING_STATUS and c.get("system") == LOINC for c in coded)
