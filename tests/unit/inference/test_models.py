"""One suite over every model folder: contract, integrity, exactness of the graph."""

import hashlib
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference import folders
from inference.contract import WhenAbsent
from inference.features.smoking import SMOKING_MAX_AGE_DAYS
from inference.registry import ModelRefused, ModelRegistry, golden_cases, load, shipped_files
from inference.releases import manifest
from terminology import catalogue as catalogue_room
from tests.support import oracles

REGISTRY = ModelRegistry.discover()
MODELS = {model.definition.id: model for model in REGISTRY}
CATALOGUE = catalogue_room.load()

every_model = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)


def row(model, values: dict[str, float]) -> np.ndarray:
    named = [values.get(spec.name, math.nan) for spec in model.definition.inputs]
    return np.array([named], dtype=np.float64)


@st.composite
def inputs(draw, model_id: str) -> dict[str, float]:
    found = {}
    for spec in MODELS[model_id].definition.inputs:
        if spec.unit == "1":
            found[spec.name] = float(draw(st.booleans()))
        elif spec.unit in ("a", "{decile}"):
            found[spec.name] = float(draw(st.integers(int(spec.low), int(spec.high))))
        else:
            found[spec.name] = draw(st.floats(max(spec.low, 1e-3), spec.high))
    return found


@every_model
def test_golden_cases_are_repeated(model):
    name = next(n for n in folders.names() if folders.definition(n) is model.definition)
    cases = golden_cases(folders.path(name) / folders.GOLDEN)
    assert len(cases) >= 8
    outcomes = [o.id for o in model.definition.outcomes]
    for case in cases:
        estimate = model.engine.run(row(model, case["inputs"])).estimate[0]
        for outcome, expected in case["expected"].items():
            found = estimate[outcomes.index(outcome)]
            assert found == pytest.approx(expected, abs=case["tolerance"]), case["source"]


@every_model
def test_inputs_name_loinc_codes_of_the_catalogue(model):
    for spec in model.definition.inputs:
        for code in spec.loinc:
            analyte = CATALOGUE.by_loinc(code)
            assert analyte is not None, f"{spec.name}: {code} is not in the lab catalogue"
            if spec.feature != "current_smoker":
                assert analyte.id == spec.feature
        # A grade or class ("{class}") is answered by a code, not measured.
        quantity = spec.unit not in ("1", "a") and not spec.unit.startswith("{")
        assert not quantity or spec.loinc, f"{spec.name} has no LOINC code"


@every_model
def test_a_smoking_status_may_be_as_old_as_the_model_says(model):
    """The record is read by one rule for all models: what each publishes must be that rule."""
    smoking = [s for s in model.definition.inputs if s.feature == "current_smoker"]
    assert {spec.max_age_days for spec in smoking} <= {SMOKING_MAX_AGE_DAYS}


@every_model
def test_definition_is_complete(model):
    definition = model.definition
    assert definition.citation
    assert definition.coefficient_provenance
    assert "*" in {entry.region for entry in definition.evidence}
    for spec in definition.inputs:
        assert spec.low < spec.high
        if spec.when_absent is WhenAbsent.SPAN:
            assert spec.assumed in spec.span
        if spec.when_absent is WhenAbsent.LIMITS_OUTCOMES:
            assert set(spec.needed_for) <= {o.id for o in definition.outcomes}


@settings(max_examples=200, deadline=None)
@given(inputs("china-par"))
def test_china_par_graph_equals_the_equation(values):
    model = MODELS["china-par"]
    output = model.engine.run(row(model, values))
    risk = oracles.china_par(values)
    assert output.estimate[0, 0] == pytest.approx(risk, rel=1e-12, abs=1e-12)
    expected = 2 if output.estimate[0, 0] >= 0.10 else 1 if output.estimate[0, 0] >= 0.05 else 0
    assert output.categories["risk-category"][0] == expected


@settings(max_examples=200, deadline=None)
@given(inputs("ckd-epi-2021"))
def test_ckd_epi_graph_equals_the_equation(values):
    model = MODELS["ckd-epi-2021"]
    output = model.engine.run(row(model, values))
    egfr = oracles.ckd_epi_2021(values)
    assert output.estimate[0, 0] == pytest.approx(egfr, rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(inputs("prevent-base-10y"))
def test_prevent_graph_equals_the_equation(values):
    model = MODELS["prevent-base-10y"]
    estimate = model.engine.run(row(model, values)).estimate[0]
    for outcome, risk in zip(oracles.prevent_base(values).values(), estimate, strict=True):
        assert risk == pytest.approx(outcome, rel=1e-12, abs=1e-12)


def china_par_risk(total, values):
    survival = 0.9707 if values["male"] else 0.9904
    return -np.expm1(np.exp(total) * np.log(survival))


# What turns base and contributions into the estimate; later models have it in their own tests.
LINKS = {
    "china-par": china_par_risk,
    "ckd-epi-2021": lambda total, values: np.exp(total),
    "prevent-base-10y": lambda total, values: 1 / (1 + np.exp(-total)),
}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(LINKS)).flatmap(lambda m: st.tuples(st.just(m), inputs(m))))
def test_contributions_and_base_add_up_to_the_linear_predictor(case):
    model_id, values = case
    output = MODELS[model_id].engine.run(row(MODELS[model_id], values))
    total = output.base[0] + output.contributions[0].sum(axis=1)
    assert LINKS[model_id](total, values) == pytest.approx(output.estimate[0], rel=1e-9)


