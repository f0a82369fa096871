"""Type 2 diabetes and the age at which it began, as records state them."""

from datetime import UTC, timedelta

import pytest

from inference.contract import InputSpec, Text
from inference.features.extract import FeatureReader
from inference.features.feature import Absent, Feature
from tests.support.patients import (
    CATALOGUE,
    NOW,
    REGISTRY,
    SNOMED,
    condition,
    observation,
    patient,
    predictor,
    snapshot,
    usual_results,
)

YEARS = {"system": "http://unitsofmeasure.org", "code": "a", "unit": "years"}
ONSET = InputSpec(
    "age_at_diagnosis", "type_2_diabetes_onset_age", Text("起病年龄", "onset"), "a", 18, 69
)


def reader(*conditions, **changes) -> FeatureReader:
    of = patient(birthDate="1968-03-12")
    return FeatureReader(
        snapshot(of=of, conditions=list(conditions), **changes),
        catalogue=CATALOGUE,
        zone=UTC,
        region="CN",
    )


def flag(*conditions, **changes) -> float | str:
    found = reader(*conditions, **changes).flag("type_2_diabetes")
    return found.value if isinstance(found, Feature) else found.reason.code


def onset(*conditions) -> Feature | Absent:
    return reader(*conditions).read(ONSET)


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (condition("E11.900"), 1),
        (condition("44054006", system=SNOMED), 1),
        (condition("E10.900"), 0),
        (condition("I10.x00"), 0),
        (condition("O24.400"), 0),
        (condition("E14.900"), "unconfirmed"),
        (condition("73211009", system=SNOMED, text="Diabetes mellitus"), "unconfirmed"),
        (condition("x") | {"code": {"text": "2型糖尿病"}}, "unconfirmed"),
        (condition("E11.900", verificationStatus={"coding": [{"code": "provisional"}]}),
         "unconfirmed"),
        (condition("E11.900", verificationStatus={"coding": [{"code": "refuted"}]}), 0),
    ],
    ids=["E11", "snomed", "type 1", "none", "gestational", "untyped", "snomed untyped", "text",
         "provisional", "refuted"],
)  # fmt: skip
def test_type_2_diabetes_by_one_entry(problem, expected):
    assert flag(problem) == expected


def test_both_types_on_one_record_decide_nothing():
    assert flag(condition("E11.900"), condition("E10.900")) == "unconfirmed"


def test_without_a_complete_list_its_absence_says_nothing():
    assert flag(condition("I10.x00"), conditions_complete=False) == "conditions-not-known"


def test_the_opposite_flag_tells_where_the_model_is_not_for():
    assert reader(condition("I10.x00")).flag("without_type_2_diabetes").value == 1
    assert reader(condition("E11.900")).flag("without_type_2_diabetes").value == 0
    assert isinstance(reader(condition("E14.900")).flag("without_type_2_diabetes"), Absent)


@pytest.mark.parametrize(
    ("stated", "age"),
    [
        ({"onsetAge": {"value": 47} | YEARS}, 47),
        ({"onsetDateTime": "2016-03-11"}, 47),  # the day before the 48th birthday
        ({"onsetDateTime": "2016-03-12"}, 48),
        ({"onsetDateTime": "2016-03-12T08:30:00Z"}, 48),
        ({"onsetDateTime": "2016-05"}, 48),
        ({"onsetPeriod": {"start": "2016-03-12"}}, 48),
    ],
)
def test_the_age_at_onset(stated, age):
    found = onset(condition("E11.900", **stated))
    assert found.value == age
    assert found.cautions == ()
    assert found.sources == ("Condition/c-E11.900",)


@pytest.mark.parametrize("stated", ["2016", "2016-03"])
def test_a_year_or_month_that_leaves_two_ages_open_gives_the_middle_and_says_so(stated):
    found = onset(condition("E11.900", onsetDateTime=stated))
    assert found.value == 47.5
    assert [c.code for c in found.cautions] == ["onset-inexact"]
    assert found.cautions[0].values == {"low": "47", "high": "48"}


def test_this_year_s_onset_is_not_put_after_today():
    late = patient(birthDate="1968-12-24")
    taken = snapshot(of=late, conditions=[condition("E11.900", onsetDateTime="2026")])
    found = FeatureReader(taken, catalogue=CATALOGUE, zone=UTC, region="CN").read(ONSET)
    assert found.value == 57


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ({}, "onset-not-known"),
        ({"recordedDate": "2016-03-12"}, "onset-not-known"),
        ({"onsetString": "about 2016"}, "onset-not-known"),
        ({"onsetAge": {"value": 47}}, "onset-not-known"),
        ({"onsetAge": {"value": 47, "comparator": "<"} | YEARS}, "onset-not-known"),
        ({"onsetAge": {"value": 570, "system": YEARS["system"], "code": "mo"}}, "onset-not-known"),
        ({"onsetDateTime": "2016-13"}, "onset-not-known"),
        ({"onsetDateTime": "2029-01-01"}, "value-in-future"),
        ({"onsetAge": {"value": 17} | YEARS}, "outside-domain"),
    ],
)
def test_an_onset_that_is_not_stated_is_not_made_up(stated, reason):
    found = onset(condition("E11.900", **stated))
    assert isinstance(found, Absent)
    assert found.reason.code == reason


def test_the_earliest_stated_onset_counts_and_the_silent_entry_is_named():
    found = onset(
        condition("E11.900", onsetDateTime="2018-06-01"),
        condition("E11.300", onsetDateTime="2012-06-01"),
        condition("E11.200"),
    )
    assert found.value == 44
    assert found.sources == ("Condition/c-E11.300",)
    assert [c.code for c in found.cautions] == ["onset-partly-known"]


def test_the_onset_of_another_disease_is_not_taken():
    found = onset(condition("E11.900"), condition("I10.x00", onsetDateTime="2001-01-01"))
    assert found.reason.code == "onset-not-known"


@pytest.mark.parametrize(
    ("value", "unit", "days", "told"),
    [("9.0", "%", 30, True), ("75", "mmol/mol", 30, True), ("6.4", "%", 30, False),
     ("9.0", "%", 900, False)],
)  # fmt: skip
def test_a_list_without_diabetes_beside_a_diabetic_hba1c_is_doubted(value, unit, days, told):
    """The diagnosis was never written down; "no" is not sure, and the card says why."""
    code = "4548-4" if unit == "%" else "59261-8"
    result = observation("a1c", code, value, unit, at=NOW - timedelta(days=days))
    results = [*usual_results(), result]
    found = reader(condition("I10.x00"), observations=results).flag("diabetes")
    assert found.value == 0.0
    assert ("diabetic-range" in {c.code for c in found.cautions}) is told
    # A model that excludes diabetes says it too.
    findrisc = predictor().answer(
        REGISTRY.get("findrisc"), snapshot(conditions=[condition("I10.x00")], observations=results)
    )
    assert ("diabetic-range" in {r.code for r in findrisc.confidence.reasons}) is told
    diagnosed = reader(condition("E11.900"), observations=results).flag("diabetes")
    assert (diagnosed.value, diagnosed.cautions) == (1.0, ())
