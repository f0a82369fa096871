"""How each clinical flag and each fact of the Patient is found, by its name."""

from collections.abc import Callable, Mapping
from datetime import timedelta, tzinfo
from typing import Final, Protocol

from inference.features import demographics, diabetes_type
from inference.features.family import FamilyDisease, in_parents_or_siblings
from inference.features.feature import Absent, Feature
from inference.features.flags import from_conditions, from_medications
from inference.features.onset import onset_age
from inference.features.race import black
from inference.features.region import north_america
from inference.features.risk_regions import RiskRegion, RiskRegions, risk_region
from inference.features.scores import SCORE_FLAGS
from inference.features.scores import Resolver as SnapshotResolver
from inference.features.smoking import current_smoker
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology import code_sets
from terminology.codings import SNOMED, Coding


class Reader(Protocol):
    """What a flag is found in; `derived` are features that models provided."""

    snapshot: PatientSnapshot
    region: str
    risk_regions: RiskRegions
    derived: dict[str, Feature]

    @property
    def zone(self) -> tzinfo:
        """The time zone in which a date without a time is meant."""

    @property
    def hba1c(self) -> Feature | Absent:
        """The newest HbA1c that still speaks, in %."""

    def flag(self, name: str) -> Feature | Absent:
        """Return another flag."""

    def egfr(self) -> Feature | Absent:
        """Return the eGFR that a model of kidney failure is given."""


Resolver = Callable[[Reader], Feature | Absent]

_REDUCED_GFR: Final = 60.0  # KDIGO 2024: CKD stages G3a to G5
# 42 weeks and the six after them: an entry that is older was not closed.
_PREGNANCY: Final = timedelta(weeks=48)
_FAMILY_CVD: Final = FamilyDisease(
    disease=code_sets.PRIOR_CVD, coded=code_sets.FAMILY_CVD, denial=Coding(SNOMED, "160270001")
)


def _family_cvd(reader: Reader) -> Feature | Absent:
    """Return 1 by a family history, coded or of a relative; 0 only where one is denied."""
    name, snapshot = "family_cvd", reader.snapshot
    coded = from_conditions(name, _FAMILY_CVD.coded, snapshot=snapshot, zone=reader.zone, ever=True)
    return in_parents_or_siblings(name, _FAMILY_CVD, coded=coded, snapshot=snapshot)


def _condition(
    name: str, wanted: code_sets.CodeSet, *, ever: bool, lasts: timedelta | None = None
) -> Resolver:
    return lambda reader: from_conditions(
        name, wanted, snapshot=reader.snapshot, zone=reader.zone, ever=ever, lasts=lasts
    )


def _medication(name: str, wanted: code_sets.CodeSet) -> Resolver:
    return lambda reader: from_medications(name, wanted, snapshot=reader.snapshot, zone=reader.zone)


def _type_2_onset(reader: Reader) -> Feature | Absent:
    disease = reader.flag("type_2_diabetes")
    name = "type_2_diabetes_onset_age"
    return onset_age(name, disease, snapshot=reader.snapshot, zone=reader.zone)


def _reduced_gfr(reader: Reader) -> Feature | Absent:
    """Return whether the eGFR is below 60, where a model of kidney function gave one.

    A laboratory's newer one goes before it, as where a model of kidney failure reads it.
    """
    name = "reduced_gfr"
    egfr = reader.egfr()
    if "egfr" not in reader.derived or isinstance(egfr, Absent):
        return Absent(name, Reason("no-egfr"))
    said = "yes" if egfr.value < _REDUCED_GFR else "no"
    return Feature(name, float(egfr.value < _REDUCED_GFR), "1", said, egfr.sources)


def _stated(name: str, region: RiskRegion | None) -> Feature:
    return Feature(name, float(region is not None), "1", "no" if region is None else "yes", ())


def _from_snapshot(resolve: SnapshotResolver) -> Resolver:
    return lambda reader: resolve(reader.snapshot, reader.zone)


FLAGS: Mapping[str, Resolver] = {
    **{name: _from_snapshot(resolve) for name, resolve in SCORE_FLAGS.items()},
    "male": lambda reader: demographics.male(reader.snapshot),
    "age": lambda reader: demographics.age(reader.snapshot, zone=reader.zone),
    "lives_north_of_yangtze": lambda r: demographics.lives_north_of_yangtze(r.snapshot),
    "lives_in_city": lambda reader: demographics.lives_in_city(reader.snapshot),
    "social_deprivation_decile": lambda r: demographics.social_deprivation_decile(r.snapshot),
    "north_america": lambda reader: north_america(reader.region),
    "black": lambda reader: black(reader.snapshot),
    "current_smoker": lambda r: current_smoker(r.snapshot, r.zone),
    "family_cvd": _family_cvd,
    "diabetes": lambda r: diabetes_type.diabetes(r.snapshot, r.zone, hba1c=r.hba1c),
    "type_2_diabetes": lambda r: diabetes_type.type_2_diabetes(r.snapshot, r.zone),
    "without_type_2_diabetes": lambda r: diabetes_type.without_type_2_diabetes(
        r.flag("type_2_diabetes")
    ),
    "type_2_diabetes_onset_age": _type_2_onset,
    "prior_cvd": _condition("prior_cvd", code_sets.PRIOR_CVD, ever=True),
    "heart_failure": _condition("heart_failure", code_sets.HEART_FAILURE, ever=True),
    "dialysis": _condition("dialysis", code_sets.DIALYSIS, ever=False),
    "kidney_transplant": _condition("kidney_transplant", code_sets.KIDNEY_TRANSPLANT, ever=True),
    "pregnancy": _condition("pregnancy", code_sets.PREGNANCY, ever=False, lasts=_PREGNANCY),
    "antihypertensive": _medication("antihypertensive", code_sets.ANTIHYPERTENSIVE),
    "statin": _medication("statin", code_sets.STATIN),
    "reduced_gfr": _reduced_gfr,
    "score2_region_stated": lambda r: _stated("score2_region_stated", r.risk_regions.score2),
    "score2_asia_pacific_region_stated": lambda r: _stated(
        "score2_asia_pacific_region_stated", r.risk_regions.score2_asia_pacific
    ),
    "score2_region": lambda r: risk_region("score2_region", r.risk_regions.score2),
    "score2_asia_pacific_region": lambda r: risk_region(
        "score2_asia_pacific_region", r.risk_regions.score2_asia_pacific
    ),
}