@pytest.mark.parametrize(
    ("egfr_of", "stage"),
    [(0.6, 0), (1.4, 2), (2.0, 3), (3.5, 4), (8.0, 5)],
)
def test_kdigo_gfr_stages(egfr_of, stage):
    model = MODELS["ckd-epi-2021"]
    output = model.engine.run(row(model, {"male": 1, "age": 60, "creatinine": egfr_of}))
    assert output.categories["gfr-category"][0] == stage
    assert output.categories["albuminuria-category"][0] == -1
    assert output.categories["kdigo-risk"][0] == -1


@pytest.mark.parametrize(("acr", "albuminuria"), [(29.9, 0), (30.0, 1), (300.0, 1), (300.1, 2)])
def test_kdigo_albuminuria_bounds(acr, albuminuria):
    model = MODELS["ckd-epi-2021"]
    values = {"male": 0, "age": 50, "creatinine": 0.7, "acr": acr}
    output = model.engine.run(row(model, values))
    assert output.categories["albuminuria-category"][0] == albuminuria
    assert output.categories["kdigo-risk"][0] == (0, 1, 2)[albuminuria]


def test_prevent_without_body_mass_index_leaves_out_heart_failure_alone():
    model = MODELS["prevent-base-10y"]
    values = {
        "male": 0, "age": 50, "total_cholesterol": 200, "hdl_cholesterol": 45,
        "systolic_pressure": 160, "egfr": 90, "diabetes": 1, "smoker": 0, "treated": 1,
        "statin": 0,
    }  # fmt: skip
    estimate = model.engine.run(row(model, values)).estimate[0]
    named = dict(zip([o.id for o in model.definition.outcomes], estimate, strict=True))
    assert math.isnan(named.pop("heart-failure"))
    assert named["cvd"] == pytest.approx(0.147, abs=5e-4)
    assert all(math.isfinite(risk) for risk in named.values())


def copied(name: str, target: Path) -> Path:
    return Path(shutil.copytree(folders.path(name), target / name))


@pytest.mark.parametrize("name", [folders.GRAPH, folders.GOLDEN, folders.MANIFEST])
def test_one_changed_byte_of_a_shipped_file_is_refused(tmp_path, name):
    folder = copied("china_par", tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelRefused):
        load("china_par", folder)


def test_the_refusal_of_a_changed_graph_names_the_file_and_both_sums(tmp_path):
    folder = copied("china_par", tmp_path)
    expected = hashlib.sha256((folder / folders.GRAPH).read_bytes()).hexdigest()
    (folder / folders.GRAPH).write_bytes(b"another graph")
    with pytest.raises(ModelRefused) as refused:
        load("china_par", folder)
    found = hashlib.sha256(b"another graph").hexdigest()
    for said in (refused.value.said.en, refused.value.said.zh):
        assert folders.GRAPH in said
        assert found in said
        assert expected in said


def test_a_definition_that_says_something_else_than_the_manifest_is_refused(tmp_path, monkeypatch):
    folder = copied("china_par", tmp_path)
    changed = replace(folders.definition("china_par"), licence="anything")
    monkeypatch.setattr(folders, "definition", lambda _name: changed)
    with pytest.raises(ModelRefused, match=r"definition\.json: sha256 is"):
        load("china_par", folder)


def test_a_graph_that_misses_its_worked_examples_is_refused(tmp_path):
    folder = copied("ckd_epi_2021", tmp_path)
    golden = (folder / folders.GOLDEN).read_text(encoding="utf-8")
    (folder / folders.GOLDEN).write_text(golden.replace('"egfr": 1', '"egfr": 2'))
    definition = folders.definition("ckd_epi_2021")
    files = shipped_files(definition, folder)
    written = manifest.describe(definition.id, definition.version, files).render()
    (folder / folders.MANIFEST).write_bytes(written)
    with pytest.raises(ModelRefused, match="worked example"):
        load("ckd_epi_2021", folder)


def test_two_models_of_one_id_stop_the_start():
    model = MODELS["china-par"]
    with pytest.raises(ModelRefused, match="two model folders"):
        ModelRegistry([model, model])


GRADED = sorted(id for id, m in MODELS.items() if m.definition.scales)


@settings(max_examples=200)
@given(st.sampled_from(GRADED).flatmap(lambda m: st.tuples(st.just(m), inputs(m))))
def test_the_declared_bounds_are_those_of_the_graph(case):
    model_id, values = case
    model = MODELS[model_id]
    output = model.engine.run(row(model, values))
    scale = model.definition.scales[0]
    if len(scale.bounds) != len(scale.steps) - 1:
        return  # bounds that depend on the age or are of another outcome: the model's own tests
    value = output.estimate[0, 0]
    rising = scale.bounds == tuple(sorted(scale.bounds))
    step = sum(value >= b for b in scale.bounds) if rising else sum(value < b for b in scale.bounds)
    assert output.categories[scale.id][0] == step


@every_model
def test_a_required_input_that_is_not_known_leaves_no_number(model):
    values = {
        s.name: 1.0 if s.unit == "1" else (s.low + s.high) / 2 for s in model.definition.inputs
    }
    for spec in model.definition.inputs:
        if spec.when_absent is not WhenAbsent.REQUIRED:
            continue
        output = model.engine.run(row(model, values | {spec.name: math.nan}))
        assert np.isnan(output.estimate[0]).any(), spec.name
        assert np.isnan(output.estimate[0, 0]), spec.name
        if (model.definition.id, spec.name) == ("cha2ds2-vasc", "male"):
            continue  # its category goes without sex
        for scale in model.definition.scales[:1]:
            assert output.categories[scale.id].tolist() == [-1], spec.name
