"""The body mass index that a model is given: reported, or from what was measured later."""

from datetime import timedelta

import pytest

from inference.prediction import Prediction
from tests.support.patients import (
    NOW,
    REGISTRY,
    observation,
    patient,
    predictor,
    snapshot,
    usual_results,
    without,
)

PREVENT = REGISTRY.get("prevent-base-10y")
HEIGHT = observation("h", "8302-2", "172", "cm", at=NOW - timedelta(days=400))
WEIGHT = observation("w", "29463-7", "92", "kg", at=NOW - timedelta(hours=1))


def index(*results, of=None):
    """The index of a person with these sizes, None where there is none."""
    others = without(usual_results(), "bmi")
    answer = predictor().answer(PREVENT, snapshot(of=of, observations=[*others, *results]))
    assert isinstance(answer, Prediction)
    return answer.features.get("bmi")


def reported(value: str = "27.4", days: int = 10):
    return observation("bmi", "39156-5", value, "kg/m2", at=NOW - timedelta(days=days))


def test_a_newer_weight_goes_before_an_older_index():
    found = index(reported(), HEIGHT, WEIGHT)
    assert found.value == pytest.approx(92 / 1.72**2)
    assert found.sources == ("Observation/w", "Observation/h")
    assert found.conversion == "92 kg / (172 cm)^2"
    older = observation("w", "29463-7", "92", "kg", at=NOW - timedelta(days=20))
    assert index(reported(), HEIGHT, older).value == 27.4


@pytest.mark.parametrize(
    ("weight", "height"),
    [
        (observation("w", "29463-7", "9.2", "kg"), HEIGHT),
        (WEIGHT, observation("h", "8302-2", "1.72", "cm")),
        (WEIGHT, observation("h", "8302-2", "172", "m")),
        (WEIGHT, observation("h", "8302-2", "67", "cm")),
    ],
    ids=["weight of a baby", "metres called centimetres", "centimetres called metres",
         "inches called centimetres"],
)  # fmt: skip
def test_impossible_sizes_give_no_index_and_do_not_replace_one(weight, height):
    assert index(weight, height) is None
    assert index(reported(), weight, height).value == 27.4


def test_the_height_of_a_child_is_not_a_grown_person_s():
    young = patient(birthDate="1994-03-12")
    at_school = observation("h", "8302-2", "150", "cm", at=NOW.replace(year=2008))
    grown = observation("h", "8302-2", "172", "cm", at=NOW.replace(year=2016))
    assert index(at_school, WEIGHT, of=young) is None
    assert index(grown, WEIGHT, of=young).value == pytest.approx(92 / 1.72**2)


def test_an_index_just_below_25_is_not_written_as_25():
    """FINDRISC gives no point below 25: "25.0 kg/m2" beside none would contradict it."""
    found = index(HEIGHT, observation("w", "29463-7", "73.85", "kg", at=NOW))
    assert found.value < 25
    assert found.reported == "24.96 kg/m2"


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ([WEIGHT, HEIGHT, HEIGHT | {"id": "h2", "valueQuantity": {"value": 150, "unit": "cm"}}],
         "values-conflict"),
        ([WEIGHT, observation("h", "8302-2", "172", "m")], "value-unusable"),
        ([WEIGHT | {"status": "entered-in-error"}, HEIGHT], "value-unusable"),
        ([observation("w", "29463-7", "92", "kg", at=NOW - timedelta(days=500)), HEIGHT],
         "value-too-old"),
        ([WEIGHT], "no-value"),
    ],
    ids=["two heights", "a height in metres of centimetres", "a withdrawn weight", "an old weight",
         "no height"],
)  # fmt: skip
def test_why_there_is_no_index_is_said_of_the_size_that_is_wrong(results, why):
    """Only a gap may be imputed; a weight or a height that contradicts is none."""
    others = without(usual_results(), "bmi")
    answer = predictor().answer(PREVENT, snapshot(observations=[*others, *results]))
    (missing,) = [absent for spec, absent in answer.absent if spec.name == "bmi"]
    assert missing.reason.code == why
