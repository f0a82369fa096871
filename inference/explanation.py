"""What moved an estimate, in the estimate's own terms, and what the model says elsewhere.

A graph gives each input's exact share of the linear predictor. A person reads risks, so the
difference from the reference person's estimate is handed out in the same proportions: the
Aumann-Shapley value of `f(base + sum of shares)`, which adds up exactly (Sundararajan et al.,
"Axiomatic Attribution for Deep Networks", ICML 2017, on one straight path).
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inference.contract import InputSpec, ModelDefinition
from inference.engine import GraphFailed, GraphOutput, Matrix
from inference.features.feature import Feature
from inference.prediction import Contribution, Counterfactual

MOST_COUNTERFACTUALS = 3
_ROUNDING = 1e-12  # a value at its reference has no share but what rounding leaves
_CANCELLED = 1e-6  # shares this small in sum have no direction of their own


@dataclass(frozen=True, slots=True)
class Probes:
    """Rows that are run beside a patient's: the reference person, then one input changed in each.

    `rows` is [1 + len(asked), k].
    """

    rows: Matrix
    asked: tuple[InputSpec, ...]


def probes(specs: Sequence[InputSpec], point: Sequence[float], known: Collection[str]) -> Probes:
    """Return the rows that explain `point`; only an input that is `known` is asked elsewhere."""
    reference = [
        spec.reference if spec.reference is not None and not math.isnan(value) else value
        for spec, value in zip(specs, point, strict=True)
    ]
    rows = [reference]
    asked = []
    for column, spec in enumerate(specs):
        if spec.asked_at is None or spec.name not in known or spec.asked_at == point[column]:
            continue
        elsewhere = list(point)
        elsewhere[column] = spec.asked_at
        rows.append(elsewhere)
        asked.append(spec)
    return Probes(np.array(rows, dtype=np.float64), tuple(asked))


def reference_estimate(model: ModelDefinition, answers: GraphOutput) -> float:
    """Return the primary estimate of the person who has every input at its reference."""
    found = float(answers.estimate[0, 0])
    if not math.isfinite(found):
        raise GraphFailed(f"{model.id}: the reference person has no finite estimate")
    return found


def contributions(
    model: ModelDefinition,
    features: Mapping[str, Feature],
    output: GraphOutput,
    reference: float,
    imputed: Collection[str] = (),
) -> tuple[Contribution, ...]:
    """Return the share of each known or imputed input in `estimate - reference`, largest first.

    `output` holds the patient in row 0 and plausible readings in the others.
    """
    amounts = output.contributions[0, 0]
    rate = _rate(model, output, reference)
    found = [
        Contribution(spec, features.get(spec.name), float(amount), float(amount) * rate)
        for spec, amount in zip(model.inputs, amounts, strict=True)
        if (spec.name in features or spec.name in imputed) and abs(amount) > _ROUNDING
    ]
    return tuple(sorted(found, key=lambda c: abs(c.amount), reverse=True))


def _rate(model: ModelDefinition, output: GraphOutput, reference: float) -> float:
    """Return how much of the estimate goes with one unit of the linear predictor."""
    if model.contribution_scale == "points":
        return 1.0
    estimate = float(output.estimate[0, 0])
    total = float(output.contributions[0, 0].sum())
    if abs(total) > _CANCELLED:
        return (estimate - reference) / total
    # The shares cancel out: what is left of the quotient is the slope, read off the readings.
    predictor = output.base[:, 0] + output.contributions[:, 0].sum(axis=1)
    steps = predictor - predictor[0]
    apart = np.flatnonzero(np.abs(steps) > _CANCELLED)
    if not len(apart):
        return 0.0
    nearest = apart[np.abs(steps[apart]).argmin()]
    return float((output.estimate[nearest, 0] - estimate) / steps[nearest])


def counterfactuals(
    asked: Sequence[InputSpec],
    features: Mapping[str, Feature],
    answers: GraphOutput,
    estimate: float,
) -> tuple[Counterfactual, ...]:
    """Return where the model's estimate would be lower, the lowest first.

    It says what the same equation gives for another person, never what a treatment does.
    """
    found = [
        Counterfactual(spec, features[spec.name], float(value))
        for spec, value in zip(asked, answers.estimate[1:, 0], strict=True)
        if value < estimate
    ]
    return tuple(sorted(found, key=lambda c: c.value)[:MOST_COUNTERFACTUALS])
