"""The measurement that stands for an analyte now: newest, usable, in the model's unit."""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from decimal import Decimal

from inference.contract import InputSpec
from inference.features.feature import Absent, Feature
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot, Sourced
from terminology.catalogue import Analyte, Catalogue
from terminology.local_codes import LocalCodes
from terminology.measurement import (
    Measurement,
    Unusable,
    analytes_in,
    effective_time,
    measurements,
)
from terminology.unit_doubt import rival_unit
from terminology.units import UnitRefused, convert

CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Newest:
    """The usable measurements of the newest moment that has one, the authoritative first."""

    usable: tuple[Measurement, ...]
    unusable: tuple[Unusable, ...]

    def newer_than(self, when: datetime) -> str | None:
        """Return the source of a result, usable or not, that is newer; None where there is none."""
        found: list[Measurement | Unusable] = [*self.usable, *self.unusable]
        for each in found:
            newer = each.effective is not None and _is_of_later_sample(each.effective, when)
            if newer and each.status not in _NO_RESULT:
                return each.source
        return None


def _is_of_later_sample(other: datetime, when: datetime) -> bool:
    """Whether a result is of a later sample than another; of one sample reports differ a little.

    An EMR's copy may keep the day only, whose first instant it then stands at.
    """
    is_day = when.time() == time(0) and other.date() == when.date()
    return other - when > _ONE_SAMPLE and not is_day


# `registered` and `unknown` state no result either, but withdraw nothing that was reported.
_WITHDRAWN = ("entered-in-error", "cancelled")
# Of these nothing is awaited: no doubt falls on an older result.
_NO_RESULT = (*_WITHDRAWN, "registered")

# The EMR's copy of a laboratory's result may be rounded, or rounded again in another unit.
_SAME_WITHIN = 0.01

# Ours: a report's values may be stamped one after another as they are computed.
_ONE_SAMPLE = timedelta(hours=1)

_ALMOST_A_DAY = timedelta(days=1) - timedelta(microseconds=1)

# Of two reports of one moment the corrected one speaks.
_CORRECTED = ("amended", "corrected", "appended")
_STATUS_RANK = {"preliminary": 0, "final": 1, "amended": 2, "corrected": 2, "appended": 2}


