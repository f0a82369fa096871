"""The ten PREVENT equations: figures, ranges, what was not measured, and when they are silent."""

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.contract import ModelDefinition, WhenAbsent
from inference.features.demographics import DEPRIVATION_EXTENSION
from inference.prediction import Prediction, Withheld
from tests.support.oracles_prevent import OUTCOMES, prevent
from tests.support.patients import (
    NOW,
    REGISTRY,
    observation,
    patient,
    predictor,
    smoking,
    snapshot,
    usual_results,
    without,
)
from tests.support.vectors import rows

FOLDERS = {
    "prevent-base-10y": "prevent_base",
    "prevent-base-30y": "prevent_base_30y",
    **{
        f"prevent-{kind}-{years}y": f"prevent_{kind}_{years}y"
        for kind in ("uacr", "hba1c", "sdi", "full")
        for years in (10, 30)
    },
}
OPTIONAL = ("acr", "hba1c", "sdi")
COLUMNS = {
    "age": "age", "total_cholesterol": "tc", "hdl_cholesterol": "hdl", "systolic_pressure": "sbp",
    "bmi": "bmi", "egfr": "egfr", "diabetes": "dm", "smoker": "smk", "treated": "bptx",
    "statin": "statin", "acr": "uacr_mg_g", "hba1c": "hba1c_pct", "sdi": "sdi_decile",
}  # fmt: skip
# Table S25 of the paper's supplement.
WOMAN_OF_50 = {
    "male": 0, "age": 50, "total_cholesterol": 200, "hdl_cholesterol": 45,
    "systolic_pressure": 160, "bmi": 35, "egfr": 90, "diabetes": 1, "smoker": 0, "treated": 1,
    "statin": 0,
}  # fmt: skip

every_model = pytest.mark.parametrize("model_id", FOLDERS)


def definition(model_id: str) -> ModelDefinition:
    return REGISTRY.get(model_id).definition


def run(model_id: str, *people: dict[str, float]):
    model = REGISTRY.get(model_id)
    names = [spec.name for spec in model.definition.inputs]
    matrix = [[person.get(name, math.nan) for name in names] for person in people]
    return model.engine.run(np.array(matrix, dtype=np.float64))


# --- figures


def test_there_are_ten_of_which_one_speaks_unasked():
    found = {m.definition.id for m in REGISTRY if m.definition.id.startswith("prevent")}
    assert found == set(FOLDERS)
    unasked = [id for id in FOLDERS if definition(id).speaks is not None]
    assert unasked == ["prevent-base-10y"]


@pytest.mark.parametrize("years", ["10y", "30y"])
@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("base", "prevent_base.csv"),
        ("uacr", "prevent_enhanced.csv"),
        ("sdi", "prevent_enhanced.csv"),
    ],
)
def test_every_reference_row_is_repeated(kind, file, years):
    found = [r for r in rows(file) if r.get("model", kind) == kind]
    found = [r for r in found if r[f"expected_total_cvd_{years}"]]
    assert len(found) >= 40
    inputs = [
        {"male": r["sex"] == "male"}
        | {ours: float(r[theirs]) for ours, theirs in COLUMNS.items() if r.get(theirs)}
        for r in found
    ]
    estimate = run(f"prevent-{kind}-{years}", *inputs).estimate
    for column, name in enumerate(OUTCOMES.values()):
        expected = [float(r[f"expected_{name}_{years}"]) for r in found]
        assert estimate[:, column] == pytest.approx(expected, abs=1e-9, rel=0)


@pytest.mark.parametrize(
    ("model_id", "measured", "risks"),
    [
        ("prevent-base-10y", {}, (0.147, 0.092, 0.081, 0.044, 0.054)),
        ("prevent-base-30y", {}, (0.530, 0.354, 0.390, 0.198, 0.221)),
        ("prevent-hba1c-10y", {"hba1c": 9.2}, (0.165, 0.103, 0.107, 0.055, 0.053)),
        ("prevent-uacr-10y", {"acr": 92}, (0.181, 0.111, 0.105, 0.055, 0.065)),
        (
            "prevent-full-10y",
            {"hba1c": 9.2, "acr": 92, "sdi": 3},
            (0.174, 0.105, 0.114, 0.056, 0.056),
        ),
    ],
)
def test_the_published_example(model_id, measured, risks):
    found = run(model_id, WOMAN_OF_50 | measured).estimate[0]
    assert found == pytest.approx(risks, abs=5e-4)


@st.composite
def people(draw, model_id: str) -> dict[str, float]:
    found = {}
    for spec in definition(model_id).inputs:
        if spec.unit == "1":
            value = float(draw(st.booleans()))
        elif spec.unit in ("a", "{decile}"):
            value = float(draw(st.integers(int(spec.low), int(spec.high))))
        else:
            value = draw(st.floats(spec.low, spec.high))
        if spec.when_absent is WhenAbsent.MISSING_TERM and draw(st.booleans()):
            value = math.nan
        found[spec.name] = value
    return found


