"""The measurement that stands for an analyte now: newest, usable, in the model's unit."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from inference.contract import InputSpec
from inference.features.feature import Absent, Feature
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.catalogue import Catalogue
from terminology.local_codes import LocalCodes
from terminology.measurement import Measurement, Unusable, measurements
from terminology.units import UnitRefused, convert

CLOCK_TOLERANCE = timedelta(minutes=5)

# `registered` and `unknown` state no result either, but withdraw nothing that was reported.
_WITHDRAWN = ("entered-in-error", "cancelled")

# Of two reports of one moment the corrected one speaks.
_STATUS_RANK = {"preliminary": 0, "final": 1, "amended": 2, "corrected": 2, "appended": 2}


@dataclass(frozen=True, slots=True)
class MeasurementTable:
    """A snapshot's measurements by analyte, newest first, and what could not be used."""

    by_analyte: Mapping[str, tuple[Measurement, ...]]
    unusable: Mapping[str, tuple[Unusable, ...]]


def tabulate(
    snapshot: PatientSnapshot,
    *,
    catalogue: Catalogue,
    zone: tzinfo,
    local_codes: LocalCodes | None = None,
    wanted: Container[str] | None = None,
) -> MeasurementTable:
    """Read every Observation once, for the analytes `wanted` (None: all).

    A result withdrawn at its source withdraws every copy of it: the same analyte at the same time.
    """
    usable: dict[str, list[Measurement]] = {}
    unusable: dict[str, list[Unusable]] = {}
    withdrawn: set[tuple[str, datetime]] = set()
    for entry in snapshot.observations:
        for found in measurements(
            entry.resource,
            catalogue=catalogue,
            zone=zone,
            local_codes=local_codes,
            source=entry.reference,
            wanted=wanted,
        ):
            if isinstance(found, Measurement):
                usable.setdefault(found.analyte, []).append(found)
            elif found.analyte is not None:
                unusable.setdefault(found.analyte, []).append(found)
                if found.status in _WITHDRAWN and found.effective is not None:
                    withdrawn.add((found.analyte, found.effective))
    return MeasurementTable(
        {analyte: _newest_first(analyte, found, withdrawn) for analyte, found in usable.items()},
        {analyte: tuple(found) for analyte, found in unusable.items()},
    )


def _newest_first(
    analyte: str, found: Iterable[Measurement], withdrawn: set[tuple[str, datetime]]
) -> tuple[Measurement, ...]:
    kept = [m for m in found if (analyte, m.effective) not in withdrawn]
    return tuple(sorted(kept, key=_order, reverse=True))


def _order(found: Measurement) -> tuple[datetime, int, float]:
    issued = found.issued.timestamp() if found.issued else 0.0
    return found.effective, _STATUS_RANK.get(found.status, -1), issued


def quantity(
    spec: InputSpec, table: MeasurementTable, *, catalogue: Catalogue, at: datetime
) -> Feature | Absent:
    """Return the newest usable value of `spec.feature` in `spec.unit`, or why there is none."""
    found = table.by_analyte.get(spec.feature, ())
    if any(m.effective > at + CLOCK_TOLERANCE for m in found):
        future = next(m for m in found if m.effective > at + CLOCK_TOLERANCE)
        return Absent(spec.feature, Reason("value-in-future", {"source": future.source}))
    if not found:
        return Absent(spec.feature, _why_unusable(table.unusable.get(spec.feature, ())))
    newest = found[0]
    rival = next((m for m in found[1:] if _order(m) == _order(newest)), None)
    if rival is not None and rival.value != newest.value:
        values = {"first": newest.source, "second": rival.source}
        return Absent(spec.feature, Reason("values-conflict", values))
    if spec.max_age_days is not None and at - newest.effective > timedelta(days=spec.max_age_days):
        stale = {"date": newest.effective.date().isoformat(), "days": str(spec.max_age_days)}
        return Absent(spec.feature, Reason("value-too-old", stale))
    return _in_model_unit(spec, newest, table, catalogue=catalogue)


def _in_model_unit(
    spec: InputSpec, found: Measurement, table: MeasurementTable, *, catalogue: Catalogue
) -> Feature | Absent:
    analyte = catalogue.analyte(spec.feature)
    try:
        converted = convert(
            found.reported_value, unit=found.reported_unit, analyte=analyte, to=spec.unit
        )
    except UnitRefused as refused:
        return Absent(
            spec.feature, Reason("value-unusable", {"source": found.source, "why": refused.code})
        )
    return Feature(
        name=spec.feature,
        value=float(converted.value),
        unit=spec.unit,
        reported=f"{_plain(found.reported_value)} {found.reported_unit}",
        sources=(found.source,),
        effective=found.effective,
        conversion=converted.rule or None,
        cautions=tuple(_cautions(found, table.unusable.get(spec.feature, ()))),
    )


def _plain(value: Decimal) -> str:
    return format(value, "f")


def _cautions(found: Measurement, unusable: Iterable[Unusable]) -> Iterable[Reason]:
    if found.status == "preliminary":
        yield Reason("preliminary", {"source": found.source})
    for other in unusable:
        if other.reason_code == "withdrawn":
            continue
        if other.effective is None or other.effective > found.effective:
            yield Reason("newer-unusable", {"source": other.source, "why": other.reason_code})


def _why_unusable(unusable: tuple[Unusable, ...]) -> Reason:
    if not unusable:
        return Reason("no-value")
    worst = unusable[-1]
    return Reason("value-unusable", {"source": worst.source, "why": worst.reason_code})
