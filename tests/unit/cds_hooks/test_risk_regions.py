"""A stated risk region is said on the card in words, and one that is not stated is asked for."""

from dataclasses import replace

import pytest

from cds_hooks.render import detail
from cds_hooks.wording import Wording
from inference.features.risk_regions import NOT_STATED, RISK_REGIONS, RiskRegions
from inference.prediction import Prediction, Withheld
from tests.support.patients import REGISTRY, predictor, snapshot

MODEL = REGISTRY.get("score2-asia-pacific")
WORDS = {
    "zh-CN": ("低危地区", "中危地区", "高危地区", "极高危地区"),
    "en": ("low-risk region", "moderate-risk region", "high-risk region", "very-high-risk region"),
}


def answer(regions: RiskRegions):
    asked = replace(predictor(), risk_regions=regions)
    return asked.answer(MODEL, snapshot(conditions=[]))


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("region", RISK_REGIONS)
def test_the_card_names_the_region(language, region):
    found = answer(RiskRegions(score2_asia_pacific=region))
    assert isinstance(found, Prediction)
    text = detail.body(found, Wording(language, [MODEL.definition]))
    label = {"zh-CN": "SCORE2 亚太版风险地区", "en": "SCORE2 Asia-Pacific risk region"}[language]
    assert f"| {label} | {WORDS[language][RISK_REGIONS.index(region)]} |" in text


@pytest.mark.parametrize("language", WORDS)
def test_the_setting_that_is_missing_is_named(language):
    found = answer(NOT_STATED)
    assert isinstance(found, Withheld)
    said = "\n".join(detail.missing(found.absent, Wording(language, [MODEL.definition])))
    assert r"ATTENDING\_SCORE2\_ASIA\_PACIFIC\_REGION" in said
