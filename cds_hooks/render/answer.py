"""A model's answer as JSON for a program: figures as they are, reasons as codes and in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from cds_hooks.notice import Notice
from cds_hooks.prefetch import CLIENT_ONLY
from cds_hooks.render.choice import choice_json
from cds_hooks.wording import Wording
from inference.contract import InputSpec, ModelDefinition, Outcome
from inference.features.feature import Absent, Feature
from inference.prediction import (
    Answer,
    Estimate,
    ImputedValue,
    Placement,
    Prediction,
    Withheld,
)
from inference.reasons import Reason

Json = dict[str, Any]


def answer_json(answer: Answer, *, digest: str, wording: Wording) -> Json:
    """Return the answer with the physician's notice.

    Only a prediction has `estimates`; a model that made none has `withheld` with its reasons.
    """
    found: Json = {
        "model": {
            "id": answer.model.id,
            "version": answer.model.version,
            "name": wording.text(answer.model.name),
            "digest": f"sha256:{digest}",
        }
    }
    found |= choice_json(answer, wording)
    if isinstance(answer, Withheld):
        found |= _withheld(answer, wording)
    else:
        found |= _prediction(answer, wording)
    return found | {"notice": Notice(wording.language).text}


def withheld_reasons(withheld: Withheld, wording: Wording) -> list[Json]:
    """Return why a model made no estimate: exclusions, states, then each input."""
    excluded = [e for e in withheld.model.exclusions if e.flag in withheld.excluded_by]
    found = [{"code": "excluded", "state": e.flag, "text": wording.text(e.reason)}
             for e in excluded]  # fmt: skip
    found += [_reason(reason, wording) for reason in withheld.reasons]
    return found + [_absent(*pair, wording) for pair in withheld.absent]


def _withheld(withheld: Withheld, wording: Wording) -> Json:
    reasons = withheld_reasons(withheld, wording)
    return {"withheld": {"kind": withheld.kind, "reasons": reasons}}


def _prediction(prediction: Prediction, wording: Wording) -> Json:
    confidence = prediction.confidence
    return {
        "at": prediction.at.isoformat(),
        "region": prediction.region,
        "estimates": [_estimate(estimate, wording) for estimate in prediction.estimates],
        "notComputed": [_outcome(outcome, wording) for outcome in prediction.not_computed],
        "categories": [_placement(placed, wording) for placed in prediction.placements],
        "confidence": {
            "level": confidence.level,
            "probability": confidence.probability,
            "reasons": [_reason(reason, wording) for reason in confidence.reasons],
        },
        "inputs": _inputs(prediction.model, prediction.features, wording),
        "imputed": [_imputed(spec, prediction.imputed[spec.name], wording)
                    for spec in prediction.model.inputs if spec.name in prediction.imputed],
        "absent": [_absent(*pair, wording) for pair in prediction.absent],
        "reference": prediction.reference,
        "contributions": [
            {"input": each.spec.name, "share": each.share, "amount": each.amount,
             "reference": each.spec.reference}
            for each in prediction.contributions
        ],
        "contributionScale": prediction.model.contribution_scale,
        "counterfactuals": [
            {"input": each.spec.name, "at": each.spec.asked_at, "estimate": each.value}
            for each in prediction.counterfactuals
        ],
        "inputHash": f"sha256:{prediction.input_hash}",
    }  # fmt: skip


def _outcome(outcome: Outcome, wording: Wording) -> Json:
    return {
        "outcome": outcome.id,
        "name": wording.text(outcome.name),
        "unit": outcome.unit,
        "horizonYears": outcome.horizon_years,
    }


def _estimate(estimate: Estimate, wording: Wording) -> Json:
    """Return one figure; `possible` stands there only where unknown inputs leave a span."""
    found = _outcome(estimate.outcome, wording) | {
        "value": estimate.value,
        "interval": {"low": estimate.low, "high": estimate.high, "from": 0.05, "to": 0.95},
    }
    if estimate.possible is not None:
        low, high = estimate.possible
        found["possible"] = {"low": low, "high": high}
    return found


def _placement(placed: Placement, wording: Wording) -> Json:
    return {
        "scale": placed.scale.id,
        "name": wording.text(placed.scale.name),
        "steps": [
            {"id": step.id, "name": wording.text(step.name), "attention": step.attention}
            for step in placed.steps
        ],
    }


def _inputs(
    model: ModelDefinition, features: Mapping[str, Feature], wording: Wording
) -> list[Json]:
    found = []
    for spec in model.inputs:
        feature = features.get(spec.name)
        if feature is None:
            continue
        found.append(
            {
                "input": spec.name,
                "label": wording.text(spec.label),
                "value": feature.value,
                "unit": feature.unit,
                "reported": feature.reported,
                "conversion": feature.conversion,
                "effective": feature.effective.isoformat() if feature.effective else None,
                "sources": _sources(feature.sources),
            }
        )
    return found


def _imputed(spec: InputSpec, found: ImputedValue, wording: Wording) -> Json:
    """Return what stood for a value that was not measured; `population` is a country."""
    return {
        "input": spec.name,
        "label": wording.text(spec.label),
        "middle": found.value,
        "interval": {"low": found.low, "high": found.high, "from": 0.05, "to": 0.95},
        "unit": spec.unit,
        "population": found.population,
        "source": wording.population(found.population),
    }


def _sources(sources: Sequence[str]) -> list[str]:
    return [source.removeprefix(CLIENT_ONLY) for source in sources]


def _reason(reason: Reason, wording: Wording) -> Json:
    return {"code": reason.code, "text": wording.reason(reason)}


def _absent(spec: InputSpec, absent: Absent, wording: Wording) -> Json:
    return {
        "input": spec.name,
        "label": wording.text(spec.label),
        "code": absent.reason.code,
        "text": wording.reason(absent.reason),
    }
