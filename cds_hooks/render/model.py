"""A model's definition as JSON: everything that it needs, says, and does not know."""

from typing import Any

from inference.contract import (
    CategoryScale,
    InputSpec,
    ModelDefinition,
    Text,
)
from inference.registry import LoadedModel
from terminology.catalogue import Catalogue

Json = dict[str, Any]


def model_line(model: LoadedModel, *, state: str) -> Json:
    """Return what a list says of a model; texts in both languages."""
    definition = model.definition
    return {
        "id": definition.id,
        "version": definition.version,
        "state": state,
        "digest": f"sha256:{model.digest}",
        "name": _text(definition.name),
        "taskClass": definition.task_class.value,
        "question": {"id": definition.question.id, "name": _text(definition.question.name)},
        "speaks": _speaks(definition),
    }


def model_json(model: LoadedModel, catalogue: Catalogue, *, state: str) -> Json:
    """Return the whole definition; `catalogue` knows the canonical units of laboratory values."""
    definition = model.definition
    return model_line(model, state=state) | {
        "population": _text(definition.population),
        "inputs": [_input(spec, catalogue) for spec in definition.inputs],
        "outcomes": [
            {
                "id": outcome.id,
                "name": _text(outcome.name),
                "unit": outcome.unit,
                "horizonYears": outcome.horizon_years,
                "provides": outcome.provides,
            }
            for outcome in definition.outcomes
        ],
        "scales": [_scale(scale) for scale in definition.scales],
        "exclusions": [
            {
                "state": exclusion.flag,
                "reason": _text(exclusion.reason),
                "unknownWithholds": exclusion.unknown_withholds,
            }
            for exclusion in definition.exclusions
        ],
        "contributionScale": definition.contribution_scale,
        "evidence": [
            {"region": e.region, "grade": e.grade.value, "summary": _text(e.summary)}
            for e in definition.evidence
        ],
        "limits": [_text(limit) for limit in definition.limits],
        **_origin(definition),
    }


def _speaks(definition: ModelDefinition) -> Json:
    """Return whether a model answers unasked: where and of whom; or why on request only."""
    speaks = definition.speaks
    if speaks is None:
        why = definition.on_request
        return {"unasked": False} if why is None else {"unasked": False, "why": _text(why)}
    return {
        "unasked": True,
        "why": _text(speaks.why),
        "regions": list(speaks.regions),
        "when": list(speaks.when),
        "rank": speaks.rank,
    }


def _origin(definition: ModelDefinition) -> Json:
    return {
        "citation": definition.citation,
        "citationUrl": definition.citation_url,
        "coefficientProvenance": definition.coefficient_provenance,
        "licence": definition.licence,
    }


def _input(spec: InputSpec, catalogue: Catalogue) -> Json:
    analyte = catalogue.measured(spec.feature)
    return {
        "name": spec.name,
        "feature": spec.feature,
        "label": _text(spec.label),
        "unit": spec.unit,
        "canonicalUnit": None if analyte is None else analyte.canonical_unit,
        "low": spec.low,
        "high": spec.high,
        "loinc": list(spec.loinc),
        "maxAgeDays": spec.max_age_days,
        "whenAbsent": spec.when_absent.value,
        "span": list(spec.span),
        "assumed": spec.assumed,
        "neededFor": list(spec.needed_for),
        "sd": spec.sd,
        "cv": spec.cv,
        "reference": spec.reference,
        "askedAt": spec.asked_at,
    }


def _scale(scale: CategoryScale) -> Json:
    return {
        "id": scale.id,
        "name": _text(scale.name),
        "steps": [
            {"id": step.id, "name": _text(step.name), "attention": step.attention}
            for step in scale.steps
        ],
        "bounds": list(scale.bounds),
        "guideline": _text(scale.guideline),
        "citation": scale.citation,
    }


def _text(text: Text) -> dict[str, str]:
    return {"zh-CN": text.zh, "en": text.en}
