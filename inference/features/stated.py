"""Features that a caller states one by one, without resources: named values with their units."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from inference.contract import InputSpec
from inference.features.feature import Absent, Feature
from inference.features.feature import converted as _converted
from inference.features.kinds import is_flag
from inference.features.quantities import CLOCK_TOLERANCE, unit_cautions
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.catalogue import Analyte, Catalogue
from terminology.units import Converted, convert

SOURCE = "stated"


@dataclass(frozen=True, slots=True)
class Stated:
    """One value as the caller states it; a flag is 0 or 1 with the unit `1`."""

    value: Decimal
    unit: str
    effective: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatedFeatures:
    """What a caller states of one patient: `values` by input name, `states` by flag.

    It answers as `FeatureReader` does; every unit must have been found convertible before.
    """

    snapshot: PatientSnapshot
    values: Mapping[str, Stated]
    states: Mapping[str, bool]
    catalogue: Catalogue

    @property
    def strangers(self) -> tuple[str, ...]:
        """Nobody else's resources: there are none."""
        return ()

    def read(self, spec: InputSpec) -> Feature | Absent:
        """Return the value for one input, inside the model's own domain."""
        stated = self.values.get(spec.name)
        if stated is None:
            return Absent(spec.feature, Reason("no-value"))
        why = _untimely(spec, stated, self.snapshot.taken_at)
        if why is not None:
            return Absent(spec.feature, why)
        analyte = self.catalogue.measured(spec.feature)
        converted = Converted(stated.value, spec.unit, "")
        if analyte is not None:
            if not analyte.is_plausible(
                convert(stated.value, unit=stated.unit, analyte=analyte).value
            ):
                why = Reason("value-unusable", {"source": spec.name, "why": "implausible"})
                return Absent(spec.feature, why)
            converted = convert(stated.value, unit=stated.unit, analyte=analyte, to=spec.unit)
        value = float(converted.value)
        if not spec.low <= value <= spec.high or math.isnan(value):
            said = _converted(_reported(spec, stated), value, spec.unit)
            domain = {"value": said, "low": f"{spec.low:g}", "high": f"{spec.high:g}",
                      "unit": spec.unit}  # fmt: skip
            return Absent(spec.feature, Reason("outside-domain", domain))
        return Feature(
            name=spec.feature,
            value=value,
            unit=spec.unit,
            reported=_reported(spec, stated),
            sources=(SOURCE,),
            effective=stated.effective,
            conversion=converted.rule or None,
            cautions=_cautions(spec, stated, analyte),
        )

    def flag(self, name: str) -> Feature | Absent:
        """Return a state that excludes; what the caller does not state is not known."""
        if name not in self.states:
            return Absent(name, Reason("not-stated"))
        found = self.states[name]
        return Feature(name, float(found), "1", "yes" if found else "no", (SOURCE,))


def _untimely(spec: InputSpec, stated: Stated, at: datetime) -> Reason | None:
    if stated.effective is None:
        return None
    if stated.effective > at + CLOCK_TOLERANCE:
        return Reason("value-in-future", {"source": spec.name})
    if spec.max_age_days is not None and at - stated.effective > timedelta(days=spec.max_age_days):
        date = stated.effective.date().isoformat()
        return Reason("value-too-old", {"date": date, "days": str(spec.max_age_days)})
    return None


def _cautions(spec: InputSpec, stated: Stated, analyte: Analyte | None) -> tuple[Reason, ...]:
    found: list[Reason] = []
    if analyte is not None:
        found += unit_cautions(stated.value, stated.unit, analyte=analyte, source=spec.name)
    if spec.max_age_days is not None and stated.effective is None:
        # Nothing shows that the value is not too old for the model.
        found.append(Reason("time-not-stated", {"input": spec.name, "feature": spec.feature}))
    return tuple(found)


def _reported(spec: InputSpec, stated: Stated) -> str:
    value = format(stated.value, "f")
    if spec.unit != "1":
        return f"{value} {stated.unit}" if spec.unit != "a" else value
    if spec.feature == "male":
        return "male" if stated.value else "female"
    if is_flag(spec):
        return "yes" if stated.value else "no"
    return value
