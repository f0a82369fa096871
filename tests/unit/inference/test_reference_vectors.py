"""Reference outputs of public programs: every row, to the last printed digit."""

import numpy as np
import pytest

from inference.registry import ModelRegistry
from tests.support.vectors import rows

MODELS = {model.definition.id: model for model in ModelRegistry.discover()}


def run(model_id: str, matrix: list[list[float]]) -> np.ndarray:
    return MODELS[model_id].engine.run(np.array(matrix, dtype=np.float64)).estimate


def test_china_par_equals_every_reference_row():
    found = rows("china_par.csv")
    columns = ["age", "sbp", "tx", "tc", "hdl", "waist", "smk", "dm", "north", "urban", "fh"]
    matrix = [[r["sex"] == "male", *(float(r[c]) for c in columns)] for r in found]
    expected = [float(r["expected_S0_0p9707_0p9904"]) for r in found]
    assert run("china-par", matrix)[:, 0] == pytest.approx(expected, abs=1e-9)


def test_ckd_epi_equals_every_reference_row():
    found = rows("ckd_epi_2021.csv")
    matrix = [[r["sex"] == "male", float(r["age"]), float(r["scr_mg_dl"]), np.nan] for r in found]
    # The file prints six decimals.
    expected = [float(r["expected_ckdepi2021"]) for r in found]
    assert run("ckd-epi-2021", matrix)[:, 0] == pytest.approx(expected, abs=5.1e-7, rel=0)
    assert [round(v) for v in run("ckd-epi-2021", matrix)[:, 0]] == pytest.approx(
        [float(r["peer_clincalc"]) for r in found], abs=1
    )


def test_prevent_base_equals_every_reference_row():
    found = rows("prevent_base.csv")
    columns = ["age", "tc", "hdl", "sbp", "bmi", "egfr", "dm", "smk", "bptx", "statin"]
    matrix = [[r["sex"] == "male", *(float(r[c]) for c in columns)] for r in found]
    estimate = run("prevent-base-10y", matrix)
    for column, name in enumerate(("total_cvd", "ascvd", "heart_failure", "chd", "stroke")):
        expected = [float(r[f"expected_{name}_10y"]) for r in found]
        assert estimate[:, column] == pytest.approx(expected, abs=1e-9)
