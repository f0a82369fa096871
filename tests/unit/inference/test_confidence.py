"""The level and its reason never contradict each other (docs/explanation/confidence.md)."""

import pytest

from inference.confidence import judge
from inference.prediction import Confidence
from tests.support.patients import REGISTRY


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
