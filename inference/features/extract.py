"""Features of one patient: every model input by name, read once and shared by all models."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cached_property

from inference.contract import InputSpec
from inference.features import demographics
from inference.features.feature import Absent, Feature
from inference.features.flags import codings_of, from_conditions, from_prescriptions
from inference.features.quantities import CLOCK_TOLERANCE, MeasurementTable, quantity
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot, Sourced
from terminology import code_sets
from terminology.catalogue import Catalogue
from terminology.codings import LOINC
from terminology.local_codes import LocalCodes
from terminology.smoking import smoking_status

_SMOKING_STATUS = "72166-2"
_SMOKING_MAX_AGE_DAYS = 730
_REPORTED = ("final", "amended", "corrected", "preliminary")


class FeatureReader:
    """Answers for any input of any model, from one snapshot.

    `derived` holds features that another model computed from the same snapshot; they go before
    measured ones, because that model's equation is the one that the input asks for.
    """

    def __init__(
        self,
        snapshot: PatientSnapshot,
        *,
        catalogue: Catalogue,
        zone: tzinfo,
        local_codes: LocalCodes | None = None,
    ) -> None:
        self.snapshot = snapshot
        self._local_codes = local_codes
        self.derived: dict[str, Feature] = {}
        self._catalogue = catalogue
        self._zone = zone
        self._flags: dict[str, Feature | Absent] = {}

    @cached_property
    def measurements(self) -> MeasurementTable:
        """The snapshot's Observations by analyte."""
        return MeasurementTable(
            self.snapshot,
            catalogue=self._catalogue,
            zone=self._zone,
            local_codes=self._local_codes,
        )

    def read(self, spec: InputSpec) -> Feature | Absent:
        """Return the value for one input of a model, inside the model's own domain."""
        found = self._find(spec)
        if isinstance(found, Feature) and not spec.low <= found.value <= spec.high:
            domain = {"value": found.reported, "low": f"{spec.low:g}", "high": f"{spec.high:g}",
                      "unit": spec.unit}  # fmt: skip
            return Absent(spec.feature, Reason("outside-domain", domain))
        return found

    def _find(self, spec: InputSpec) -> Feature | Absent:
        if spec.feature in self.derived:
            return self.derived[spec.feature]
        if spec.feature in FLAGS:
            return self.flag(spec.feature)
        at = self.snapshot.taken_at
        found = quantity(spec, self.measurements, catalogue=self._catalogue, at=at)
        if isinstance(found, Absent) and spec.feature == "bmi":
            return self._bmi(spec, found)
        return found

    def flag(self, name: str) -> Feature | Absent:
        """Return a clinical flag or a fact of the Patient by its name in `FLAGS`."""
        if name not in self._flags:
            self._flags[name] = FLAGS[name](self)
        return self._flags[name]

    def _bmi(self, spec: InputSpec, otherwise: Absent) -> Feature | Absent:
        """Compute the body mass index from weight and height where none was reported."""
        if otherwise.reason.code != "no-value":
            return otherwise
        at = self.snapshot.taken_at
        parts = [
            quantity(part, self.measurements, catalogue=self._catalogue, at=at)
            for part in _body_size(spec)
        ]
        weight, height = parts
        if isinstance(weight, Absent) or isinstance(height, Absent):
            return otherwise
        value = weight.value / (height.value / 100) ** 2
        return Feature(
            "bmi",
            value,
            spec.unit,
            f"{value:.1f} kg/m2",
            weight.sources + height.sources,
            effective=weight.effective,
            conversion=f"{weight.reported} / ({height.reported})^2",
            cautions=weight.cautions + height.cautions,
        )

    @property
    def zone(self) -> tzinfo:
        """The time zone in which a date without a time is meant."""
        return self._zone


def _body_size(spec: InputSpec) -> tuple[InputSpec, InputSpec]:
    # A grown person's height does not age; weight ages as the index would.
    weight = InputSpec(
        "weight", "weight", spec.label, "kg", 20, 400, max_age_days=spec.max_age_days
    )
    height = InputSpec("height", "height", spec.label, "cm", 100, 250)
    return weight, height


