"""The age at which a recorded disease began, from the Conditions that state it."""

from collections.abc import Mapping
from datetime import date, tzinfo
from typing import Any

from inference.features import demographics
from inference.features.dates import days, whole_years
from inference.features.feature import Absent, Feature
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.codings import UCUM

Ages = tuple[float, float]


def onset_age(
    name: str, disease: Feature | Absent, *, snapshot: PatientSnapshot, zone: tzinfo
) -> Feature | Absent:
    """Return the age in years at the earliest onset that an entry of `disease` states.

    Read are Condition.onsetAge in years, onsetDateTime and onsetPeriod.start; the date on which a
    Condition was recorded says nothing of its onset. A year or a month that leaves two ages open
    gives the middle of them and a caution.
    """
    if isinstance(disease, Absent):
        return Absent(name, disease.reason)
    now = demographics.age(snapshot, zone=zone)
    if isinstance(now, Absent):
        return Absent(name, now.reason)
    stated, silent = _stated(disease, snapshot, zone)
    if not stated:
        return Absent(name, Reason("onset-not-known"))
    (low, high), source = min(stated)
    if low > now.value:
        return Absent(name, Reason("value-in-future", {"source": source}))
    # A year that is not over leaves an age open that the patient has not reached.
    high = min(high, now.value)
    cautions = []
    if low != high:
        cautions.append(Reason("onset-inexact", {"low": f"{low:g}", "high": f"{high:g}"}))
    if silent:
        cautions.append(Reason("onset-partly-known", {"sources": ", ".join(silent[:3])}))
    age = (low + high) / 2
    return Feature(name, age, "a", f"{age:g}", (source,), cautions=tuple(cautions))


def _stated(
    disease: Feature, snapshot: PatientSnapshot, zone: tzinfo
) -> tuple[list[tuple[Ages, str]], list[str]]:
    """Return the ages that the disease's entries state, and the entries that state none."""
    stated: list[tuple[Ages, str]] = []
    silent: list[str] = []
    for entry in snapshot.conditions.entries:
        if entry.reference not in disease.sources:
            continue
        ages = _ages(entry.resource, snapshot, zone)
        if ages is None:
            silent.append(entry.reference)
        else:
            stated.append((ages, entry.reference))
    return stated, silent


def _ages(condition: Mapping[str, Any], snapshot: PatientSnapshot, zone: tzinfo) -> Ages | None:
    """Return the least and the greatest age that the stated onset allows."""
    stated = condition.get("onsetAge")
    if stated:
        in_years = stated.get("system") == UCUM and stated.get("code") == "a"
        exact = in_years and "value" in stated and not stated.get("comparator")
        return (float(stated["value"]),) * 2 if exact else None
    text = condition.get("onsetDateTime") or condition.get("onsetPeriod", {}).get("start")
    meant = days(text, zone)
    birth = str(snapshot.patient.resource.get("birthDate", ""))
    if meant is None or len(birth) != len("YYYY-MM-DD"):
        return None
    born = date.fromisoformat(birth)
    return float(whole_years(born, meant[0])), float(whole_years(born, meant[1]))
