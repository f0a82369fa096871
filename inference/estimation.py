"""One model's figures for one patient: estimate, interval, categories, shares, confidence."""

import math
from collections.abc import Collection, Sequence

import numpy as np

from inference import explanation, uncertainty
from inference.confidence import judge
from inference.contract import InputSpec, ModelDefinition, Outcome
from inference.engine import GraphFailed, GraphOutput
from inference.features.feature import Absent
from inference.input_row import Known, input_hash, rows
from inference.prediction import Estimate, Placement, Prediction
from inference.registry import LoadedModel
from inference.snapshot import PatientSnapshot


def predict(
    model: LoadedModel,
    snapshot: PatientSnapshot,
    known: Known,
    *,
    region: str,
    validated: Collection[str],
) -> Prediction:
    """Return the prediction from what is known; `GraphFailed` where the graph gives no number.

    `region` and `validated` are the predictor's.
    """
    definition = model.definition
    specs = definition.inputs
    features, absent = known.features, known.absent
    recorded = known.row(specs)
    gone = [math.isnan(value) for value in recorded.values()]
    readings, probes = rows(specs, recorded, known.imputed_names(specs), known.imputed)
    run = model.engine.run(np.concatenate([readings, probes.rows]))
    output, answers = run.rows(0, len(readings)), run.rows(len(readings))
    corners = uncertainty.corner_count(specs, gone)
    imputed = known.values(specs, readings[1 + corners :])
    estimates, not_computed = _estimates(definition, output, corners, absent)
    placements, probability = _placements(definition, output, corners)
    reference = explanation.reference_estimate(definition, answers)
    return Prediction(
        model=definition,
        digest=model.digest,
        at=snapshot.taken_at,
        region=region,
        inputs=recorded,
        input_hash=input_hash(definition, model.digest, recorded, imputed),
        features=features,
        absent=absent,
        estimates=estimates,
        not_computed=not_computed,
        placements=placements,
        reference=reference,
        contributions=explanation.contributions(definition, features, output, reference, imputed),
        counterfactuals=explanation.counterfactuals(
            probes.asked, features, answers, estimates[0].value
        ),
        confidence=judge(
            definition,
            region=region,
            validated_here=f"{definition.id}@{definition.version}" in validated,
            probability=probability,
            features=features.values(),
            absent=absent,
            unknown_states=[*snapshot.cautions, *known.unknown],
            imputed=imputed,
        ),
        imputed=imputed,
    )


def _estimates(
    definition: ModelDefinition,
    output: GraphOutput,
    corners: int,
    absent: Sequence[tuple[InputSpec, Absent]],
) -> tuple[tuple[Estimate, ...], tuple[Outcome, ...]]:
    limited = {name for spec, _ in absent for name in spec.needed_for}
    # Between two scores there is none, nor a mortality that is read from one.
    is_counted = definition.contribution_scale == "points"
    ends = uncertainty.interval_of_steps if is_counted else uncertainty.interval
    lows, highs = ends(output.estimate[1 + corners :])
    estimates = []
    not_computed = []
    for column, outcome in enumerate(definition.outcomes):
        if outcome.id in limited:
            not_computed.append(outcome)
            continue
        values = output.estimate[:, column]
        if not np.isfinite(values).all():
            raise GraphFailed(f"{definition.id}: {outcome.id} is not a finite number")
        possible = values[1 : 1 + corners]
        least, most = float(possible.min()), float(possible.max())
        # An equation may have no term for what is not known: women's China-PAR, family history.
        span = (least, most) if least < most else None
        # How often an unknown input has which value nobody knows: the interval leaves none out.
        low, high = min(float(lows[column]), least), max(float(highs[column]), most)
        estimates.append(Estimate(outcome, float(values[0]), low, high, span))
    return tuple(estimates), tuple(not_computed)


def _placements(
    definition: ModelDefinition, output: GraphOutput, corners: int
) -> tuple[tuple[Placement, ...], float | None]:
    """Place the patient on each scale; the share of draws that stay on the step of every scale."""
    if not definition.scales:
        return (), None
    placements = []
    stay = np.ones(len(output.estimate) - 1 - corners, dtype=np.bool_)
    for scale in definition.scales:
        steps = output.categories[scale.id]
        known = sorted({int(step) for step in steps[: 1 + corners] if step >= 0})
        placements.append(Placement(scale, tuple(scale.steps[step] for step in known)))
        # The card tells all of them: an A2 at its bound is not stable because the G2 is.
        stay &= steps[1 + corners :] == steps[0]
    return tuple(placements), float(np.mean(stay))