cases = st.sampled_from(list(FOLDERS)).flatmap(lambda m: st.tuples(st.just(m), people(m)))


@settings(max_examples=400, deadline=None)
@given(cases)
def test_each_graph_equals_the_equation_written_out(case):
    model_id, person = case
    output = run(model_id, person)
    expected = list(prevent(person, FOLDERS[model_id]).values())
    assert output.estimate[0] == pytest.approx(expected, rel=1e-12, abs=1e-12)
    logit = output.base[0] + output.contributions[0].sum(axis=1)
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(expected, rel=1e-12, abs=1e-12)
    if definition(model_id).scales:
        category = output.categories["treatment-threshold"][0]
        assert category == (output.estimate[0, 0] >= 0.075)


@every_model
@pytest.mark.parametrize("male", [0, 1])
def test_the_person_at_the_reference_has_no_contributions(model_id, male):
    references = {s.name: s.reference for s in definition(model_id).inputs if s.name != "male"}
    assert not run(model_id, {"male": male} | references).contributions.any()


@settings(max_examples=100, deadline=None)
@given(cases)
def test_an_optional_predictor_that_is_not_known_contributes_nothing(case):
    model_id, person = case
    of = [spec.name for spec in definition(model_id).inputs]
    shares = run(model_id, person).contributions[0]
    for name in OPTIONAL:
        if math.isnan(person.get(name, 0.0)):
            assert not shares[:, of.index(name)].any()


# --- what is not known is never a number


@every_model
def test_a_required_input_that_is_not_known_leaves_no_number(model_id):
    whole = WOMAN_OF_50 | {"acr": 30, "hba1c": 6, "sdi": 5}
    assert np.isfinite(run(model_id, whole).estimate).all()
    for spec in definition(model_id).inputs:
        if spec.when_absent is not WhenAbsent.REQUIRED:
            continue
        output = run(model_id, whole | {spec.name: math.nan})
        assert np.isnan(output.estimate).all(), spec.name
        if output.categories:
            assert output.categories["treatment-threshold"][0] == -1


@every_model
def test_without_body_mass_index_heart_failure_alone_is_left_out(model_id):
    whole = WOMAN_OF_50 | {"acr": 30, "hba1c": 6, "sdi": 5}
    known, unknown = run(model_id, whole, whole | {"bmi": math.nan}).estimate
    assert math.isnan(unknown[2])
    assert np.delete(unknown, 2) == pytest.approx(np.delete(known, 2), abs=1e-15)


@pytest.mark.parametrize("model_id", ["prevent-sdi-10y", "prevent-full-30y"])
def test_between_two_deciles_there_is_no_number(model_id):
    assert np.isnan(run(model_id, WOMAN_OF_50 | {"acr": 30, "hba1c": 6, "sdi": 3.5}).estimate).all()


@pytest.mark.parametrize(("decile", "like"), [(1, 3), (4, 6), (7, 10)], ids=["1-3", "4-6", "7-10"])
def test_deciles_count_in_three_groups(decile, like):
    two = [WOMAN_OF_50 | {"sdi": d} for d in (decile, like)]
    first, last = run("prevent-sdi-10y", *two).estimate
    assert list(first) == list(last)


def test_the_figures_that_the_limits_tell_are_those_of_the_equations():
    risks = {
        "base model gives 14.7 %": run("prevent-base-10y", WOMAN_OF_50).estimate[0, 0],
        "missing UACR 9.1 %": prevent(WOMAN_OF_50, "prevent_uacr_10y")["cvd"],
        "missing HbA1c 10.4 %": prevent(WOMAN_OF_50, "prevent_hba1c_10y")["cvd"],
        "it is 6.8 % in ten years": prevent(WOMAN_OF_50, "prevent_full_10y")["cvd"],
    }
    said = " ".join(
        limit.en
        for id in ("prevent-uacr-10y", "prevent-full-10y")
        for limit in definition(id).limits
    )
    for words, risk in risks.items():
        assert words in said
        assert f"{100 * risk:.1f} %" in words


# --- a patient's record


def results(*more, without_these: tuple[str, ...] = ()) -> list:
    """Return the usual patient's results with an eGFR of 90 by the laboratory and `more`."""
    kept = without(usual_results(), "crea", *without_these)
    return [*kept, observation("egfr", "98979-8", "90", "mL/min/{1.73_m2}"), *more]


def hba1c(value: str, unit: str = "%", code: str = "4548-4"):
    return observation("a1c", code, value, unit)


def aged(years: int, *, days_short: int = 0) -> dict:
    return patient(birthDate=(NOW.date().replace(year=NOW.year - years)
                              + timedelta(days=days_short)).isoformat())  # fmt: skip


