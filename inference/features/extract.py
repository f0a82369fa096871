"""Features of one patient: every model input by name, read once and shared by all models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from functools import cached_property
from typing import Final

from inference.contract import InputSpec, Text
from inference.features import diabetes_type
from inference.features.body_size import body_mass_index
from inference.features.consistency import without_contradictions
from inference.features.feature import Absent, Feature, converted
from inference.features.quantities import MeasurementTable, quantity
from inference.features.resolvers import FLAGS
from inference.features.risk_regions import NOT_STATED, RiskRegions
from inference.features.subjects import strangers
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.catalogue import Catalogue
from terminology.code_relations import LISTED_ONLY, CodeRelations
from terminology.local_codes import LocalCodes

# As models of kidney failure read it, but for their own domains.
_EGFR: Final = InputSpec(
    "egfr",
    "egfr",
    Text("估算肾小球滤过率", "Estimated glomerular filtration rate"),
    "mL/min/{1.73_m2}",
    1,
    250,
    max_age_days=180,
)
Relations = Callable[[], CodeRelations]

# A reported eGFR is older than a creatinine that gave none; a computed one, than one reported.
_BESIDE: Final = {
    "egfr": ("creatinine", "creatinine-is-newer"),
    "creatinine": ("egfr", "egfr-is-newer"),
}


def listed_only() -> CodeRelations:
    """Return what is known of codes where no release is loaded."""
    return LISTED_ONLY


def read_inputs(
    specs: Sequence[InputSpec], read: Callable[[InputSpec], Feature | Absent]
) -> Mapping[str, Feature | Absent]:
    """Return what there is of each input of a model; what contradicts another is not usable."""
    return without_contradictions(specs, {spec.name: read(spec) for spec in specs})


class FeatureReader:
    """Answers for any input of any model, from one snapshot.

    `derived` holds features that another model computed from the same snapshot; they go before
    measured ones that are not newer, because that model's equation is the one that the input asks
    for. `region` (ISO 3166 country) and `risk_regions` are what the deployment states of itself,
    `relations` gives what its releases of code systems say now.
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
        relations: Relations = listed_only,
    ) -> None:
        self.snapshot = replace(snapshot, relations=relations())
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
            said = converted(found.reported, found.value, spec.unit)
            domain = {"value": said, "low": f"{spec.low:g}", "high": f"{spec.high:g}",
                      "unit": spec.unit}  # fmt: skip
            return Absent(spec.feature, Reason("outside-domain", domain))
        return found

    def _find(self, spec: InputSpec) -> Feature | Absent:
        if spec.feature in FLAGS:
            return self.flag(spec.feature)
        if spec.feature == "bmi":
            return body_mass_index(spec, self._quantity, snapshot=self.snapshot, zone=self._zone)
        derived = self.derived.get(spec.feature)
        found = self._quantity(spec)
        if derived is None and isinstance(found, Feature) and spec.feature in _BESIDE:
            return self._beside(found, *_BESIDE[spec.feature])
        return found if derived is None or _is_newer(found, derived) else derived

    def _beside(self, found: Feature, other: str, doubt: str) -> Feature:
        """Return a value with a doubt where a newer result of its counterpart is on record."""
        if found.effective is None:
            return found
        newer = self.measurements.newest(other).newer_than(found.effective)
        if newer is None:
            return found
        return replace(found, cautions=(*found.cautions, Reason(doubt, {"source": newer})))

    def _quantity(self, spec: InputSpec) -> Feature | Absent:
        at = self.snapshot.taken_at
        return quantity(spec, self.measurements, catalogue=self._catalogue, at=at)

    def egfr(self) -> Feature | Absent:
        """Return the eGFR that a model of kidney failure is given."""
        return self.read(_EGFR)

    def flag(self, name: str) -> Feature | Absent:
        """Return a clinical flag or a fact of the Patient by its name in `FLAGS`."""
        if name not in self._flags:
            self._flags[name] = FLAGS[name](self)
        return self._flags[name]

    @property
    def hba1c(self) -> Feature | Absent:
        """The newest HbA1c that still speaks, in %."""
        return self._quantity(diabetes_type.HBA1C)

    @property
    def zone(self) -> tzinfo:
        """The time zone in which a date without a time is meant."""
        return self._zone


def _is_newer(found: Feature | Absent, derived: Feature) -> bool:
    if isinstance(found, Absent) or found.effective is None:
        return False
    return derived.effective is not None and found.effective > derived.effective
