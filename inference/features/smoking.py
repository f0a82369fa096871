"""Whether a person smokes now, from the newest tobacco smoking status."""

from datetime import timedelta, tzinfo
from typing import Final

from inference.features.answers import Given, is_plain, newest_answers
from inference.features.feature import Absent, Feature
from inference.features.flags import codings_of
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.codings import LOINC
from terminology.smoking import SmokingStatus, smoking_status

_ASKED: Final = ((LOINC, "72166-2"),)
SMOKING_MAX_AGE_DAYS = 730


def current_smoker(snapshot: PatientSnapshot, zone: tzinfo) -> Feature | Absent:
    """Return the newest tobacco smoking status (LOINC 72166-2) that says current or not.

    Two different ones of one moment are not chosen between.
    """
    name = "current_smoker"
    found = newest_answers(_ASKED, snapshot=snapshot, zone=zone)
    if found is None:
        return Absent(name, Reason("smoking-not-known"))
    if snapshot.taken_at - found.when > timedelta(days=SMOKING_MAX_AGE_DAYS):
        stale = {"date": found.when.date().isoformat(), "days": str(SMOKING_MAX_AGE_DAYS)}
        return Absent(name, Reason("value-too-old", stale))
    answers = [(given[0].reference, _status(given)) for given in found.given]
    first, answer = answers[0]
    for source, other in answers[1:]:
        if other != answer:
            return Absent(name, Reason("values-conflict", {"first": first, "second": source}))
    if answer in ("unknown", "unconfirmed"):
        return Absent(name, Reason("smoking-not-known"))
    current = answer == "current"
    sources = tuple(dict.fromkeys(source for source, _ in answers))
    said = "yes" if current else "no"
    return Feature(
        name, float(current), "1", said, sources, effective=found.when, cautions=found.cautions
    )


def _status(given: Given) -> SmokingStatus:
    if not is_plain(given):
        return "unconfirmed"
    return smoking_status(*codings_of(given[1].get("valueCodeableConcept")))
