"""What point scores ask for: diagnoses, drugs and answers, with absence stated as it is known.

A diagnosis that hospitals record counts as absent on a complete problem list. What a problem list
says only by chance (drinking, family history, an earlier raised glucose) is confirmed by a code
and never denied by the lack of one.
"""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Final

from inference.features.duration import diagnosed_before
from inference.features.family import FamilyDisease, closest_degree
from inference.features.feature import Absent, Feature
from inference.features.flags import from_conditions, from_medications
from inference.features.score_items import answer
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology import code_sets, score_code_sets, score_items
from terminology.code_set import CodeSet
from terminology.codings import SNOMED, Coding
from terminology.score_items import ScoreItem

Resolver = Callable[[PatientSnapshot, tzinfo], Feature | Absent]

_SYMPTOM_AGE_DAYS: Final = 180
_HABIT_AGE_DAYS: Final = 730
_FAMILY_DIABETES: Final = FamilyDisease(
    disease=code_sets.DIABETES,
    coded=score_code_sets.FAMILY_DIABETES,
    denial=Coding(SNOMED, "160274005"),
)


def _condition(name: str, wanted: CodeSet, *, ever: bool = True) -> Resolver:
    return lambda snapshot, zone: from_conditions(
        name, wanted, snapshot=snapshot, zone=zone, ever=ever
    )


def _medication(name: str, wanted: CodeSet) -> Resolver:
    return lambda snapshot, zone: from_medications(name, wanted, snapshot=snapshot, zone=zone)


def _answered(name: str, item: ScoreItem, *, days: int | None, unit: str = "1") -> Resolver:
    return lambda snapshot, zone: answer(
        name, item, snapshot=snapshot, zone=zone, max_age_days=days, unit=unit
    )


def _not(name: str, resolve: Resolver) -> Resolver:
    """Return whether the state is known to be absent, as an exclusion asks for it."""

    def absence(snapshot: PatientSnapshot, zone: tzinfo) -> Feature | Absent:
        found = resolve(snapshot, zone)
        if isinstance(found, Absent):
            return Absent(name, found.reason)
        said = "no" if found.value else "yes"
        return Feature(name, 1.0 - found.value, "1", said, found.sources, cautions=found.cautions)

    return absence


def _confirmed_or_answered(
    name: str, wanted: CodeSet, item: ScoreItem, *, ever: bool, days: int | None
) -> Resolver:
    """Return yes by a coded diagnosis, else what was answered; a problem list denies nothing."""

    def resolve(snapshot: PatientSnapshot, zone: tzinfo) -> Feature | Absent:
        coded = from_conditions(name, wanted, snapshot=snapshot, zone=zone, ever=ever)
        if isinstance(coded, Feature) and coded.value:
            return coded
        said = answer(name, item, snapshot=snapshot, zone=zone, max_age_days=days)
        if isinstance(said, Absent) and isinstance(coded, Absent):
            return coded if coded.reason.code == "unconfirmed" else said
        return said

    return resolve


def _hypertension(snapshot: PatientSnapshot, zone: tzinfo) -> Feature | Absent:
    """Return hypertension by its diagnosis; drugs that lower pressure alone leave it open.

    Lip 2010 counts "current antihypertensive treatment", but in atrial fibrillation a beta-blocker
    is given for the heart rate.
    """
    name = "hypertension"
    found = from_conditions(
        name, score_code_sets.HYPERTENSION, snapshot=snapshot, zone=zone, ever=True
    )
    if isinstance(found, Absent) or found.value:
        return found
    drugs = from_medications(name, code_sets.ANTIHYPERTENSIVE, snapshot=snapshot, zone=zone)
    if isinstance(drugs, Absent):
        return drugs
    if drugs.value:
        return Absent(name, Reason("unconfirmed", {"sources": ", ".join(drugs.sources[:3])}))
    return found


def _renal_replacement(snapshot: PatientSnapshot, zone: tzinfo) -> Feature | Absent:
    """Return whether the patient is on dialysis or has a kidney transplant."""
    name = "renal_replacement"
    states = [
        from_conditions(name, code_sets.DIALYSIS, snapshot=snapshot, zone=zone, ever=False),
        from_conditions(name, code_sets.KIDNEY_TRANSPLANT, snapshot=snapshot, zone=zone, ever=True),
    ]
    for state in states:
        if isinstance(state, Feature) and state.value:
            return state
    return next((state for state in states if isinstance(state, Absent)), states[0])


def _labile_inr(snapshot: PatientSnapshot, zone: tzinfo) -> Feature | Absent:
    """Return whether the INR is labile: the answer on record, or no without such a drug."""
    name = "labile_inr"
    said = answer(
        name,
        score_items.LABILE_INR,
        snapshot=snapshot,
        zone=zone,
        max_age_days=_SYMPTOM_AGE_DAYS,
    )
    if isinstance(said, Feature):
        return said
    drug = from_medications(
        name, score_code_sets.VITAMIN_K_ANTAGONIST, snapshot=snapshot, zone=zone
    )
    # Without a vitamin K antagonist there is no INR to be labile (ESC 2020, table 10).
    return drug if isinstance(drug, Feature) and not drug.value else said