def _current_smoker(reader: FeatureReader) -> Feature | Absent:
    """Return the newest tobacco smoking status (LOINC 72166-2) that says current or not."""
    name = "current_smoker"
    at = reader.snapshot.taken_at
    newest: tuple[datetime, Sourced] | None = None
    for entry in reader.snapshot.observations:
        if not _is_smoking_status(entry):
            continue
        when = demographics.moment(str(entry.resource.get("effectiveDateTime")), zone=reader.zone)
        if when is None or when > at + CLOCK_TOLERANCE:
            continue
        if newest is None or when > newest[0]:
            newest = (when, entry)
    if newest is None:
        return Absent(name, Reason("smoking-not-known"))
    when, entry = newest
    if at - when > timedelta(days=_SMOKING_MAX_AGE_DAYS):
        stale = {"date": when.date().isoformat(), "days": str(_SMOKING_MAX_AGE_DAYS)}
        return Absent(name, Reason("value-too-old", stale))
    answer = smoking_status(*codings_of(entry.resource.get("valueCodeableConcept")))
    if answer in ("unknown", "unconfirmed"):
        return Absent(name, Reason("smoking-not-known"))
    current = answer == "current"
    return Feature(
        name, float(current), "1", "yes" if current else "no", (entry.reference,), effective=when
    )


def _is_smoking_status(entry: Sourced) -> bool:
    if entry.resource.get("status") not in _REPORTED:
        return False
    coded = entry.resource.get("code", {}).get("coding", ())
    return any(c.get("code") == _SMOKING_STATUS and c.get("system") == LOINC for c in coded)


def _family_cvd(reader: FeatureReader) -> Feature | Absent:
    """Return 1 by a coded family history; nothing in a record ever proves its absence."""
    name = "family_cvd"
    found = from_conditions(
        name, code_sets.FAMILY_CVD, records=reader.snapshot.conditions, ever=True
    )
    if isinstance(found, Feature) and found.value == 1.0:
        return found
    return Absent(name, Reason("family-history-not-known"))


def _condition(name: str, wanted: code_sets.CodeSet, *, ever: bool) -> "Resolver":
    def resolve(reader: FeatureReader) -> Feature | Absent:
        return from_conditions(name, wanted, records=reader.snapshot.conditions, ever=ever)

    return resolve


def _prescription(name: str, wanted: code_sets.CodeSet) -> "Resolver":
    def resolve(reader: FeatureReader) -> Feature | Absent:
        return from_prescriptions(name, wanted, records=reader.snapshot.medications)

    return resolve


Resolver = Callable[[FeatureReader], Feature | Absent]

FLAGS: Mapping[str, Resolver] = {
    "male": lambda reader: demographics.male(reader.snapshot),
    "age": lambda reader: demographics.age(reader.snapshot, zone=reader.zone),
    "lives_north_of_yangtze": lambda r: demographics.lives_north_of_yangtze(r.snapshot),
    "lives_in_city": lambda reader: demographics.lives_in_city(reader.snapshot),
    "social_deprivation_decile": lambda r: demographics.social_deprivation_decile(r.snapshot),
    "current_smoker": _current_smoker,
    "family_cvd": _family_cvd,
    "diabetes": _condition("diabetes", code_sets.DIABETES, ever=False),
    "prior_cvd": _condition("prior_cvd", code_sets.PRIOR_CVD, ever=True),
    "heart_failure": _condition("heart_failure", code_sets.HEART_FAILURE, ever=True),
    "dialysis": _condition("dialysis", code_sets.DIALYSIS, ever=False),
    "pregnancy": _condition("pregnancy", code_sets.PREGNANCY, ever=False),
    "antihypertensive": _prescription("antihypertensive", code_sets.ANTIHYPERTENSIVE),
    "statin": _prescription("statin", code_sets.STATIN),
}
