"""Point scores: every reference row, every bound, and nothing counted that is not known."""

import itertools
import math
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.contract import TaskClass, WhenAbsent
from inference.equations.points.inputs import SINGLE_PEER
from inference.registry import ModelRegistry
from tests.support.oracles_scores import BY_MODEL, Row
from tests.support.score_vectors import cases

MODELS = {m.definition.id: m for m in ModelRegistry.discover() if m.definition.id in BY_MODEL}
every_score = pytest.mark.parametrize("model_id", sorted(BY_MODEL))


def specs(model_id: str):
    return MODELS[model_id].definition.inputs


def run(model_id: str, rows: Iterable[Row]):
    names = [spec.name for spec in specs(model_id)]
    matrix = [[row.get(name, math.nan) for name in names] for row in rows]
    return MODELS[model_id].engine.run(np.array(matrix, dtype=np.float64))


def score(model_id: str, row: Row) -> float:
    return float(run(model_id, [row]).estimate[0, 0])


def without_points(model_id: str) -> Row:
    """Whoever gets no point; in FINDRISC, where sex itself gives none, a woman."""
    return {s.name: 0.0 if s.reference is None else s.reference for s in specs(model_id)}


@st.composite
def patients(draw, model_id: str) -> Row:
    found = {}
    for spec in specs(model_id):
        if spec.unit == "1":
            found[spec.name] = float(draw(st.booleans()))
        elif spec.unit == "a" or spec.unit.startswith("{"):
            found[spec.name] = float(draw(st.integers(int(spec.low), int(spec.high))))
        else:
            found[spec.name] = draw(st.floats(spec.low, spec.high))
    return found


@every_score
def test_every_reference_row_is_repeated(model_id):
    found = cases(model_id)
    estimate = run(model_id, [row for row, _ in found]).estimate[:, 0]
    assert estimate.tolist() == [expected for _, expected in found]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(BY_MODEL)).flatmap(lambda m: st.tuples(st.just(m), patients(m))))
def test_the_graph_counts_as_a_person_does(case):
    model_id, row = case
    output = run(model_id, [row])
    assert output.estimate[0, 0] == BY_MODEL[model_id](row)
    assert output.contributions[0, 0].sum() == output.estimate[0, 0]
    assert output.base[0].tolist() == [0.0] * output.base.shape[1]


@every_score
def test_every_input_at_its_reference_gives_no_point(model_id):
    output = run(model_id, [without_points(model_id)])
    assert not output.contributions.any()
    assert output.estimate[0, 0] == 0


@every_score
def test_an_item_that_is_not_known_leaves_no_number(model_id):
    everything = without_points(model_id)
    for spec in specs(model_id):
        output = run(model_id, [everything | {spec.name: math.nan}])
        assert math.isnan(output.estimate[0, 0]), spec.name
        first = MODELS[model_id].definition.scales[0]
        if spec.name != "male":  # the category of CHA2DS2-VASc goes without sex
            assert output.categories[first.id][0] == -1, spec.name


@every_score
def test_an_unknown_item_is_assumed_to_add_nothing(model_id):
    everything = without_points(model_id)
    for spec in specs(model_id):
        if spec.when_absent is WhenAbsent.SPAN:
            # The card says that unknown inputs stand at their reference value.
            assert spec.assumed == spec.reference
            assert score(model_id, everything | {spec.name: spec.assumed}) == 0
            assert max(score(model_id, everything | {spec.name: v}) for v in spec.span) > 0
        else:
            assert spec.when_absent is WhenAbsent.REQUIRED


@every_score
def test_scores_are_heard_on_request_and_say_what_they_are(model_id):
    definition = MODELS[model_id].definition
    assert definition.speaks is None
    assert definition.on_request.zh
    assert definition.task_class is TaskClass.SCORE
    assert definition.contribution_scale == "points"
    assert definition.evidence_for("CN").summary.zh
    single = SINGLE_PEER in definition.limits
    assert single == (model_id in ("findrisc", "bode", "maggic"))


