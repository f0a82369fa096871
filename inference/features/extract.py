"""Features of one patient: every model input by name, read once and shared by all models."""

from datetime import tzinfo
from functools import cached_property

from inference.contract import InputSpec
from inference.features.feature import Absent, Feature
from inference.features.quantities import MeasurementTable, quantity
from inference.features.resolvers import FLAGS
from inference.features.risk_regions import NOT_STATED, RiskRegions
from inference.features.subjects import strangers
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.catalogue import Catalogue
from terminology.local_codes import LocalCodes


class FeatureReader:
    """Answers for any input of any model, from one snapshot.

    `derived` holds features that another model computed from the same snapshot; they go before
    measured ones, because that model's equation is the one that the input asks for. `region` (ISO
    3166 country) and `risk_regions` are what the deployment states of itself.
    """

    def __init__(
        self,
        snapshot: PatientSnapshot,
        *,
        catalogue: Catalogue,
        zone: tzinfo,
        region: str,
        local_codes: LocalCodes | None = None,
        risk_regions: RiskRegions = NOT_STATED,
    ) -> None:
        self.snapshot = snapshot
        self.risk_regions = risk_regions
        self.region = region
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

    @cached_property
    def strangers(self) -> tuple[str, ...]:
        """References of resources that are of somebody else; with any, nothing may be said."""
        return strangers(self.snapshot)

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
