"""Which entry of a medication list is a treatment now, and with which drug."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final, Literal

from inference.features.dates import days, moment
from inference.snapshot import RecordList

Bearing = Literal["counts", "doubtful", "ignored", "denies"]
Resource = Mapping[str, Any]

_NOT_YET_ORDERED: Final = ("proposal", "plan", "option")
# A prescription that was dispensed in full and tells no supply: China's long ones last 12 weeks.
_SUPPLY: Final = timedelta(weeks=12)
_LONGEST_SUPPLY: Final = 366.0
_LIFETIME: Final = 36525.0
_DAYS: Final = {"d": 1.0, "wk": 7.0, "mo": 31.0}


@dataclass(frozen=True, slots=True)
class Drugs:
    """The drug of each entry of a list: its own concept, or of the Medication that it refers to."""

    by_name: Mapping[str, Resource]
    """Medications by id, and by the reference under which they came (a full URL)."""

    @classmethod
    def of(cls, records: RecordList) -> "Drugs":
        """Collect the Medications that came with the list."""
        named: dict[str, Resource] = {}
        for entry in records.entries:
            if _is_drug(entry.resource):
                named[entry.reference] = entry.resource
                named[str(entry.resource.get("id"))] = entry.resource
        return cls(named)

    def concept(self, entry: Resource) -> Resource | None:
        """Return the drug's concept, None where nothing names it."""
        concept: Resource | None = entry.get("medicationCodeableConcept")
        if concept:
            return concept
        reference = entry.get("medicationReference")
        text = str(reference.get("reference", "")) if isinstance(reference, dict) else ""
        for contained in _objects(entry.get("contained")):
            if text == f"#{contained.get('id')}":
                inside: Resource | None = contained.get("code")
                return inside
        _, of_type, name = text.rpartition("Medication/")
        found = self.by_name.get(name.partition("/")[0] if of_type else text)
        return found.get("code") if found else None


def _is_drug(resource: Resource) -> bool:
    said = resource.get("status") != "entered-in-error"
    return resource.get("resourceType") == "Medication" and said


def bearing(entry: Resource, *, at: datetime, zone: tzinfo) -> Bearing:
    """Say whether an entry is a treatment at `at`; `denies` is a statement that it is not taken.

    A Medication is no entry of its own. What carries a modifierExtension is doubtful (R4
    extensibility.html: an unknown one may negate it); so is what has run out and is called active,
    and what was dispensed in full and is not used up yet.
    """
    today = at.astimezone(zone).date()
    if entry.get("resourceType") == "MedicationRequest":
        found = _request(entry, today, zone)
    elif entry.get("resourceType") == "MedicationStatement":
        found = _statement(entry, today, zone)
    else:
        return "ignored"
    if entry.get("modifierExtension") and found in ("counts", "denies"):
        return "doubtful"
    return found


def written(entry: Resource, zone: tzinfo) -> datetime | None:
    """Return when an entry was written or asserted, else when it began, to a day at least."""
    period = entry.get("effectivePeriod")
    begun = period.get("start") if isinstance(period, dict) else None
    named = (entry.get(name) for name in ("authoredOn", "dateAsserted", "effectiveDateTime"))
    text = next((each for each in (*named, begun) if isinstance(each, str)), None)
    return moment(text, zone=zone) if text else None


def _request(entry: Resource, today: date, zone: tzinfo) -> Bearing:
    # US Core, "Medication List": what patients take by themselves is a reported plan.
    planned = entry.get("intent") in _NOT_YET_ORDERED and not _is_reported(entry)
    if entry.get("doNotPerform") or planned:
        return "ignored"
    match entry.get("status"):
        case "active":
            return "doubtful" if _has_run_out(entry, today, zone) else "counts"
        case "completed":
            # Dispensed in full: nobody says that the treatment ended before it is used up.
            return "doubtful" if _is_supplied(entry, today, zone) else "ignored"
        case "on-hold" | "unknown":
            return "doubtful"
    return "ignored"


def _is_reported(request: Resource) -> bool:
    said = bool(request.get("reportedBoolean") or request.get("reportedReference"))
    return said and request.get("intent") == "plan"


def _statement(entry: Resource, today: date, zone: tzinfo) -> Bearing:
    match entry.get("status"):
        case "active":
            return "counts" if _is_in_period(entry, today, zone) else "doubtful"
        case "on-hold" | "unknown":
            return "doubtful"
        case "not-taken":
            return "denies"
    # R4 medication-statement-status: completed, stopped and intended are not taken now.
    return "ignored"


def _is_in_period(statement: Resource, today: date, zone: tzinfo) -> bool:
    period = statement.get("effectivePeriod")
    if not isinstance(period, dict):
        return True
    begun, end = days(period.get("start"), zone), days(period.get("end"), zone)
    return (begun is None or begun[0] <= today) and (end is None or today <= end[1])


def _is_supplied(request: Resource, today: date, zone: tzinfo) -> bool:
    when = written(request, zone)
    if when is None:
        return False
    return today - when.astimezone(zone).date() <= _supply(request)


def _supply(request: Resource) -> timedelta:
    dispense = request.get("dispenseRequest")
    if not isinstance(dispense, dict):
        return _SUPPLY
    once = _duration(dispense.get("expectedSupplyDuration"))
    if once is None:
        return _SUPPLY
    return timedelta(days=min(once * (1 + _repeats(request)), _LONGEST_SUPPLY))


def _repeats(request: Resource) -> int:
    """Return how often a prescription may be dispensed again."""
    dispense = request.get("dispenseRequest")
    return int(dispense.get("numberOfRepeatsAllowed", 0)) if isinstance(dispense, dict) else 0


def _duration(stated: Any) -> float | None:
    """Return the days of a Duration, None where none is stated in a unit that is known."""
    if not isinstance(stated, dict) or "value" not in stated:
        return None
    unit = _DAYS.get(str(stated.get("code")))
    return None if unit is None else max(0.0, min(float(stated["value"]) * unit, _LIFETIME))


def _has_run_out(request: Resource, today: date, zone: tzinfo) -> bool:
    """Whether every day that the prescription states for its end has passed."""
    ends = list(_ends(request, zone))
    return bool(ends) and max(ends) < today


def _ends(request: Resource, zone: tzinfo) -> Iterator[date]:
    dispense = request.get("dispenseRequest")
    if isinstance(dispense, dict):
        yield from _last_day(dispense.get("validityPeriod"), zone)
    dosages = _objects(request.get("dosageInstruction"))
    timings = _objects([dosage.get("timing") for dosage in dosages])
    ends = [
        tuple(_ends_of(repeat, request, zone))
        for repeat in _objects([timing.get("repeat") for timing in timings])
    ]
    if all(ends):  # a dose without an end follows one that has one, as after titration
        yield from (end for each in ends for end in each)


def _ends_of(repeat: Resource, request: Resource, zone: tzinfo) -> Iterator[date]:
    yield from _last_day(repeat.get("boundsPeriod"), zone)
    begun, lasts = written(request, zone), _duration(repeat.get("boundsDuration"))
    if begun is not None and lasts is not None:
        last = begun.astimezone(zone).toordinal() + int(lasts * (1 + _repeats(request)))
        yield date.fromordinal(min(last, date.max.toordinal()))


def _last_day(period: Any, zone: tzinfo) -> Iterator[date]:
    end = days(period.get("end"), zone) if isinstance(period, dict) else None
    if end is not None:
        yield end[1]


def _objects(items: Any) -> list[Resource]:
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
