"""Which model speaks for a patient in a deployment, and that two never contradict unseen."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.features.resolvers import FLAGS
from inference.features.risk_regions import RiskRegions
from inference.prediction import Prediction, Withheld
from inference.selection import speakers
from tests.support.patients import (
    NOW,
    REGISTRY,
    condition,
    observation,
    patient,
    predictor,
    snapshot,
    usual_conditions,
    usual_results,
    without,
)

MODELS = {model.definition.id: model for model in REGISTRY}
EUROPE = RiskRegions(score2="moderate")
ASIA = RiskRegions(score2_asia_pacific="moderate")
CARDIOVASCULAR = "cardiovascular-risk-10y"
BORN = {58: "1968-03-12", 75: "1951-03-12", 34: "1992-03-12"}


def ask(region="CN", risk_regions=None, age=58, **changes):
    speaking = predictor(region=region)
    if risk_regions is not None:
        speaking = replace(speaking, risk_regions=risk_regions)
    return speaking.answer_all(snapshot(of=patient(birthDate=BORN[age]), **changes))


def on(question, found):
    return next((a for a in found.given if a.model.question.id == question), None)


def without_diabetes():
    return [c for c in usual_conditions() if "E11" not in str(c)]


@pytest.mark.parametrize(
    ("region", "risk_regions", "age", "conditions", "speaker"),
    [
        ("CN", None, 58, usual_conditions(), "china-par"),
        ("CN", ASIA, 58, usual_conditions(), "china-par"),
        ("CN", EUROPE, 58, without_diabetes(), "china-par"),
        ("US", None, 58, usual_conditions(), "prevent-base-10y"),
        ("US", EUROPE, 75, usual_conditions(), "prevent-base-10y"),
        ("CA", None, 58, usual_conditions(), "framingham-cvd-2008"),
        ("DE", EUROPE, 58, without_diabetes(), "score2"),
        ("DE", EUROPE, 75, without_diabetes(), "score2-op"),
        ("DE", EUROPE, 58, usual_conditions(), "score2-diabetes"),
        ("JP", ASIA, 58, without_diabetes(), "score2-asia-pacific"),
    ],
)
def test_one_model_answers_for_cardiovascular_risk(region, risk_regions, age, conditions, speaker):
    found = ask(region, risk_regions, age=age, conditions=conditions)
    answer = on(CARDIOVASCULAR, found)
    assert answer.model.id == speaker
    assert answer.choice.why == MODELS[speaker].definition.speaks.why
    assert answer.choice.why.zh
    assert answer.choice.why.en
    assert answer.choice.beside == ()


def test_who_was_passed_over_is_said_with_the_reason():
    answer = on(CARDIOVASCULAR, ask("DE", EUROPE, age=75, conditions=without_diabetes()))
    (passed,) = answer.choice.passed_over
    assert passed.model.id == "score2"
    assert passed.absent[0][1].reason.code == "outside-domain"


def test_where_none_applies_every_one_that_was_asked_is_said_with_its_reason():
    answer = on(CARDIOVASCULAR, ask("DE", EUROPE, age=34))
    assert (answer.model.id, answer.kind) == ("score2", "not-applicable")
    passed = {each.model.id: each for each in answer.choice.passed_over}
    assert set(passed) == {"score2-op", "score2-diabetes", "score2-asia-pacific"}
    assert passed["score2-diabetes"].absent[0][1].reason.code == "outside-domain"
    assert passed["score2-asia-pacific"].reasons[0].code == "not-raised"


def test_where_no_model_was_made_for_the_country_none_answers_and_that_is_said():
    found = ask("BR")
    assert on(CARDIOVASCULAR, found) is None
    unanswered = {each.question.id: each.reason.code for each in found.unanswered}
    assert unanswered[CARDIOVASCULAR] == "not-raised"
    assert on("kidney-function", found).model.id == "ckd-epi-2021"


def test_where_only_models_of_other_countries_are_active_that_is_said():
    national = [m for m in REGISTRY if m.definition.id in ("china-par", "prevent-base-10y")]
    speaking = replace(predictor(region="BR"), registry=type(REGISTRY)(national))
    (unanswered,) = speaking.answer_all(snapshot()).unanswered
    assert unanswered.reason.code == "no-model-for-region"
    assert unanswered.reason.values == {"region": "BR"}


def test_a_model_that_lacks_a_value_is_not_replaced_by_another():
    answer = on(CARDIOVASCULAR, ask(observations=without(usual_results(), "waist")))
    assert (answer.model.id, answer.kind) == ("china-par", "missing")


def test_a_model_that_fails_is_not_replaced_by_another(monkeypatch):
    class Broken:
        def run(self, rows):
            from inference.engine import GraphFailed

            raise GraphFailed("no memory")

    broken = type(REGISTRY).discover()
    monkeypatch.setattr(broken.get("score2"), "_engine", Broken())
    speaking = replace(predictor(region="DE"), registry=broken, risk_regions=EUROPE)
    found = speaking.answer_all(snapshot(conditions=without_diabetes()))
    assert on(CARDIOVASCULAR, found).kind == "failed"


def test_kidney_failure_is_asked_about_below_an_egfr_of_60_only():
    usual = ask()
    assert on("kidney-failure", usual) is None
    (unanswered,) = [u for u in usual.unanswered if u.question.id == "kidney-failure"]
    assert unanswered.reason.code == "not-raised"
    reduced = [*without(usual_results(), "crea"), observation("c", "14682-9", "180", "umol/L")]
    answer = on("kidney-failure", ask(observations=reduced))
    assert answer.model.id == "kfre-4"
    assert isinstance(answer, Prediction)


def test_without_creatinine_it_is_said_that_the_question_could_not_be_raised():
    found = ask(observations=without(usual_results(), "crea"))
    (unanswered,) = [u for u in found.unanswered if u.question.id == "kidney-failure"]
    assert unanswered.reason.code == "raise-not-known"


@pytest.mark.parametrize(
    ("code", "flag"), [("Z99.2", "dialysis"), ("O10.000", "pregnancy"), ("I21.900", "prior_cvd")]
)
@pytest.mark.parametrize("region", ["CN", "US", "CA", "DE", "JP"])
def test_a_state_that_no_equation_was_made_for_leaves_no_estimate_of_any(code, flag, region):
    regions = RiskRegions("moderate", "moderate")
    found = ask(region, regions, conditions=[*usual_conditions(), condition(code)])
    answer = on(CARDIOVASCULAR, found)
    assert isinstance(answer, Withheld)
    assert answer.kind == "not-applicable"
    assert flag in answer.excluded_by
    for passed in answer.choice.passed_over:
        assert passed.kind == "not-applicable"


@settings(max_examples=200, deadline=None)
@given(
    region=st.sampled_from(["CN", "US", "CA", "DE", "JP", "BR", "GB"]),
    score2=st.sampled_from([None, "low", "very-high"]),
    asia=st.sampled_from([None, "high"]),
    age=st.sampled_from(list(BORN)),
    gone=st.sets(st.sampled_from(["crea", "waist", "sbp", "tc"])),
    with_diabetes=st.booleans(),
    listed=st.booleans(),
)
def test_two_models_never_answer_one_question_unasked(
    region, score2, asia, age, gone, with_diabetes, listed
):
    found = ask(
        region,
        RiskRegions(score2, asia),
        age=age,
        observations=without(usual_results(), *gone),
        conditions=usual_conditions() if with_diabetes else without_diabetes(),
        conditions_complete=listed,
    )
    asked = [a.model.question for a in found.given] + [u.question for u in found.unanswered]
    assert len(asked) == len(set(asked))
    # None of the questions that some model answers unasked is left out.
    assert set(asked) == set(speakers(REGISTRY.active, region))


def test_models_named_together_say_that_they_answer_one_question():
    names = ("china-par", "pce-2013", "prevent-base-10y", "ckd-epi-2021")
    found = predictor().answer_named([MODELS[name] for name in names], snapshot())
    china_par, pce, prevent, egfr = found
    assert isinstance(pce, Withheld)  # race is not stated
    assert [b.model.id for b in china_par.choice.beside] == ["prevent-base-10y"]
    assert [b.model.id for b in prevent.choice.beside] == ["china-par"]
    assert prevent.choice.beside[0].estimate == china_par.primary
    assert egfr.choice.beside == ()


def test_a_model_that_is_named_says_who_would_speak_here():
    answer = predictor().answer(MODELS["prevent-base-10y"], snapshot())
    assert answer.choice.why is None
    assert [m.id for m in answer.choice.speaking] == ["china-par"]
    assert predictor().answer(MODELS["china-par"], snapshot()).choice.speaking == ()


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_each_model_speaks_unasked_or_says_why_not(model):
    definition = model.definition
    assert (definition.speaks is None) != (definition.on_request is None)
    said = definition.on_request or definition.speaks.why
    assert said.zh != said.en
    if definition.speaks is not None:
        assert set(definition.speaks.when) <= set(FLAGS)


def test_models_of_one_question_stand_in_one_order():
    for region in ("CN", "US", "CA", "DE"):
        for asked in speakers(REGISTRY, region).values():
            ranks = [m.definition.speaks.rank for m in asked]
            assert ranks == sorted(ranks)
            assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize(
    ("newer", "is_asked"), [("55", True), ("59.9", True), ("60", False), ("66", False)]
)
def test_a_laboratory_s_newer_egfr_decides_whether_kidney_failure_is_a_question(newer, is_asked):
    """Creatinine of last month gives 76 or 52; what KFRE would read is the newer one."""
    creatinine = "100" if is_asked else "135"
    results = [
        *without(usual_results(), "crea"),
        observation("crea", "14682-9", creatinine, "umol/L", at=NOW - timedelta(days=30)),
        observation("lab", "98979-8", newer, "mL/min/{1.73_m2}", at=NOW - timedelta(days=1)),
    ]
    found = on("kidney-failure", ask(observations=results))
    assert (found is not None) is is_asked  # no card, not even one that withholds
    if is_asked:
        assert found.features["egfr"].reported.startswith(f"{newer} ")