def _family_diabetes(snapshot: PatientSnapshot, zone: tzinfo) -> Feature | Absent:
    """Return the closest relative with diabetes: as answered, or by the relatives on record.

    A code of the patient's own that names a family history tells no degree and leaves it open.
    """
    name = "family_diabetes"
    item = score_items.FAMILY_DIABETES_DEGREE
    said = answer(name, item, snapshot=snapshot, zone=zone, max_age_days=None, unit="{degree}")
    relatives = closest_degree(name, _FAMILY_DIABETES, snapshot=snapshot)
    if isinstance(said, Feature):
        if isinstance(relatives, Feature) and relatives.value > said.value:
            values = {"first": relatives.sources[0], "second": said.sources[0]}
            return Absent(name, Reason("records-conflict", values))
        return said
    coded = from_conditions(name, _FAMILY_DIABETES.coded, snapshot=snapshot, zone=zone, ever=True)
    named = coded.sources if isinstance(coded, Feature) else ()
    if isinstance(relatives, Feature):
        if named and not relatives.value:
            values = {"first": named[0], "second": relatives.sources[0]}
            return Absent(name, Reason("records-conflict", values))
        return relatives
    if named:
        return Absent(name, Reason("degree-not-known", {"source": named[0]}))
    return relatives if snapshot.family.entries else said


_atrial_fibrillation = _condition("atrial_fibrillation", score_code_sets.ATRIAL_FIBRILLATION)
_copd = _condition("copd", score_code_sets.COPD)
_heart_failure = _condition("heart_failure", code_sets.HEART_FAILURE)

SCORE_FLAGS: Final[Mapping[str, Resolver]] = {
    "atrial_fibrillation": _atrial_fibrillation,
    "no_atrial_fibrillation": _not("no_atrial_fibrillation", _atrial_fibrillation),
    "valvular_af": _condition("valvular_af", score_code_sets.VALVULAR_AF),
    "no_heart_failure": _not("no_heart_failure", _heart_failure),
    "no_copd": _not("no_copd", _copd),
    "copd": _copd,
    "hypertension": _hypertension,
    "thromboembolism": _condition("thromboembolism", score_code_sets.THROMBOEMBOLISM),
    "any_stroke": _condition("any_stroke", score_code_sets.ANY_STROKE),
    "vascular_disease": _condition("vascular_disease", score_code_sets.VASCULAR_DISEASE),
    "chronic_liver_disease": _condition(
        "chronic_liver_disease", score_code_sets.CHRONIC_LIVER_DISEASE
    ),
    "renal_replacement": _renal_replacement,
    "bleeding_history": _condition("bleeding_history", score_code_sets.BLEEDING),
    "labile_inr": _labile_inr,
    "bleeding_drugs": _medication("bleeding_drugs", score_code_sets.BLEEDING_DRUGS),
    "beta_blocker": _medication("beta_blocker", score_code_sets.BETA_BLOCKER),
    "renin_angiotensin": _medication("renin_angiotensin", score_code_sets.RENIN_ANGIOTENSIN),
    "alcohol_excess": _confirmed_or_answered(
        "alcohol_excess",
        score_code_sets.ALCOHOL,
        score_items.ALCOHOL_EXCESS,
        ever=False,
        days=_HABIT_AGE_DAYS,
    ),
    "high_glucose_history": _confirmed_or_answered(
        "high_glucose_history",
        score_code_sets.RAISED_GLUCOSE,
        score_items.HIGH_GLUCOSE_HISTORY,
        ever=True,
        days=_HABIT_AGE_DAYS,
    ),
    "family_diabetes": _family_diabetes,
    "physically_active": _answered(
        "physically_active", score_items.PHYSICALLY_ACTIVE, days=_HABIT_AGE_DAYS
    ),
    "daily_vegetables": _answered(
        "daily_vegetables", score_items.DAILY_VEGETABLES, days=_HABIT_AGE_DAYS
    ),
    "nyha_class": _answered(
        "nyha_class", score_items.NYHA_CLASS, days=_SYMPTOM_AGE_DAYS, unit="{class}"
    ),
    "mmrc_dyspnoea": _answered(
        "mmrc_dyspnoea", score_items.MMRC_DYSPNOEA, days=_SYMPTOM_AGE_DAYS, unit="{grade}"
    ),
    "heart_failure_18_months": lambda snapshot, zone: diagnosed_before(
        "heart_failure_18_months",
        _heart_failure(snapshot, zone),
        months=18,
        snapshot=snapshot,
        zone=zone,
    ),
}