@pytest.mark.parametrize(
    ("model_id", "name", "below", "at", "difference"),
    [
        ("cha2ds2-vasc", "age", 64, 65, 1),
        ("cha2ds2-vasc", "age", 74, 75, 1),
        ("has-bled", "age", 65, 66, 1),
        ("has-bled", "systolic_pressure", 160, 160.1, 1),
        ("has-bled", "creatinine", 199.9, 200, 1),
        ("findrisc", "age", 44, 45, 2),
        ("findrisc", "age", 54, 55, 1),
        ("findrisc", "age", 64, 65, 1),
        ("findrisc", "bmi", 24.9, 25, 1),
        ("findrisc", "bmi", 30, 30.1, 2),
        ("findrisc", "waist", 79.9, 80, 3),  # a woman
        ("findrisc", "waist", 88, 88.1, 1),
        ("bode", "bmi", 21.1, 21, 1),
        ("bode", "fev1_percent", 65, 64.9, 1),
        ("bode", "fev1_percent", 50, 49.9, 1),
        ("bode", "fev1_percent", 35.1, 35, 1),
        ("bode", "six_minute_walk", 350, 349, 1),
        ("bode", "six_minute_walk", 250, 249, 1),
        ("bode", "six_minute_walk", 150, 149, 1),
        ("bode", "mmrc_dyspnoea", 1, 2, 1),
        ("maggic", "lvef", 40, 39, 2),
        ("maggic", "lvef", 20, 19, 1),
        ("maggic", "age", 54, 55, 3),
        ("maggic", "age", 79, 80, 3),
        ("maggic", "systolic_pressure", 130, 129, 1),
        ("maggic", "bmi", 30, 29.9, 2),
        ("maggic", "bmi", 15, 14.9, 1),
        ("maggic", "creatinine", 89.9, 90, 1),
        ("maggic", "creatinine", 249.9, 250, 2),
        ("maggic", "nyha_class", 2, 3, 4),
        ("maggic", "heart_failure_18_months", 0, 1, 2),
    ],
)
def test_each_bound_counts_from_where_it_is_printed(model_id, name, below, at, difference):
    everything = without_points(model_id)
    low = score(model_id, everything | {name: below})
    assert score(model_id, everything | {name: at}) - low == difference


def test_mens_waists_have_bounds_of_their_own():
    man = without_points("findrisc") | {"male": 1.0}
    found = [score("findrisc", man | {"waist": waist}) for waist in (93.9, 94, 102, 102.1)]
    assert found == [0, 3, 3, 4]


@pytest.mark.parametrize(
    ("male", "stroke", "diabetes", "step"),
    [(1, 0, 0, 0), (0, 0, 0, 0), (1, 0, 1, 1), (0, 0, 1, 1), (1, 1, 0, 2), (0, 1, 0, 2)],
)
def test_sex_alone_recommends_no_anticoagulation(male, stroke, diabetes, step):
    row = without_points("cha2ds2-vasc")
    row |= {"male": male, "thromboembolism": stroke, "diabetes": diabetes}
    output = run("cha2ds2-vasc", [row])
    assert output.categories["anticoagulation"][0] == step
    assert output.estimate[0, 0] - output.estimate[0, 1] == 1 - male


def test_a_dialysed_patient_with_a_high_creatinine_gets_one_renal_point():
    row = without_points("has-bled") | {"renal_replacement": 1.0, "creatinine": 800.0}
    assert score("has-bled", row) == 1


@pytest.mark.parametrize(
    ("points", "one_year", "three_years"),
    [(0, 0.015, 0.039), (20, 0.102, 0.247), (30, 0.248, 0.523)],
)
def test_the_mortality_of_maggic_is_that_of_its_score(points, one_year, three_years):
    for row, expected in cases("maggic"):
        if expected == points:
            assert run("maggic", [row]).estimate[0, 1:].tolist() == [one_year, three_years]
    if points == 0:
        estimate = run("maggic", [without_points("maggic")]).estimate[0]
        assert estimate.tolist() == [0.0, one_year, three_years]


def test_the_mortality_of_maggic_never_falls_with_the_score():
    found = sorted(
        run("maggic", [row]).estimate[0].tolist()
        for row, _ in cases("maggic")
    )  # fmt: skip
    for shorter, longer in itertools.pairwise(found):
        assert shorter[1] <= longer[1]
        assert shorter[2] <= longer[2]
        assert shorter[1] < shorter[2]
