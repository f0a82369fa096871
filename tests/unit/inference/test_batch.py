"""A table of patients through one model: what is scored, what is refused, and why."""

from dataclasses import replace

import numpy as np
import pytest

from inference.batch.errors import BatchRefused
from inference.batch.plan import split_header
from inference.contract import WhenAbsent
from inference.engine import GraphFailed
from tests.support import oracles
from tests.support.batch import (
    CHINA_PAR,
    CKD_EPI,
    PREVENT,
    model,
    plan,
    scored,
    scored_numbers,
)

EXPECTED = oracles.china_par(
    {
        "male": 1, "age": 58, "systolic_pressure": 152, "treated": 1, "waist": 94, "smoker": 0,
        "diabetes": 1, "north": 1, "urban": 1, "family_history": 1,
        "total_cholesterol": 5.80 * 38.6664, "hdl_cholesterol": 1.05 * 38.6664,
    }
)  # fmt: skip

READERS = pytest.mark.parametrize("read", [scored, scored_numbers])


def codes(found) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.code) for each in found.refusals]


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("sbp[mm[Hg]]", "sbp", "mm[Hg]"),
        ("egfr[mL/min/{1.73_m2}]", "egfr", "mL/min/{1.73_m2}"),
        (" waist [cm] ", "waist", "cm"),
        ("age", "age", ""),
        ("odd[name", "odd[name", ""),
    ],
)
def test_the_unit_stands_in_brackets_behind_the_name(header, name, unit):
    assert split_header(header) == (name, unit)


@READERS
def test_a_complete_row_gives_the_reference_s_risk_and_its_category(read):
    found = read("china-par", [CHINA_PAR])
    assert found.refusals == ()
    assert found.estimate[0, 0] == pytest.approx(EXPECTED, abs=1e-12)
    assert list(found.steps["risk-category"]) == [1 << 2]
    assert found.low[0, 0] == np.inf  # nothing is unknown, so there is no span


@READERS
def test_rows_that_are_refused_take_no_others_with_them(read):
    rows = [CHINA_PAR, CHINA_PAR | {"age": "34"}, CHINA_PAR | {"age": "75"}, CHINA_PAR]
    found = read("china-par", rows)
    assert list(found.rows) == [1, 4]
    assert codes(found) == [(2, "age", "outside-domain"), (3, "age", "outside-domain")]
    assert (found.refusals[0].low, found.refusals[0].high) == (35, 74)
    assert found.estimate[:, 0] == pytest.approx([EXPECTED, EXPECTED], abs=1e-12)


@pytest.mark.parametrize("age", ["35", "74"])
def test_the_ends_of_the_domain_belong_to_it(age):
    assert codes(scored("china-par", [CHINA_PAR | {"age": age}])) == []


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("sbp[mm[Hg]]", "", "missing"),
        ("sbp[mm[Hg]]", "NA", "missing"),
        ("sbp[mm[Hg]]", "high", "not-a-number"),
        ("sbp[mm[Hg]]", "152 mmHg", "not-a-number"),
        ("sbp[mm[Hg]]", ">180", "not-a-number"),
        ("sbp[mm[Hg]]", "1_52", "not-a-number"),
        ("sbp[mm[Hg]]", "inf", "not-a-number"),
        ("sbp[mm[Hg]]", "-152", "implausible"),
        ("sbp[mm[Hg]]", "1520", "implausible"),
        ("sbp[mm[Hg]]", "260", "outside-domain"),
        ("total_cholesterol[mmol/L]", "5,8", "not-a-number"),
        ("total_cholesterol[mmol/L]", "224", "implausible"),
        ("age", "58.5", "not-whole"),
        ("age", "", "missing"),
        ("male", "2", "not-a-flag"),
        ("male", "M", "not-a-flag"),
        ("smoker", "ex", "not-a-flag"),
        ("smoker", "0.5", "not-a-flag"),
        ("smoker", "", "missing"),
        ("family_history", "perhaps", "not-a-flag"),
        ("prior_cvd", "1", "excluded"),
        ("prior_cvd", "", "state-not-known"),
        ("prior_cvd", "no?", "not-a-flag"),
    ],
)
def test_a_value_that_must_not_be_used_refuses_its_row(column, cell, code):
    found = scored("china-par", [CHINA_PAR | {column: cell}])
    assert codes(found) == [(1, column, code)]
    assert len(found.rows) == 0
    assert found.refusals[0].whole


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("sbp[mm[Hg]]", "", "missing"),
        ("sbp[mm[Hg]]", "inf", "not-a-number"),
        ("sbp[mm[Hg]]", "1520", "implausible"),
        ("age", "58.5", "not-whole"),
        ("smoker", "0.5", "not-a-flag"),
        ("prior_cvd", "", "state-not-known"),
    ],
)
def test_numbers_are_refused_as_texts_are(column, cell, code):
    assert codes(scored_numbers("china-par", [CHINA_PAR | {column: cell}])) == [(1, column, code)]


