"""Inputs that are not known: estimate, span, interval, record and card say the same of them."""

from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_hooks.record import RecordContext, risk_assessment
from cds_hooks.render import detail
from cds_hooks.wording import Wording
from inference.contract import WhenAbsent
from inference.prediction import Prediction
from tests.support.patients import REGISTRY, predictor
from tests.support.stated import stated
from tests.support.usual_values import answer, usual
from tests.support.usual_values import stated as of

WORDS = Wording("en", [model.definition for model in REGISTRY])
SPANNING = [
    model
    for model in REGISTRY
    if any(spec.when_absent is WhenAbsent.SPAN for spec in model.definition.inputs)
]
EXTENSION = "https://attending.org/fhir/StructureDefinition"


def record(found: Prediction) -> dict:
    context = RecordContext(
        id="r", provenance_id="p", card=uuid4(), subject={"reference": "Patient/p1"},
        notice="n", software="s", model_card="https://example.org/card",
    )  # fmt: skip
    return risk_assessment(found, context, WORDS)


def has_bled(**known: float) -> Prediction:
    model = REGISTRY.get("has-bled")
    found = predictor().answer_stated(model, stated(model.definition, known))
    assert isinstance(found, Prediction)
    return found


def test_an_estimate_never_lies_below_its_own_interval():
    """A pressure of 150 at 70 and nothing else known: 1, and up to 8 with all that may be."""
    found = has_bled(systolic_pressure=150, age=70).primary
    assert found.value == 1
    assert found.possible == (1, 8)
    assert (found.low, found.high) == (1, 8)


def test_what_an_equation_has_no_term_for_leaves_no_span():
    """China-PAR asks men for the family's history, women not: "1.2% to 1.2%" said nothing."""
    model = REGISTRY.get("china-par")
    values = {n: v for n, v in usual(model).items() if n != "family_history"}
    (sex,) = (spec for spec in model.definition.inputs if spec.name == "male")
    woman, man = (answer(model, values | {"male": of(sex, value)}) for value in (0, 1))
    assert woman.primary.possible is None
    least, most = man.primary.possible
    assert least < most


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_the_interval_covers_estimate_and_span_whatever_is_not_known(data):
    model = data.draw(st.sampled_from(SPANNING))
    open_ = [s.name for s in model.definition.inputs if s.when_absent is WhenAbsent.SPAN]
    gone = data.draw(st.sets(st.sampled_from(open_)))
    found = answer(model, {n: v for n, v in usual(model).items() if n not in gone})
    for estimate in found.estimates:
        low, high = estimate.possible or (estimate.value, estimate.value)
        assert estimate.low <= low <= estimate.value <= high <= estimate.high


@pytest.mark.parametrize("model", SPANNING, ids=lambda model: model.definition.id)
def test_the_record_of_a_score_holds_the_span_that_the_card_shows(model):
    known = {
        spec.name: value
        for spec, value in ((s, usual(model).get(s.name)) for s in model.definition.inputs)
        if value is not None and spec.when_absent is WhenAbsent.REQUIRED
    }
    found = answer(model, known)
    for estimate, written in zip(found.estimates, record(found)["prediction"], strict=True):
        held = {each["url"]: each for each in written["extension"]}
        ends = held[f"{EXTENSION}/possible-range"]["valueRange"]
        assert tuple(float(ends[end]["value"]) for end in ("low", "high")) == estimate.possible
        assert ends["low"]["code"] == estimate.outcome.unit


def test_a_record_without_unknown_inputs_holds_no_span():
    found = answer(REGISTRY.get("bode"), usual(REGISTRY.get("bode")))
    urls = {each["url"] for each in record(found)["prediction"][0]["extension"]}
    assert urls == {f"{EXTENSION}/estimate", f"{EXTENSION}/input-interval"}


def test_the_card_says_that_estimates_at_other_values_leave_the_unknown_at_their_reference():
    """ "2-8", and below it "at 130 mmHg: 1": one is a span, the other is not."""
    body = detail.body(has_bled(systolic_pressure=170, age=70), WORDS)
    assert "Systolic blood pressure (counts above 160 mmHg) at 130 mmHg: 1" in body
    assert "the estimates at other values below leave the unknown inputs at their reference" in body


@settings(deadline=None, max_examples=60)
@given(st.floats(10, 60), st.floats(85, 170), st.floats(60, 300), st.floats(17, 40))
def test_the_ends_of_a_score_s_interval_are_scores_and_its_mortality_is_of_the_table(
    lvef, pressure, creatinine, bmi
):
    """A MAGGIC "from 20.7", or a death rate of 23.33 % that no score has, is nobody's."""
    person = {
        "male": 1, "age": 66, "lvef": round(lvef, 1), "systolic_pressure": round(pressure, 1),
        "bmi": round(bmi, 1), "creatinine": round(creatinine, 1), "nyha_class": 2, "smoker": 0,
        "diabetes": 0, "copd": 0, "heart_failure_18_months": 0, "beta_blocker": 1,
        "renin_angiotensin": 1,
    }  # fmt: skip
    model = REGISTRY.get("maggic")
    found = predictor().answer_stated(model, stated(model.definition, person))
    score, *deaths = found.estimates
    assert score.low.is_integer()
    assert score.high.is_integer()
    for death in deaths:
        for end in (death.low, death.high):
            assert round(1000 * end) == pytest.approx(1000 * end, abs=1e-9)
