"""A recorded prediction computed again, from its record alone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from cds_hooks.record import (
    DIGEST_SYSTEM,
    ESTIMATE_EXTENSION,
    IMPUTED_PARTS,
    INPUT_HASH_SYSTEM,
    INPUTS_ID,
    MODEL_SYSTEM,
    POPULATION_PART,
)
from inference.input_row import input_hash, recompute
from inference.prediction import ImputedValue
from inference.registry import LoadedModel


class ReplayRefused(ValueError):
    """The record cannot be computed again; the text says why."""


class Library(Protocol):
    """Where the versions of models are, those that speak no more included."""

    def held(self, model_id: str, version: str) -> LoadedModel | None:
        """Return exactly that version, None where it is not here."""
        ...


@dataclass(frozen=True, slots=True)
class Replayed:
    """One outcome as it was recorded and as it was computed again."""

    outcome: str
    recorded: float
    computed: float

    @property
    def same(self) -> bool:
        """Whether the two are the same float64."""
        return self.recorded == self.computed


def replay(
    assessment: Mapping[str, Any], provenance: Mapping[str, Any], library: Library
) -> tuple[Replayed, ...]:
    """Compute a RiskAssessment again; `ReplayRefused` where model or inputs are not the same."""
    model = _model(assessment, library)
    inputs, imputed = recorded_inputs(assessment, model)
    expected = {
        DIGEST_SYSTEM: model.digest,
        INPUT_HASH_SYSTEM: input_hash(model.definition, model.digest, inputs, imputed),
    }
    for system, digest in expected.items():
        recorded = _entity(provenance, system)
        if recorded != f"sha256:{digest}":
            raise ReplayRefused(f"{system}: recorded {recorded}, here sha256:{digest}")
    computed = recompute(model, inputs, imputed)
    outcomes = [outcome.id for outcome in model.definition.outcomes]
    return tuple(
        Replayed(outcome, value, computed[outcomes.index(outcome)])
        for outcome, value in _estimates(assessment)
    )


def _model(assessment: Mapping[str, Any], library: Library) -> LoadedModel:
    for coding in assessment.get("method", {}).get("coding", ()):
        if coding.get("system") != MODEL_SYSTEM:
            continue
        model = library.held(str(coding.get("code")), str(coding.get("version")))
        if model is None:
            wanted = f"{coding.get('code')} {coding.get('version')}"
            raise ReplayRefused(f"this server does not hold the model {wanted}")
        return model
    raise ReplayRefused("RiskAssessment.method names no model of Attending")


def recorded_inputs(
    assessment: Mapping[str, Any], model: LoadedModel
) -> tuple[Mapping[str, float], Mapping[str, ImputedValue]]:
    """Return the row that the graph read, NaN for what was not known, and what was imputed."""
    contained = assessment.get("contained", ())
    parameters: Mapping[str, Any] = next((p for p in contained if p.get("id") == INPUTS_ID), {})
    recorded = {p["name"]: p for p in parameters.get("parameter", ())}
    names = [spec.name for spec in model.definition.inputs]
    missing = [name for name in names if name not in recorded]
    if missing:
        raise ReplayRefused(f"RiskAssessment.contained lacks the inputs {', '.join(missing)}")
    imputed = {name: _imputed(recorded[name]) for name in names if "part" in recorded[name]}
    inputs = {
        name: imputed[name].value
        if name in imputed
        else float(recorded[name].get("valueDecimal", math.nan))
        for name in names
    }
    return inputs, imputed


def _imputed(parameter: Mapping[str, Any]) -> ImputedValue:
    parts = {part["name"]: part for part in parameter["part"]}
    try:
        value, low, high = (float(parts[name]["valueDecimal"]) for name in IMPUTED_PARTS)
        return ImputedValue(value, low, high, str(parts[POPULATION_PART]["valueCode"]))
    except KeyError as lacking:
        text = f"the imputed input {parameter['name']} lacks {lacking}"
        raise ReplayRefused(text) from None


def _entity(provenance: Mapping[str, Any], system: str) -> str | None:
    for entity in provenance.get("entity", ()):
        identifier = entity.get("what", {}).get("identifier", {})
        if identifier.get("system") == system:
            return str(identifier.get("value"))
    return None


def _estimates(assessment: Mapping[str, Any]) -> list[tuple[str, float]]:
    found = []
    for prediction in assessment.get("prediction", ()):
        outcome = prediction["outcome"]["coding"][0]["code"]
        value = next(
            extension["valueQuantity"]["value"]
            for extension in prediction.get("extension", ())
            if extension.get("url") == ESTIMATE_EXTENSION
        )
        found.append((outcome, float(value)))
    return found