@READERS
def test_two_values_that_cannot_both_be_right_refuse_their_row(read):
    """The columns of total and HDL cholesterol were swapped."""
    swapped = {"total_cholesterol[mmol/L]": "2.1", "hdl_cholesterol[mmol/L]": "3.0"}
    found = read("china-par", [CHINA_PAR, CHINA_PAR | swapped])
    assert codes(found) == [(2, "hdl_cholesterol[mmol/L]", "contradiction")]
    assert list(found.rows) == [1]


@pytest.mark.parametrize(
    ("male", "words"), [("1", ("male", "Male", "男", "true", "1.0")), ("0", ("female", "女", "0"))]
)
def test_sex_and_flags_may_be_words(male, words):
    wanted = scored("china-par", [CHINA_PAR | {"male": male}]).estimate[0, 0]
    for word in words:
        assert scored("china-par", [CHINA_PAR | {"male": word}]).estimate[0, 0] == wanted


def test_digits_under_the_name_sex_are_not_guessed_at():
    row = {"sex" if name == "male" else name: cell for name, cell in CHINA_PAR.items()}
    assert codes(scored("china-par", [row])) == [(1, "sex", "not-a-flag")]
    assert codes(scored_numbers("china-par", [row])) == [(1, "sex", "not-a-flag")]
    assert codes(scored("china-par", [row | {"sex": "male"}])) == []


def test_an_unknown_input_with_a_span_gives_the_point_and_both_ends():
    found = scored("china-par", [CHINA_PAR, CHINA_PAR | {"family_history": "", "north": ""}])
    corners = [
        scored("china-par", [CHINA_PAR | {"family_history": f, "north": n}]).estimate[0, 0]
        for f in "01"
        for n in "01"
    ]
    assert found.estimate[1, 0] == pytest.approx(corners[0], abs=1e-15)  # taken as "no"
    assert found.low[1, 0] == pytest.approx(min(corners), abs=1e-15)
    assert found.high[1, 0] == pytest.approx(max(corners), abs=1e-15)
    assert np.isinf(found.low[0, 0])


def test_a_category_that_unknown_inputs_leave_open_names_every_step():
    row = CHINA_PAR | {"sbp[mm[Hg]]": "142", "north": "", "treated": "0", "diabetes": "0"}
    found = scored("china-par", [row])
    assert found.low[0, 0] < 0.10 <= found.high[0, 0]
    moderate, high = 1 << 1, 1 << 2
    assert found.steps["risk-category"][0] == moderate | high


def test_a_file_without_a_column_for_an_unknown_input_takes_it_as_unknown():
    row = {name: cell for name, cell in CHINA_PAR.items() if name != "family_history"}
    found = scored("china-par", [row])
    there = scored("china-par", [CHINA_PAR | {"family_history": ""}])
    assert found.high[0, 0] == there.high[0, 0]


@READERS
def test_without_a_body_mass_index_only_heart_failure_is_not_computed(read):
    found = read("prevent-base-10y", [PREVENT, PREVENT | {"bmi[kg/m2]": ""}])
    assert found.refusals == ()
    names = [outcome.id for outcome in model("prevent-base-10y").definition.outcomes]
    lacking = np.isnan(found.estimate)
    assert [names[c] for c in np.flatnonzero(lacking[1])] == ["heart-failure"]
    assert not lacking[0].any()


@READERS
def test_a_value_beyond_the_model_that_only_some_need_is_left_out_and_told(read):
    found = read("prevent-base-10y", [PREVENT | {"bmi[kg/m2]": "44"}])
    (refusal,) = found.refusals
    assert (refusal.code, refusal.whole, refusal.high) == ("outside-domain", False, 39.99)
    assert list(found.rows) == [1]
    assert np.isnan(found.estimate).sum() == 1


def test_a_value_that_no_body_has_refuses_the_row_even_where_it_is_optional():
    found = scored("prevent-base-10y", [PREVENT | {"bmi[kg/m2]": "274"}])
    assert [(each.code, each.whole) for each in found.refusals] == [("implausible", True)]
    assert len(found.rows) == 0


@READERS
def test_without_the_ratio_the_kdigo_risk_is_not_known(read):
    found = read("ckd-epi-2021", [CKD_EPI, CKD_EPI | {"acr[mg/mmol]": ""}])
    assert list(found.steps["gfr-category"]) == [1 << 1, 1 << 1]
    assert list(found.steps["kdigo-risk"]) == [1 << 1, 0]
    assert found.low is None


def test_the_term_for_not_measured_stands_for_a_gap_but_not_for_a_value_beyond_the_model():
    definition = model("ckd-epi-2021").definition
    acr = replace(definition.inputs[3], when_absent=WhenAbsent.MISSING_TERM)
    changed = replace(definition, inputs=(*definition.inputs[:3], acr))
    rows = [CKD_EPI | {"acr[mg/mmol]": ""}, CKD_EPI | {"acr[mg/mmol]": "4000"}]
    found = scored("ckd-epi-2021", rows, definition=changed)
    assert list(found.rows) == [1]
    assert codes(found) == [(2, "acr[mg/mmol]", "outside-domain")]


