"""Diseases of relatives: a parent's or a sibling's counts, nothing on record proves absence."""

from datetime import UTC

import pytest

from inference.features.extract import FeatureReader
from inference.features.feature import Absent, Feature
from inference.prediction import Prediction
from tests.support.patients import (
    CATALOGUE,
    NOW,
    REGISTRY,
    SNOMED,
    condition,
    observation,
    predictor,
    relative,
    snapshot,
)

DIABETIC = [condition("E11.900"), condition("I10.x00")]
NO_FAMILY_CVD = condition("160270001", system=SNOMED)
NO_FAMILY_DIABETES = condition("160274005", system=SNOMED)
CHINA_PAR = REGISTRY.get("china-par")


def flag(name: str, *, conditions=(), **record) -> Feature | Absent:
    found = snapshot(conditions=list(conditions), **record)
    return FeatureReader(found, catalogue=CATALOGUE, zone=UTC, region="CN").flag(name)


def family_cvd(*family, conditions=()) -> Feature | Absent:
    return flag("family_cvd", conditions=conditions, family=list(family))


@pytest.mark.parametrize("role", ["FTH", "MTH", "BRO", "NSIS", "TWINBRO"])
def test_a_parent_s_or_sibling_s_infarction_is_a_family_history(role):
    found = family_cvd(relative(role))
    assert (found.value, found.sources) == (1.0, (f"FamilyMemberHistory/f-{role}",))


def test_the_relationship_and_the_age_at_onset_are_said():
    onset = {"value": 51, "unit": "岁", "system": "http://unitsofmeasure.org", "code": "a"}
    ill = relative("FTH")
    ill["condition"][0]["onsetAge"] = onset
    assert family_cvd(ill).reported == "FTH 51 a"
    ill["condition"][0]["onsetAge"] = onset | {"code": "mo"}  # months: another unit is not guessed
    assert family_cvd(ill).reported == "FTH"


@pytest.mark.parametrize(
    "family",
    [
        [],
        [relative("FTH", "I10.x00")],
        [relative("PGRFTH")],
        [relative("SONC")],
        [relative("FTHINLAW")],
        [relative("GRNDSON")],
        [relative("FTH", status="entered-in-error")],
        [relative("FTH", status="health-unknown")],
        [relative("FTH", condition=[])],
    ],
    ids=["nobody", "pressure", "grandfather", "son", "in-law", "grandson", "error", "unknown",
         "healthy"],
)  # fmt: skip
def test_what_is_no_parent_s_or_sibling_s_disease_leaves_the_history_unknown(family):
    assert family_cvd(*family).reason.code == "family-history-not-known"


@pytest.mark.parametrize(
    "doubtful",
    [
        relative("FTH", condition=[{"code": {"text": "心肌梗死"}}]),
        relative("HSIB"),
        relative("FTH", relationship={"text": "父亲"}),
        relative("FTH", modifierExtension=[{"url": "urn:x", "valueBoolean": True}]),
    ],
    ids=["disease by text", "half sibling", "relationship by text", "modifier"],
)
def test_what_no_code_tells_is_unconfirmed(doubtful):
    found = family_cvd(doubtful)
    assert found.reason.code == "unconfirmed"
    assert found.reason.values == {"sources": f"FamilyMemberHistory/{doubtful['id']}"}


def test_a_father_s_disease_that_is_called_uncertain_is_unconfirmed():
    doubted = relative("FTH")
    doubted["condition"][0]["code"]["text"] = "心肌梗死？"
    assert family_cvd(doubted).reason.code == "unconfirmed"


def test_the_words_of_a_denial_do_not_take_it_back():
    denied = condition("160270001", system=SNOMED, text="否认心血管病家族史")
    assert family_cvd(conditions=[denied]).value == 0.0


def test_a_sure_relative_is_enough_beside_a_doubtful_one():
    found = family_cvd(relative("MTH"), relative("HSIB"))
    assert found.sources == ("FamilyMemberHistory/f-MTH",)


def test_a_denial_counts_as_no_and_contradicts_an_ill_father():
    denied = family_cvd(conditions=[NO_FAMILY_CVD])
    assert (denied.value, denied.sources) == (0.0, ("Condition/c-160270001",))
    both = family_cvd(relative("FTH"), conditions=[NO_FAMILY_CVD])
    assert both.reason.code == "records-conflict"
    coded = family_cvd(conditions=[NO_FAMILY_CVD, condition("Z82.400")])
    assert coded.reason.code == "records-conflict"


def test_china_par_takes_the_father_s_infarction_and_names_it_as_its_source():
    with_father = predictor().answer(
        CHINA_PAR, snapshot(conditions=DIABETIC, family=[relative("FTH")])
    )
    by_code = predictor().answer(CHINA_PAR, snapshot(conditions=[*DIABETIC, condition("Z82.400")]))
    assert isinstance(with_father, Prediction)
    assert with_father.primary.value == by_code.primary.value
    source = with_father.features["family_history"].sources
    assert source == ("FamilyMemberHistory/f-FTH",)


@pytest.mark.parametrize(
    ("family", "degree"),
    [
        ([relative("MTH", "E11.900")], 2.0),
        ([relative("DAUC", "E10.900")], 2.0),
        ([relative("PGRMTH", "E11.900")], 1.0),
        ([relative("PGRMTH", "E11.900"), relative("BRO", "E11.900")], 2.0),
    ],
)
def test_findrisc_asks_how_close_the_closest_relative_with_diabetes_is(family, degree):
    assert flag("family_diabetes", family=family).value == degree


def test_a_doubtful_mother_leaves_open_what_an_ill_aunt_decides():
    open_ = [relative("AUNT", "E11.900"), relative("MTH", condition=[{"code": {"text": "糖尿病"}}])]
    assert flag("family_diabetes", family=open_).reason.code == "unconfirmed"
    # A first-degree relative is the closest that there is: nobody doubtful is closer.
    assert flag("family_diabetes", family=[relative("FTH", "E11.9"), *open_]).value == 2.0


def test_an_answer_that_the_record_belies_is_not_used():
    no_relative = observation("q", "0", "0", "1")
    del no_relative["valueQuantity"]
    no_relative["code"] = {
        "coding": [
            {
                "system": "https://attending.org/fhir/CodeSystem/score-items",
                "code": "family-diabetes",
            }
        ]
    }
    no_relative["valueCodeableConcept"] = {
        "coding": [
            {"system": "https://attending.org/fhir/CodeSystem/score-answers", "code": "no-relative"}
        ]
    }
    said = flag("family_diabetes", observations=[no_relative])
    assert (said.value, said.effective.date()) == (0.0, NOW.date().replace(day=NOW.day - 1))
    ill = flag("family_diabetes", observations=[no_relative], family=[relative("FTH", "E11.9")])
    assert ill.reason.code == "records-conflict"
    coded = flag("family_diabetes", conditions=[NO_FAMILY_DIABETES, condition("Z83.300")])
    assert coded.reason.code == "records-conflict"
