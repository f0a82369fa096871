"""A card's summary: the figure and every category that remains open, in under 140 characters."""

import re
from uuid import uuid4

import pytest

from cds_hooks.cards import SUMMARY_LIMIT, Card
from cds_hooks.render.card import CardIdentity, prediction_card
from cds_hooks.wording import Wording
from inference.prediction import Prediction
from tests.support.patients import REGISTRY, predictor
from tests.support.stated import stated
from tests.support.usual_values import answer, usual

MODELS = [model.definition for model in REGISTRY]
WORDS = {language: Wording(language, MODELS) for language in ("zh-CN", "en")}


def card(found: Prediction, language: str) -> Card:
    identity = CardIdentity(uuid4(), "d", "https://example.org/card")
    return prediction_card(found, identity, WORDS[language])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("model", list(REGISTRY), ids=lambda model: model.definition.id)
def test_the_summary_of_every_model_holds_the_figure_and_its_categories_whole(model, language):
    """PCE's told no risk at all in English, and Framingham's no category."""
    found = answer(model, usual(model))
    summary = card(found, language).summary
    assert len(summary) < SUMMARY_LIMIT
    assert not summary.endswith("…")
    for placed in found.placements:
        for step in placed.steps:
            name = WORDS[language].text(step.name)
            assert re.split(r"\s*[(（]", name)[0] in summary


def test_a_two_year_risk_above_10_to_40_percent_is_not_cut_to_4():
    definition = REGISTRY.get("kfre-4").definition
    values = {"male": 1, "age": 52, "egfr": 18, "acr": 900, "north_america": 0}
    found = predictor().answer_stated(REGISTRY.get("kfre-4"), stated(definition, values))
    assert card(found, "en").summary.endswith("2-year risk above 10 to 40 %")


def test_what_has_to_be_cut_is_never_cut_inside_a_figure():
    """CHA2DS2-VASc with nothing known but age and sex: three long categories remain."""
    definition = REGISTRY.get("cha2ds2-vasc").definition
    found = predictor().answer_stated(
        REGISTRY.get("cha2ds2-vasc"), stated(definition, {"male": 0, "age": 50})
    )
    for language in ("zh-CN", "en"):
        summary = card(found, language).summary
        assert len(summary) < SUMMARY_LIMIT
        assert not re.search(r"[\d.,%<>≤≥-]…$", summary)


def test_sex_is_told_as_male_or_female_among_the_shares():
    """ "Male sex female (reference yes)" said both."""
    definition = REGISTRY.get("cha2ds2-vasc").definition
    found = predictor().answer_stated(
        REGISTRY.get("cha2ds2-vasc"), stated(definition, {"male": 0, "age": 50})
    )
    assert "- sex female (reference male): +1.0" in card(found, "en").body
    assert "- 性别 女（参照 男）：+1.0" in card(found, "zh-CN").body