def test_a_number_that_the_graph_does_not_give_refuses_its_row():
    class Broken:
        def score(self, rows):
            estimate, categories = model("ckd-epi-2021").engine.score(rows)
            estimate[1] = np.nan
            return estimate, categories

    from inference.batch.scoring import Chunk, score

    columns = {name: [cell] * 3 for name, cell in CKD_EPI.items()}
    found = score(plan("ckd-epi-2021", list(CKD_EPI)), Chunk(1, 3, columns), Broken())
    assert list(found.rows) == [1, 3]
    assert codes(found) == [(2, "ckd-epi-2021", "model-failed")]


def test_a_graph_that_cannot_run_gives_no_table_at_all():
    class Broken:
        def score(self, rows):
            raise GraphFailed("broken")

    from inference.batch.scoring import Chunk, score

    columns = {name: [cell] for name, cell in CKD_EPI.items()}
    with pytest.raises(GraphFailed):
        score(plan("ckd-epi-2021", list(CKD_EPI)), Chunk(1, 1, columns), Broken())


def test_a_chunk_without_rows_is_no_error():
    from inference.batch.scoring import Chunk, score

    empty = Chunk(1, 0, {name: [] for name in CKD_EPI})
    found = score(plan("ckd-epi-2021", list(CKD_EPI)), empty, model("ckd-epi-2021").engine)
    assert len(found.rows) == 0


def without(name: str) -> list[str]:
    return [header for header in CHINA_PAR if header != name]


@pytest.mark.parametrize(
    ("headers", "more", "code"),
    [
        ([*without("waist[cm]"), "waist"], {}, "unit-missing"),
        ([*without("waist[cm]"), "waist[kg]"], {}, "unit-refused"),
        ([*without("waist[cm]"), "waist[furlong]"], {}, "unit-refused"),
        ([*without("age"), "age[mo]"], {}, "unit-refused"),
        ([*CHINA_PAR], {"units": {"waist": "m"}}, "unit-conflict"),
        ([*CHINA_PAR], {"units": {"girth": "m"}}, "units-strange"),
        (without("waist[cm]"), {}, "column-missing"),
        ([*CHINA_PAR, "systolic_pressure[kPa]"], {}, "column-twice"),
        ([*CHINA_PAR, "waist[m]"], {}, "column-twice"),
        ([*CHINA_PAR, "sex"], {}, "column-twice"),
        (without("prior_cvd"), {}, "state-missing"),
        ([*CHINA_PAR], {"nobody_has": ["prior_cvd"]}, "state-twice"),
        ([*CHINA_PAR], {"nobody_has": ["gout"]}, "state-unknown"),
        ([*CHINA_PAR], {"id": "number"}, "id-missing"),
    ],
)
def test_a_file_that_leaves_something_to_guess_is_refused_as_a_whole(headers, more, code):
    with pytest.raises(BatchRefused) as refused:
        plan("china-par", headers, **more)
    assert refused.value.code == code


def test_units_may_stand_beside_the_file_and_a_state_be_excluded_for_everybody():
    headers = [*without("waist[cm]"), "waist"]
    headers.remove("prior_cvd")
    found = plan("china-par", headers, units={"waist": "m"}, nobody_has=["prior_cvd"])
    column = found.inputs[6]
    assert (column.header, column.unit, column.line.multiplier) == ("waist", "m", 100)


def test_what_is_not_used_and_what_is_not_known_is_told():
    found = plan("ckd-epi-2021", ["male", "age", "creatinine[mg/dL]", "remark"])
    assert found.unused == ("remark",)
    assert found.without_column == ("acr",)
    assert found.unknown == ("dialysis", "pregnancy")


def test_at_a_bound_the_decimal_digits_of_the_file_decide():
    # 320 mg/dL is 8.275919145... mmol/L.
    inside = scored("prevent-base-10y", [PREVENT | {"total_cholesterol[mmol/L]": "8.27591914"}])
    beyond = scored("prevent-base-10y", [PREVENT | {"total_cholesterol[mmol/L]": "8.27591915"}])
    assert codes(inside) == []
    assert codes(beyond) == [(1, "total_cholesterol[mmol/L]", "outside-domain")]


@READERS
def test_a_diagnosis_at_an_age_that_the_patient_has_not_reached_refuses_the_row(read):
    person = {
        "male": "1", "age": "45", "region": "2", "smoker": "0", "sbp[mm[Hg]]": "140",
        "total_cholesterol[mmol/L]": "5.5", "hdl_cholesterol[mmol/L]": "1.3",
        "age_at_diagnosis": "60", "hba1c[mmol/mol]": "50", "egfr[mL/min/{1.73_m2}]": "90",
        "prior_cvd": "0", "heart_failure": "0", "without_type_2_diabetes": "0",
    }  # fmt: skip
    found = read("score2-diabetes", [person, person | {"age_at_diagnosis": "45"}])
    assert codes(found) == [(1, "age_at_diagnosis", "contradiction")]
    assert list(found.rows) == [2]
