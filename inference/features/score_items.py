"""Answers to the questions of point scores, from Observations and their components."""

from collections.abc import Mapping
from datetime import timedelta, tzinfo
from typing import Any

from inference.features.answers import Answers, is_plain, newest_answers
from inference.features.feature import Absent, Feature
from inference.features.flags import codings_of
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.score_items import ScoreItem


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
    found = newest_answers(item.asked, snapshot=snapshot, zone=zone)
    if found is None:
        return Absent(name, Reason("item-not-answered"))
    if max_age_days is not None and snapshot.taken_at - found.when > timedelta(days=max_age_days):
        stale = {"date": found.when.date().isoformat(), "days": str(max_age_days)}
        return Absent(name, Reason("value-too-old", stale))
    return _one(name, item, found, unit=unit)


def _one(name: str, item: ScoreItem, found: Answers, *, unit: str) -> Feature | Absent:
    answers = [
        (given[0].reference, _value(item, given[1]) if is_plain(given) else None)
        for given in found.given
    ]
    sources = tuple(dict.fromkeys(source for source, _ in answers))
    (first, value), *others = answers
    for source, other in others:
        if other != value:
            return Absent(name, Reason("values-conflict", {"first": first, "second": source}))
    if value is None:
        return Absent(name, Reason("item-not-readable", {"source": first}))
    said = ("no", "yes")[int(value)] if unit == "1" else f"{value:g} {unit}"
    return Feature(name, value, unit, said, sources, effective=found.when, cautions=found.cautions)


def _value(item: ScoreItem, part: Mapping[str, Any]) -> float | None:
    """Return the answer's value, None where it cannot be read; a text is never interpreted."""
    stated = part.get("valueBoolean")
    if isinstance(stated, bool):
        return float(stated) if item.yes_or_no else None
    number = part.get("valueInteger")
    if isinstance(number, int):
        return float(number) if item.grades is not None and number in item.grades else None
    return item.coded(codings_of(part.get("valueCodeableConcept"))[0])