class MeasurementTable:
    """A snapshot's Observations by analyte, newest first, each read when it is asked for.

    A record holds years of results, and the newest usable one counts: older ones are not read.
    A result withdrawn at its source withdraws every copy of it (same analyte, same time).
    """

    def __init__(
        self,
        snapshot: PatientSnapshot,
        *,
        catalogue: Catalogue,
        zone: tzinfo,
        local_codes: LocalCodes | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._zone = zone
        self._local_codes = local_codes
        self._found: dict[str, Newest] = {}
        self._by_analyte: dict[str, list[tuple[datetime | None, Sourced]]] = {}
        for entry in snapshot.observations:
            when = effective_time(entry.resource, zone=zone)
            for analyte in analytes_in(
                entry.resource, catalogue=catalogue, local_codes=local_codes
            ):
                self._by_analyte.setdefault(analyte, []).append((when, entry))

    def newest(self, analyte: str) -> Newest:
        """Return the newest usable measurements of one moment, and what could not be used.

        The unusable are those without a time and those at least as new as the usable ones.
        """
        if analyte not in self._found:
            self._found[analyte] = self._search(analyte)
        return self._found[analyte]

    def _search(self, analyte: str) -> Newest:
        entries = self._by_analyte.get(analyte, [])
        timed = [(when, entry) for when, entry in entries if when is not None]
        timed.sort(key=lambda pair: pair[0], reverse=True)
        _, unusable = self._read(analyte, [entry for when, entry in entries if when is None])
        erased = [self._erased(analyte, *pair) for pair in timed if _is_erased(pair[1])]
        for when, same_moment in itertools.groupby(timed, key=lambda pair: pair[0]):
            group = [entry for _, entry in same_moment]
            usable, refused = self._read(analyte, group)
            unusable += refused
            spans = {entry.reference: _span(when, entry) for entry in group if erased}
            standing = [
                item
                for item in usable
                if _stands(item, refused)
                and not any(each.has_copy(item, spans[item.source]) for each in erased)
            ]
            # It may be a copy of what was withdrawn, or what replaces it: a person has to see it.
            unusable += [_set_aside(item) for item in usable if item not in standing]
            if standing:
                return Newest(tuple(sorted(standing, key=_order, reverse=True)), tuple(unusable))
        return Newest((), tuple(unusable))

    def _erased(self, analyte: str, when: datetime, entry: Sourced) -> "_Erased":
        stood = Sourced(dict(entry.resource) | {"status": "final"}, entry.reference)
        values, _ = self._read(analyte, [stood])
        return _Erased(_span(when, entry), tuple(item.value for item in values))

    def _read(
        self, analyte: str, entries: Iterable[Sourced]
    ) -> tuple[list[Measurement], list[Unusable]]:
        found = [
            item
            for entry in entries
            for item in measurements(
                entry.resource,
                catalogue=self._catalogue,
                zone=self._zone,
                local_codes=self._local_codes,
                source=entry.reference,
                wanted=(analyte,),
            )
        ]
        usable = [item for item in found if isinstance(item, Measurement)]
        return usable, [item for item in found if isinstance(item, Unusable)]


@dataclass(frozen=True, slots=True)
class _Erased:
    """A result that was entered in error: when it was, and what it said."""

    span: tuple[datetime, datetime]
    values: tuple[float, ...]

    def has_copy(self, found: Measurement, span: tuple[datetime, datetime]) -> bool:
        """Whether another system's result of the day, kept without its hour, says the same."""
        overlaps = span[0] <= self.span[1] and self.span[0] <= span[1]
        return overlaps and any(_is_same(found.value, value) for value in self.values)


def _is_erased(entry: Sourced) -> bool:
    return entry.resource.get("status") == "entered-in-error" and not entry.resource.get("focus")


def _span(when: datetime, entry: Sourced) -> tuple[datetime, datetime]:
    """Return the first and the last instant that a time means: all of a day without an hour."""
    text = entry.resource.get("effectiveDateTime")
    is_day = isinstance(text, str) and len(text) == len("2026-11-22")
    return when, when + _ALMOST_A_DAY if is_day else when


def _is_same(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=_SAME_WITHIN)


def _stands(found: Measurement, refused: Iterable[Unusable]) -> bool:
    """Whether a result still stands beside others of its moment that give no value.

    A correction without a value ("haemolysed") takes the first report back, as a withdrawal does.
    """
    rank = _STATUS_RANK.get(found.status, -1)
    return not any(
        item.status in _WITHDRAWN
        or (item.status in _CORRECTED and _STATUS_RANK[item.status] > rank)
        for item in refused
        if item.reason_code != "other-focus"
    )


def _set_aside(found: Measurement) -> Unusable:
    text = f"{found.analyte}: a result of the same time was withdrawn or corrected"
    return Unusable(found.analyte, found.source, "withdrawn", text, found.effective, found.status)


def _order(found: Measurement) -> tuple[datetime, int, float]:
    issued = found.issued.timestamp() if found.issued else 0.0
    return found.effective, _STATUS_RANK.get(found.status, -1), issued


def quantity(
    spec: InputSpec, table: MeasurementTable, *, catalogue: Catalogue, at: datetime
) -> Feature | Absent:
    """Return the newest usable value of `spec.feature` in `spec.unit`, or why there is none."""
    found = table.newest(spec.feature)
    if not found.usable:
        return Absent(spec.feature, _why_unusable(found.unusable))
    newest = found.usable[0]
    if newest.effective > at + CLOCK_TOLERANCE:
        return Absent(spec.feature, Reason("value-in-future", {"source": newest.source}))
    rival = next((m for m in found.usable[1:] if _contradicts(m, newest)), None)
    if rival is not None:
        values = {"first": newest.source, "second": rival.source}
        return Absent(spec.feature, Reason("values-conflict", values))
    if spec.max_age_days is not None and at - newest.effective > timedelta(days=spec.max_age_days):
        stale = {"date": newest.effective.date().isoformat(), "days": str(spec.max_age_days)}
        return Absent(spec.feature, Reason("value-too-old", stale))
    return _in_model_unit(spec, newest, found.unusable, catalogue=catalogue)


def _contradicts(other: Measurement, newest: Measurement) -> bool:
    """Whether another result of the same moment and rank says something else."""
    return _order(other) == _order(newest) and not _is_same(other.value, newest.value)


def _in_model_unit(
    spec: InputSpec, found: Measurement, unusable: Iterable[Unusable], *, catalogue: Catalogue
) -> Feature | Absent:
    analyte = catalogue.analyte(spec.feature)
    try:
        converted = convert(
            found.reported_value, unit=found.reported_unit, analyte=analyte, to=spec.unit
        )
    except UnitRefused as refused:
        why = {"source": found.source, "why": refused.code}
        return Absent(spec.feature, Reason("value-unusable", why))
    return Feature(
        name=spec.feature,
        value=float(converted.value),
        unit=spec.unit,
        reported=f"{_plain(found.reported_value)} {found.reported_unit}",
        sources=(found.source,),
        effective=found.effective,
        conversion=converted.rule or None,
        cautions=(
            *unit_cautions(
                found.reported_value, found.reported_unit, analyte=analyte, source=found.source
            ),
            *_cautions(found, unusable),
        ),
    )


def _plain(value: Decimal) -> str:
    return format(value, "f")


def unit_cautions(value: Decimal, unit: str, *, analyte: Analyte, source: str) -> Iterable[Reason]:
    """Yield a doubt where the number would be ordinary in another unit and is not in its own."""
    rival = rival_unit(value, unit=unit, analyte=analyte)
    if rival is not None:
        values = {"value": f"{_plain(value)} {unit}", "rival": rival, "source": source}
        yield Reason("unit-rival", values)


def _cautions(found: Measurement, unusable: Iterable[Unusable]) -> Iterable[Reason]:
    if found.status == "preliminary":
        yield Reason("preliminary", {"source": found.source})
    for other in unusable:
        if other.status in _NO_RESULT:
            continue
        if other.effective is None or other.effective >= found.effective:
            yield Reason("newer-unusable", {"source": other.source, "why": _why(other)})


def _why_unusable(unusable: tuple[Unusable, ...]) -> Reason:
    if not unusable:
        return Reason("no-value")
    worst = unusable[-1]
    return Reason("value-unusable", {"source": worst.source, "why": _why(worst)})


def _why(unusable: Unusable) -> str:
    """Return what is said of it: `unknown` and a missing status are no withdrawal."""
    if unusable.reason_code != "withdrawn" or unusable.status in _NO_RESULT:
        return unusable.reason_code
    return "withdrawn-copy" if unusable.status in _STATUS_RANK else "status-unknown"
