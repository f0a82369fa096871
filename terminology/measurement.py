"""FHIR R4 Observations to measurements in canonical units, or to the reason why not."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal

from fhir_server.r4.dates import instant_range
from terminology.catalogue import Analyte, Catalogue, LoincCode
from terminology.codings import LOINC
from terminology.local_codes import LocalCodes
from terminology.quantities import ValueRefused, read_quantity

ReasonCode = Literal[
    "withdrawn",  # status entered-in-error, cancelled, registered, unknown: see `status`
    "no-effective-time",
    "ambiguous-code",  # codings of two analytes in one CodeableConcept
    "no-value",
    "comparator",  # "<0.1", ">90"
    "not-numeric",
    "missing-unit",
    "unknown-unit",
    "unit-conflict",  # Quantity.unit and Quantity.code say different things
    "no-conversion",
    "implausible",  # outside what a living body can have: a slip or a swapped unit
    "malformed",
    "modifier-extension",
    "other-focus",  # Observation.focus: of a fetus, a donor, a device, not of the patient
]

# R4 value set observation-status: these four stand for a result; the others for none.
_REPORTED: Final = frozenset({"preliminary", "final", "amended", "corrected"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value of one analyte in its canonical unit, with everything needed to trace it.

    `reported_unit` is the UCUM code of the unit that came; `effective` is in the zone asked for,
    and the earliest instant of a date of lower precision; `conversion` is None where the value
    is as reported.
    """

    analyte: str
    value: float
    unit: str
    reported_value: Decimal
    reported_unit: str
    effective: datetime
    issued: datetime | None
    status: str
    source: str
    conversion: str | None


@dataclass(frozen=True, slots=True)
class Unusable:
    """A result of the catalogue that gives no value, and why; never a default in its place.

    `effective` and `status` are there as far as the Observation states them, so that a withdrawn
    result can withdraw its copies.
    """

    analyte: str | None
    source: str
    reason_code: ReasonCode
    text: str
    effective: datetime | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class _Report:
    """What an Observation says of all its values."""

    source: str
    status: str | None
    effective: datetime | None
    effective_fault: str
    issued: datetime | None
    fault: tuple[ReasonCode, str] | None

    def unusable(self, analyte: str | None, code: ReasonCode, text: str) -> Unusable:
        return Unusable(analyte, self.source, code, text, self.effective, self.status)


def measurements(
    observation: Mapping[str, Any],
    *,
    catalogue: Catalogue,
    zone: tzinfo,
    local_codes: LocalCodes | None = None,
    source: str | None = None,
    wanted: Container[str] | None = None,
) -> tuple[Measurement | Unusable, ...]:
    """What an Observation and its components measure; empty where no code is in the catalogue.

    `zone` places dates without an offset. Codes of other systems count through `local_codes`.
    Coded answers (the smoking status) are no measurements. `source` is the reference to cite,
    else `Observation/id`; `wanted` leaves out every analyte whose id it does not hold.
    """
    report: _Report | None = None
    found: list[Measurement | Unusable] = []
    for part in _parts(observation):
        coded = _coded_as(part.get("code"), catalogue, local_codes)
        if not coded:
            continue
        if wanted is not None and not any(analyte.id in wanted for analyte, _ in coded):
            continue
        if report is None:
            report = _report(observation, zone, source)
        found.append(_measure(part, coded, report))
    return tuple(found)


def analytes_in(
    observation: Mapping[str, Any],
    *,
    catalogue: Catalogue,
    local_codes: LocalCodes | None = None,
) -> frozenset[str]:
    """The ids of the analytes that an Observation and its components are coded as."""
    return frozenset(
        analyte.id
        for part in _parts(observation)
        for analyte, _ in _coded_as(part.get("code"), catalogue, local_codes)
    )


def effective_time(observation: Mapping[str, Any], *, zone: tzinfo) -> datetime | None:
    """The clinically relevant time of an Observation, None where it states none."""
    return _effective(observation, zone)[0]


