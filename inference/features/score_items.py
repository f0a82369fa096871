"""Answers to the questions of point scores, from Observations and their components."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any, Final

from inference.features.feature import Absent, Feature
from inference.features.flags import codings_of
from inference.features.quantities import CLOCK_TOLERANCE
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot, Sourced
from terminology.measurement import effective_time
from terminology.score_items import ScoreItem

_REPORTED: Final = ("final", "amended", "corrected", "preliminary")
_WITHDRAWN: Final = ("entered-in-error", "cancelled")


def answer(
    name: str,
    item: ScoreItem,
    *,
    snapshot: PatientSnapshot,
    zone: tzinfo,
    max_age_days: int | None,
    unit: str = "1",
) -> Feature | Absent:
    """Return the newest answer to `item`; two different ones of one moment are not chosen between.

    An answer that was withdrawn at its source, or that no code tells, is none.
    """
    timed = []
    for entry in snapshot.observations:
        if entry.resource.get("focus"):
            continue  # of somebody else than the patient
        parts = [part for part in _parts(entry.resource) if item.asks(codings_of(part["code"])[0])]
        when = effective_time(entry.resource, zone=zone) if parts else None
        if when is not None and when <= snapshot.taken_at + CLOCK_TOLERANCE:
            timed.append((when, entry, parts))
    timed.sort(key=lambda each: each[0], reverse=True)
    for when, found in groupby(timed, key=lambda each: each[0]):
        same_moment = [(entry, part) for _, entry, parts in found for part in parts]
        if any(entry.resource.get("status") in _WITHDRAWN for entry, _ in same_moment):
            continue
        reported = [(e, p) for e, p in same_moment if e.resource.get("status") in _REPORTED]
        if not reported:
            continue
        if max_age_days is not None and snapshot.taken_at - when > timedelta(days=max_age_days):
            stale = {"date": when.date().isoformat(), "days": str(max_age_days)}
            return Absent(name, Reason("value-too-old", stale))
        return _one(name, item, reported, when=when, unit=unit)
    return Absent(name, Reason("item-not-answered"))


def _parts(observation: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    components = observation.get("component")
    parts = [observation, *(components if isinstance(components, list) else ())]
    return (part for part in parts if isinstance(part, dict) and isinstance(part.get("code"), dict))


def _one(
    name: str,
    item: ScoreItem,
    reported: Iterable[tuple[Sourced, Mapping[str, Any]]],
    *,
    when: datetime,
    unit: str,
) -> Feature | Absent:
    answers = [(entry.reference, _value(item, part)) for entry, part in reported]
    sources = tuple(dict.fromkeys(source for source, _ in answers))
    (first, value), *others = answers
    for source, other in others:
        if other != value:
            return Absent(name, Reason("values-conflict", {"first": first, "second": source}))
    if value is None:
        return Absent(name, Reason("item-not-readable", {"source": first}))
    said = ("no", "yes")[int(value)] if unit == "1" else f"{value:g} {unit}"
    return Feature(name, value, unit, said, sources, effective=when)


def _value(item: ScoreItem, part: Mapping[str, Any]) -> float | None:
    """Return the answer's value, None where it cannot be read; a text is never interpreted."""
    if part.get("modifierExtension"):
        return None
    stated = part.get("valueBoolean")
    if isinstance(stated, bool):
        return float(stated) if item.yes_or_no else None
    number = part.get("valueInteger")
    if isinstance(number, int):
        return float(number) if item.grades is not None and number in item.grades else None
    return item.coded(codings_of(part.get("valueCodeableConcept"))[0])
