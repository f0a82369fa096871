"""The level and its reason never contradict each other (docs/explanation/confidence.md)."""

from statistics import NormalDist

import pytest

from inference.confidence import judge
from inference.prediction import Confidence, Prediction
from tests.support.patients import REGISTRY, predictor
from tests.support.stated import stated


def judged(probability: float) -> Confidence:
    return judge(
        REGISTRY.get("china-par").definition,
        region="CN",
        validated_here=True,
        probability=probability,
        features=(),
        absent=(),
        unknown_states=(),
        imputed={},
    )


@pytest.mark.parametrize(
    ("stay", "level", "percent"),
    [(256, "high", "100"), (255, "high", "99"), (231, "high", "90"), (230, "medium", "89"),
     (180, "medium", "70"), (179, "low", "69")],
)  # fmt: skip
def test_a_share_of_readings_is_not_rounded_up_to_a_bound_that_it_does_not_reach(
    stay, level, percent
):
    """230 of 256 readings are 89.8 %: medium, and "in 90 %" would be the sentence of high."""
    found = judged(stay / 256)
    assert found.level == level
    assert found.reasons[0].values["percent"] == percent


def probability(model_id: str, **values: float) -> float:
    model = REGISTRY.get(model_id)
    found = predictor().answer_stated(model, stated(model.definition, values))
    assert isinstance(found, Prediction)
    return found.confidence.probability


def test_an_albuminuria_at_its_bound_is_not_stable_because_the_gfr_stage_is():
    """31 mg/g with a spread of 30 % stays above 30 in 54 of 100 readings; the eGFR stays a G2."""
    above = NormalDist().cdf(0.0328 / 0.30)  # ln(31 / 30)
    person = {"male": 1, "age": 58, "creatinine": 1.13}
    assert probability("ckd-epi-2021", **person) > 0.99
    assert probability("ckd-epi-2021", **person, acr=100) > 0.99
    assert probability("ckd-epi-2021", **person, acr=31) == pytest.approx(above, abs=0.02)


def test_kfre_is_as_stable_as_the_less_stable_of_its_two_categories():
    """A woman of 52: 5 years far above 5 %, 2 years at 10 %."""
    found = probability("kfre-4", male=0, age=52, egfr=24.2, acr=300, north_america=0)
    assert 0.3 < found < 0.7