def in_the_states(decile: int | None = 5, country: str = "US") -> dict:
    stated = [] if decile is None else [{"url": DEPRIVATION_EXTENSION, "valueInteger": decile}]
    return patient(address=[{"state": "Ohio", "country": country}], extension=stated)


def answer(model_id: str, **changes) -> Prediction | Withheld:
    changes = {"observations": results(hba1c("7.4"))} | changes
    return predictor(region="US").answer(REGISTRY.get(model_id), snapshot(**changes))


@every_model
@pytest.mark.parametrize("at", ["youngest", "oldest"])
def test_both_ends_of_the_age_are_in_and_the_next_year_is_out(model_id, at):
    youngest, oldest = 30, 79 if model_id.endswith("10y") else 59
    inside = aged(youngest) if at == "youngest" else aged(oldest + 1, days_short=1)
    outside = aged(youngest, days_short=1) if at == "youngest" else aged(oldest + 1)
    assert isinstance(answer(model_id, of=inside), Prediction)
    refused = answer(model_id, of=outside)
    assert isinstance(refused, Withheld)
    assert refused.kind == "not-applicable"
    assert [(spec.name, a.reason.code) for spec, a in refused.absent] == [("age", "outside-domain")]


@every_model
@pytest.mark.parametrize(
    ("id", "code", "unit", "inside", "outside"),
    [
        ("egfr", "98979-8", "mL/min/{1.73_m2}", ("15", "140"), ("14.9", "140.1")),
        ("sbp", "8480-6", "mm[Hg]", ("90", "200"), ("89", "201")),
        ("tc", "2093-3", "mg/dL", ("130", "320"), ("129", "321")),
        ("hdl", "2085-9", "mg/dL", ("20", "100"), ("19", "101")),
    ],
)
def test_both_ends_of_a_measurement_are_in_and_beyond_is_refused(
    model_id, id, code, unit, inside, outside
):
    def measured(value: str) -> Prediction | Withheld:
        kept = without(results(hba1c("7.4")), id)
        return answer(model_id, observations=[*kept, observation(id, code, value, unit)])

    assert all(isinstance(measured(value), Prediction) for value in inside)
    for value in outside:
        refused = measured(value)
        assert isinstance(refused, Withheld)
        assert [absent.reason.code for _, absent in refused.absent] == ["outside-domain"]


@every_model
@pytest.mark.parametrize(
    ("id", "input"),
    [("tc", "total_cholesterol"), ("hdl", "hdl_cholesterol"), ("sbp", "systolic_pressure"),
     ("egfr", "egfr"), ("smoking-266919005", "smoker")],
)  # fmt: skip
def test_a_missing_required_input_is_named(model_id, id, input):
    withheld = answer(model_id, observations=without(results(hba1c("7.4")), id))
    assert isinstance(withheld, Withheld)
    assert withheld.kind == "missing"
    assert [spec.name for spec, _ in withheld.absent] == [input]


@pytest.mark.parametrize(
    ("kind", "input", "id"), [("uacr", "acr", "acr"), ("hba1c", "hba1c", "a1c")]
)
@pytest.mark.parametrize("years", [10, 30])
def test_the_added_measurement_is_needed_and_named(kind, input, id, years):
    found = without(results(hba1c("7.4")), id)
    withheld = answer(f"prevent-{kind}-{years}y", observations=found)
    assert isinstance(withheld, Withheld)
    assert [spec.name for spec, _ in withheld.absent] == [input]


@pytest.mark.parametrize("years", [10, 30])
@pytest.mark.parametrize(("gone", "named"), [(("acr",), ["acr"]), (("a1c",), ["hba1c"]),
                                             (("acr", "a1c"), ["acr", "hba1c"])])  # fmt: skip
def test_the_full_equation_does_not_speak_of_people_who_were_not_tested(years, gone, named):
    found = without(results(hba1c("7.4")), *gone)
    withheld = answer(f"prevent-full-{years}y", observations=found)
    assert isinstance(withheld, Withheld)
    assert withheld.kind == "missing"
    assert [spec.name for spec, _ in withheld.absent] == named


@pytest.mark.parametrize("years", [10, 30])
def test_a_home_without_a_decile_is_named_and_the_equation_s_own_term_used(years):
    found = answer(f"prevent-full-{years}y", observations=results(hba1c("7.4")))
    assert isinstance(found, Prediction)
    assert [spec.name for spec, _ in found.absent] == ["sdi"]
    expected = prevent(dict(found.inputs), FOLDERS[f"prevent-full-{years}y"])
    assert found.primary.value == pytest.approx(expected["cvd"], abs=1e-12)
    named = {r.values["input"] for r in found.confidence.reasons if r.code == "input-not-known"}
    assert named == {"sdi"}
    assert found.confidence.level != "high"


