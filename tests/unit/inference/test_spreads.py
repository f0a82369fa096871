"""The spread of one reading is the same in every model, in any unit and through an eGFR too."""

import math
from collections import defaultdict

import numpy as np
import pytest

from inference.prediction import Prediction
from tests.support.patients import (
    REGISTRY,
    observation,
    predictor,
    snapshot,
    usual_results,
    without,
)


def test_one_quantity_has_one_spread():
    found = defaultdict(set)
    for model in REGISTRY:
        for spec in model.definition.inputs:
            if spec.feature != "hba1c":  # whose two units have different zeros
                found[spec.feature].add((spec.cv, spec.sd))
    assert {name: spreads for name, spreads in found.items() if len(spreads) > 1} == {}


def test_an_hba1c_spreads_alike_in_per_cent_and_in_mmol_per_mol():
    """IFCC = 10.93 NGSP - 23.5: at 6.5-9 % the NGSP's 2 % are 2.6-3.0 % of the IFCC figure."""
    specs = {
        spec.unit: spec
        for model in REGISTRY
        for spec in model.definition.inputs
        if spec.feature == "hba1c"
    }
    for ngsp in (6.5, 7.5, 9.0):
        spread = specs["%"].cv * ngsp * 10.93
        assert spread / (10.93 * ngsp - 23.5) == pytest.approx(specs["mmol/mol"].cv, abs=0.005)


@pytest.mark.parametrize("creatinine", ["160", "230", "320"])
def test_kfre_s_interval_holds_the_spread_of_the_creatinine_behind_its_egfr(creatinine):
    """A man of 58: the same error of the same creatinine on the cards of CKD-EPI and of KFRE."""
    results = [
        *without(usual_results(), "crea", "acr"),
        observation("crea", "14682-9", creatinine, "umol/L"),
        observation("acr", "9318-7", "300", "mg/g"),
    ]
    named = [REGISTRY.get(name) for name in ("ckd-epi-2021", "kfre-4")]
    ckd_epi, kfre = predictor().answer_named(named, snapshot(observations=results))
    assert isinstance(ckd_epi, Prediction)
    assert isinstance(kfre, Prediction)
    # By hand, in logarithms of the cumulative hazard: both errors are normal there, but for the
    # small curve of an eGFR, so that the interval is 1.645 standard deviations either way.
    rng = np.random.default_rng(1)
    age, acr = kfre.inputs["age"], kfre.inputs["acr"] * np.exp(rng.normal(0, 0.30, 200_000))
    reading = ckd_epi.inputs["creatinine"] * np.exp(rng.normal(0, 0.055, 200_000))
    egfr = 142 * (reading / 0.9) ** -1.2 * 0.9938**age
    x = (
        -0.2201 * (age / 10 - 7.036)
        + 0.2467 * (1 - 0.5642)
        - 0.5567 * (egfr / 5 - 7.222)
        + 0.4510 * (np.log(acr) - 5.137)
    )
    low, high = np.log(-math.log(0.9365)) + np.quantile(x, [0.05, 0.95])
    ends = [math.log(-math.log(1 - end)) for end in (kfre.primary.low, kfre.primary.high)]
    assert ends == pytest.approx([low, high], abs=0.04)
