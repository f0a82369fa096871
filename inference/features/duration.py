"""How long ago a recorded disease was first diagnosed, from the Conditions that state it."""

import calendar
from datetime import date, tzinfo
from typing import Any

from inference.features.dates import days
from inference.features.feature import Absent, Feature
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot


def diagnosed_before(
    name: str,
    disease: Feature | Absent,
    *,
    months: int,
    snapshot: PatientSnapshot,
    zone: tzinfo,
) -> Feature | Absent:
    """Return whether the entries of `disease` show a diagnosis more than `months` ago.

    A date of recording is no date of diagnosis, but the disease was known by then: an old one
    shows a long duration, a recent one shows nothing. Without any date it is not known.
    """
    if isinstance(disease, Absent):
        return Absent(name, disease.reason)
    today = snapshot.taken_at.astimezone(zone).date()
    limit = _months_before(today, months)
    recent: list[str] = []
    for entry in snapshot.conditions.entries:
        if entry.reference not in disease.sources:
            continue
        onset = days(_onset(entry.resource), zone)
        recorded = days(entry.resource.get("recordedDate"), zone)
        if any(found is not None and found[1] < limit for found in (onset, recorded)):
            return Feature(name, 1.0, "1", "yes", (entry.reference,))
        if onset is not None and limit <= onset[0] <= today:
            recent.append(entry.reference)
    # Every entry must be dated: one without a date may be the first diagnosis.
    if recent and len(recent) == len(disease.sources):
        return Feature(name, 0.0, "1", "no", tuple(recent))
    return Absent(name, Reason("onset-not-known"))


def _onset(condition: Any) -> Any:
    period = condition.get("onsetPeriod")
    started = period.get("start") if isinstance(period, dict) else None
    return condition.get("onsetDateTime") or started


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