@pytest.mark.parametrize(
    ("model_id", "result"),
    [
        ("prevent-hba1c-10y", hba1c("15.1")),
        ("prevent-full-10y", hba1c("15.1")),
        ("prevent-uacr-10y", observation("acr", "9318-7", "0.09", "mg/g")),
        ("prevent-full-30y", observation("acr", "9318-7", "25001", "mg/g")),
    ],
)
def test_a_measurement_beyond_the_equation_is_no_missing_one(model_id, result):
    kept = without(results(hba1c("7.4")), result["id"])
    refused = answer(model_id, observations=[*kept, result])
    assert isinstance(refused, Withheld)
    assert refused.kind == "not-applicable"
    assert [absent.reason.code for _, absent in refused.absent] == ["outside-domain"]


@pytest.mark.parametrize(
    ("model_id", "input", "result", "value"),
    [
        ("prevent-hba1c-10y", "hba1c", hba1c("57", "mmol/mol", "59261-8"), 7.37),
        ("prevent-hba1c-10y", "hba1c", hba1c("7.4"), 7.4),
        ("prevent-uacr-10y", "acr", observation("acr", "30000-4", "3.5", "mg/mmol"), 30.9),
        ("prevent-uacr-10y", "acr", observation("acr", "9318-7", "30.9", "mg/g"), 30.9),
    ],
)
def test_measurements_are_read_in_the_unit_of_the_laboratory(model_id, input, result, value):
    kept = without(results(hba1c("7.4")), result["id"])
    found = answer(model_id, observations=[*kept, result])
    assert found.inputs[input] == pytest.approx(value, abs=0.05)


@pytest.mark.parametrize(
    ("home", "known", "reason"),
    [
        (in_the_states(5), 5.0, None),
        (in_the_states(None), None, "deprivation-not-stated"),
        (in_the_states(5, "CN"), None, "deprivation-outside-us"),
    ],
    ids=["stated", "not stated", "a home in China"],
)
def test_the_decile_is_stated_or_missing_never_looked_up(home, known, reason):
    found = answer("prevent-sdi-10y", of=home)
    assert isinstance(found, Prediction)
    assert found.inputs["sdi"] == pytest.approx(math.nan if known is None else known, nan_ok=True)
    assert [absent.reason.code for _, absent in found.absent] == ([reason] if reason else [])


def test_a_decile_beyond_ten_is_refused():
    refused = answer("prevent-sdi-10y", of=in_the_states(11))
    assert isinstance(refused, Withheld)
    assert [(s.name, a.reason.code) for s, a in refused.absent] == [("sdi", "outside-domain")]


def test_a_thirty_year_risk_is_in_no_category_and_never_of_high_confidence():
    model = REGISTRY.get("prevent-base-30y").definition
    of = predictor(region="US", validated=[f"{model.id}@{model.version}"])
    found = of.answer(REGISTRY.get(model.id), snapshot(observations=results()))
    assert found.placements == ()
    assert found.confidence.probability is None
    assert found.confidence.level == "medium"
    assert found.primary.low < found.primary.value < found.primary.high


def test_the_same_equation_is_asked_at_the_guidelines_targets():
    smoker = [*without(results(hba1c("8.8")), "smoking-266919005"), smoking("449868002")]
    found = answer("prevent-hba1c-10y", observations=smoker)
    targets = {each.spec.name: each.spec.asked_at for each in found.counterfactuals}
    assert targets.items() <= {
        "systolic_pressure": 130, "total_cholesterol": 200, "smoker": 0, "hba1c": 7
    }.items()  # fmt: skip
    assert len(targets) == 3
    for each in found.counterfactuals:
        person = dict(found.inputs) | {each.spec.name: each.spec.asked_at}
        expected = prevent(person, "prevent_hba1c_10y")["cvd"]
        assert each.value == pytest.approx(expected, abs=1e-12)
        assert each.value < found.primary.value


@every_model
def test_what_a_reader_must_know_is_declared(model_id):
    model = definition(model_id)
    assert {entry.region for entry in model.evidence} == {"US", "CN", "*"}
    assert model.licence
    assert model.citation
    said = " ".join(limit.en for limit in model.limits)
    assert "covariance" in said
    assert "preventr" in said
    assert "refused" in said
    # A woman of 35 with obesity: so it was published, and a reader would take it for a fault.
    light = WOMAN_OF_50 | {"age": 35, "systolic_pressure": 115, "bmi": 39, "treated": 0}
    risks = prevent(light | {"total_cholesterol": 150, "hdl_cholesterol": 75}, "prevent_base")
    assert risks["heart-failure"] > risks["cvd"]
    assert "heart failure comes out above that of cardiovascular disease" in said
    assert ("30-year" in said) == model_id.endswith("30y")
    assert all(limit.zh for limit in model.limits)