def _parts(observation: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    components = observation.get("component")
    if not isinstance(components, list):
        return (observation,)
    return (observation, *(part for part in components if isinstance(part, dict)))


_Coded = list[tuple[Analyte, LoincCode]]


def _coded_as(concept: Any, catalogue: Catalogue, local_codes: LocalCodes | None) -> _Coded:
    # On plain dictionaries: a record holds hundreds of Observations, and few are in the catalogue.
    codings = concept.get("coding") if isinstance(concept, dict) else None
    found: _Coded = []
    for coding in codings if isinstance(codings, list) else ():
        for code in _loinc_codes(coding, local_codes):
            entry = catalogue.entry(code)
            if entry is not None and not entry[0].is_coded and entry not in found:
                found.append(entry)
    return found


def _loinc_codes(coding: Any, local_codes: LocalCodes | None) -> Iterable[str]:
    if not isinstance(coding, dict):
        return ()
    system, code = coding.get("system"), coding.get("code")
    if not isinstance(code, str):
        return ()
    own = (code,) if system == LOINC else ()
    if local_codes is None or not isinstance(system, str):
        return own
    # A hospital's table may also say which LOINC code outside the catalogue equals one in it.
    return own + tuple(target.code for target in local_codes.translate(system, code))


def _measure(part: Mapping[str, Any], coded: _Coded, report: _Report) -> Measurement | Unusable:
    analyte = coded[0][0]
    if any(other is not analyte for other, _ in coded):
        listed = " and ".join(f"{code.code} ({other.id})" for other, code in coded)
        text = f"one code element holds LOINC {listed}; send one analyte per Observation"
        return report.unusable(None, "ambiguous-code", text)
    if report.status not in _REPORTED:
        text = f"{analyte.id}: status is {report.status or 'missing'}, which states no result"
        return report.unusable(analyte.id, "withdrawn", text)
    if report.effective is None:
        text = f"{analyte.id}: {report.effective_fault}"
        return report.unusable(analyte.id, "no-effective-time", text)
    if report.fault is not None:
        code, text = report.fault
        return report.unusable(analyte.id, code, f"{analyte.id}: {text}")
    try:
        reading = read_quantity(part, analyte=analyte, codes=tuple(code for _, code in coded))
    except ValueRefused as refused:
        return report.unusable(analyte.id, refused.code, refused.text)
    return Measurement(
        analyte=analyte.id,
        value=float(reading.value),
        unit=analyte.canonical_unit,
        reported_value=reading.reported_value,
        reported_unit=reading.reported_unit,
        effective=report.effective,
        issued=report.issued,
        status=report.status or "",
        source=report.source,
        conversion=reading.conversion or None,
    )


def _report(observation: Mapping[str, Any], zone: tzinfo, source: str | None) -> _Report:
    status, id = observation.get("status"), observation.get("id")
    effective, fault = _effective(observation, zone)
    issued, _ = _instant(observation.get("issued"), zone)
    return _Report(
        source=source or (f"Observation/{id}" if isinstance(id, str) and id else "Observation"),
        status=status if isinstance(status, str) else None,
        effective=effective,
        effective_fault=fault,
        issued=issued,
        fault=_fault(observation),
    )


def _fault(observation: Mapping[str, Any]) -> tuple[ReasonCode, str] | None:
    """Return what forbids every value of the Observation, its components' too."""
    if observation.get("focus"):
        # R4 observation.html#focus: what was observed is then not the subject.
        return "other-focus", "Observation.focus says that it is not of the patient"
    if observation.get("modifierExtension"):
        # R4 extensibility.html#modifierExtension: on the resource it holds for all of it.
        return "modifier-extension", "a modifierExtension changes the meaning of the Observation"
    return None


def _effective(observation: Mapping[str, Any], zone: tzinfo) -> tuple[datetime | None, str]:
    """Return the clinically relevant time, or why there is none; `issued` never stands in."""
    period = observation.get("effectivePeriod")
    if isinstance(period, dict):
        # R4 observation.html#effective: of a collection over time the end is when it was whole.
        return _instant(period.get("end") or period.get("start"), zone)
    if "effectiveTiming" in observation:
        return None, "effectiveTiming is no single time; send effectiveDateTime"
    text = observation.get("effectiveDateTime") or observation.get("effectiveInstant")
    return _instant(text, zone)


def _instant(text: Any, zone: tzinfo) -> tuple[datetime | None, str]:
    if not isinstance(text, str):
        return None, "there is no effective time; send effectiveDateTime"
    return _read_instant(text, zone)


# The results of one report share their times.
@lru_cache(maxsize=1024)
def _read_instant(text: str, zone: tzinfo) -> tuple[datetime | None, str]:
    try:
        low, _ = instant_range(text, default_zone=zone)
        return (_EPOCH + timedelta(microseconds=low)).astimezone(zone), ""
    except (ValueError, OverflowError) as fault:
        return None, f"the effective time cannot be read: {fault}"
