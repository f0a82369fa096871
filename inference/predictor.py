"""Runs every model on one snapshot: features, applicability, graph, interval, confidence."""

import hashlib
import json
import logging
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Literal, Protocol

import numpy as np

from inference import explanation, uncertainty
from inference.confidence import judge
from inference.contract import InputSpec, ModelDefinition, Outcome, Voice, WhenAbsent
from inference.engine import GraphFailed, GraphOutput, Matrix
from inference.features.extract import FeatureReader
from inference.features.feature import Absent, Feature
from inference.features.risk_regions import NOT_STATED, RiskRegions
from inference.features.stated import StatedFeatures
from inference.prediction import (
    Answer,
    Estimate,
    Placement,
    Prediction,
    Shadowed,
    Withheld,
)
from inference.reasons import Reason
from inference.registry import LoadedModel, Models
from inference.snapshot import PatientSnapshot
from terminology.catalogue import Catalogue
from terminology.local_codes import LocalCodes

_log = logging.getLogger(__name__)

Span = Callable[[str], AbstractContextManager[object]]


def _untimed(_name: str) -> AbstractContextManager[object]:
    return nullcontext()


def _unheard(_shadowed: Shadowed) -> None:
    """Take what a shadow said, and tell nobody."""


class Features(Protocol):
    """One patient's features, read from resources or stated by a caller."""

    @property
    def snapshot(self) -> PatientSnapshot:
        """The patient at one moment."""
        ...

    def read(self, spec: InputSpec) -> Feature | Absent:
        """Return the value of an input, inside the model's domain."""
        ...

    def flag(self, name: str) -> Feature | Absent:
        """Return a state that may exclude."""
        ...


@dataclass(frozen=True, slots=True)
class Predictor:
    """All models of a deployment.

    `registry` gives the models of now; every answer takes them once. `on_shadow` hears what a
    version in the state `shadow` would have said; nobody else does.

    `region` is the ISO 3166 country whose evidence and baseline risk count; `validated` holds
    `id@version` of the models that the hospital validated on its own patients; `risk_regions` are
    the regions of the SCORE2 models that the deployment states.
    """

    registry: Models
    catalogue: Catalogue
    zone: tzinfo
    region: str
    validated: Collection[str] = ()
    local_codes: LocalCodes | None = None
    risk_regions: RiskRegions = NOT_STATED
    on_shadow: Callable[[Shadowed], None] = _unheard

    def answer_all(self, snapshot: PatientSnapshot, *, span: Span = _untimed) -> tuple[Answer, ...]:
        """Return one answer per model that speaks unasked, in the registry's order.

        None is left out silently; `span` times two steps of each, `features` and `inference`.
        """
        models = self.registry.current
        shadows = [m for m in models.shadows if m.definition.voice is Voice.UNASKED]
        answers = self._answers(models.unasked, shadows, snapshot, span)
        return tuple(answers[model.definition.id] for model in models.unasked)

    def answer(self, model: LoadedModel, snapshot: PatientSnapshot) -> Answer:
        """Return the answer of one model, whichever way it speaks."""
        models = self.registry.current
        asked = model.definition.id
        # Another version of the same model provides nothing to it.
        providers = [
            m
            for m in models
            if m in models.active and m.definition.id != asked and _provided(m.definition)
        ]
        shadows = [m for m in models.shadows if m.definition.id == asked and m is not model]
        return self._answers([*providers, model], shadows, snapshot, _untimed)[asked]

    def answer_stated(self, model: LoadedModel, stated: StatedFeatures) -> Answer:
        """Return the answer of one model on values that a caller states."""
        return self._answer(model, stated, _untimed)

    def _answers(
        self,
        models: Iterable[LoadedModel],
        shadows: Iterable[LoadedModel],
        snapshot: PatientSnapshot,
        span: Span,
    ) -> dict[str, Answer]:
        reader = FeatureReader(
            snapshot,
            catalogue=self.catalogue,
            zone=self.zone,
            region=self.region,
            local_codes=self.local_codes,
            risk_regions=self.risk_regions,
        )
        answers: dict[str, Answer] = {}
        for model in sorted(models, key=lambda m: not _provided(m.definition)):
            answer = self._answer(model, reader, span)
            answers[model.definition.id] = answer
            if isinstance(answer, Prediction):
                reader.derived.update(_derived(answer))
        # After the others and from the same features: a shadow changes no answer.
        for model in shadows:
            self.on_shadow(
                Shadowed(self._answer(model, reader, span), answers.get(model.definition.id))
            )
        return answers

    def _answer(self, model: LoadedModel, reader: Features, span: Span) -> Answer:
        definition = model.definition
        withheld = partial(Withheld, definition, digest=model.digest)
        patient = reader.snapshot.patient.resource
        if patient.get("deceasedBoolean") or patient.get("deceasedDateTime"):
            return withheld("not-applicable", reasons=(Reason("deceased"),))
        with span("features"):
            excluded, unknown = _exclusions(definition, reader)
            if excluded:
                return withheld("not-applicable", excluded_by=excluded)
            found = {spec.name: reader.read(spec) for spec in definition.inputs}
        features = {name: f for name, f in found.items() if isinstance(f, Feature)}
        absent = tuple(
            (spec, missing)
            for spec in definition.inputs
            if isinstance(missing := found[spec.name], Absent)
        )
        blocking = tuple(pair for pair in absent if _blocks(*pair))
        withholding = tuple(reason for reason, withholds in unknown if withholds)
        if blocking or withholding:
            withholding += reader.snapshot.cautions
            outside = any(missing.reason.code == "outside-domain" for _, missing in blocking)
            kind: Literal["missing", "not-applicable"] = "not-applicable" if outside else "missing"
            return withheld(kind, absent=blocking, reasons=withholding)
        try:
            with span("inference"):
                return self._predict(model, reader.snapshot, features, absent, unknown)
        except GraphFailed:
            _log.exception("model failed", extra={"model": definition.id})
            return withheld("failed", reasons=(Reason("model-failed"),))

    def _predict(
        self,
        model: LoadedModel,
        snapshot: PatientSnapshot,
        features: Mapping[str, Feature],
        absent: tuple[tuple[InputSpec, Absent], ...],
        unknown: Sequence[tuple[Reason, bool]],
    ) -> Prediction:
        definition = model.definition
        specs = definition.inputs
        gone = [spec.name not in features for spec in specs]
        inputs = {
            spec.name: features[spec.name].value if spec.name in features else _stand_in(spec)
            for spec in specs
        }
        point = list(inputs.values())
        readings, probes = _rows(specs, point, gone)
        run = model.engine.run(np.concatenate([readings, probes.rows]))
        output, answers = run.rows(0, len(readings)), run.rows(len(readings))
        corners = uncertainty.corner_count(specs, gone)
        estimates, not_computed = _estimates(definition, output, corners, absent)
        placements, probability = _placements(definition, output, corners)
        reference = explanation.reference_estimate(definition, answers)
        recorded = {name: value if name in features else math.nan for name, value in inputs.items()}
        return Prediction(
            model=definition,
            digest=model.digest,
            at=snapshot.taken_at,
            region=self.region,
            inputs=recorded,
            input_hash=input_hash(definition, model.digest, recorded),
            features=features,
            absent=absent,
            estimates=estimates,
            not_computed=not_computed,
            placements=placements,
            reference=reference,
            contributions=explanation.contributions(definition, features, output, reference),
            counterfactuals=explanation.counterfactuals(
                probes.asked, features, answers, estimates[0].value
            ),
            confidence=judge(
                definition,
                region=self.region,
                validated_here=f"{definition.id}@{definition.version}" in self.validated,
                probability=probability,
                features=features.values(),
                absent=absent,
                unknown_states=[*snapshot.cautions, *(reason for reason, _ in unknown)],
            ),
        )


def recompute(model: LoadedModel, inputs: Mapping[str, float]) -> tuple[float, ...]:
    """Run the graph on a recorded input row (NaN for not known); one value per outcome.

    All rows of the prediction are run again: of one row alone, or of another number of rows, the
    runtime may sum a matrix product in another order, and the last digit differs.
    """
    specs = model.definition.inputs
    gone = [math.isnan(inputs[spec.name]) for spec in specs]
    point = [
        _stand_in(spec) if absent else inputs[spec.name]
        for spec, absent in zip(specs, gone, strict=True)
    ]
    readings, probes = _rows(specs, point, gone)
    estimate = model.engine.run(np.concatenate([readings, probes.rows])).estimate[0]
    return tuple(float(value) for value in estimate)


def _rows(
    specs: tuple[InputSpec, ...], point: Sequence[float], gone: Sequence[bool]
) -> tuple[Matrix, explanation.Probes]:
    """Return the rows that a prediction runs: readings around the point, then what explains it."""
    known = [spec.name for spec, absent in zip(specs, gone, strict=True) if not absent]
    return uncertainty.rows(specs, point, gone), explanation.probes(specs, point, known)


def input_hash(definition: ModelDefinition, digest: str, inputs: Mapping[str, float]) -> str:
    """Return the sha256 that stands for this model on these inputs."""
    named = {name: repr(value) for name, value in inputs.items()}
    subject = {"model": definition.id, "version": definition.version, "digest": digest}
    canonical = json.dumps(subject | {"inputs": named}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _stand_in(spec: InputSpec) -> float:
    return spec.assumed if spec.assumed is not None else math.nan


def _blocks(spec: InputSpec, missing: Absent) -> bool:
    # The term for "not measured" says nothing of a person whose value is beyond the equation.
    outside = missing.reason.code == "outside-domain"
    return spec.when_absent is WhenAbsent.REQUIRED or (
        outside and spec.when_absent is WhenAbsent.MISSING_TERM
    )


def _provided(definition: ModelDefinition) -> bool:
    return any(outcome.provides for outcome in definition.outcomes)


def _derived(prediction: Prediction) -> dict[str, Feature]:
    """Turn the outcomes that other models take into features, traced to what they came from."""
    used = [
        prediction.features[spec.name]
        for spec in prediction.model.inputs
        if spec.when_absent is WhenAbsent.REQUIRED and spec.name in prediction.features
    ]
    measured = [feature for feature in used if feature.effective is not None]
    sources = tuple(dict.fromkeys(source for f in measured for source in f.sources))
    times = [f.effective for f in measured if f.effective is not None]
    return {
        estimate.outcome.provides: Feature(
            name=estimate.outcome.provides,
            value=estimate.value,
            unit=estimate.outcome.unit,
            reported=f"{estimate.value:.1f} {estimate.outcome.unit}",
            sources=sources,
            effective=min(times) if times else None,
            conversion=f"{prediction.model.id}@{prediction.model.version}",
            cautions=tuple(c for f in used for c in f.cautions),
        )
        for estimate in prediction.estimates
        if estimate.outcome.provides
    }


def _exclusions(
    definition: ModelDefinition, reader: Features
) -> tuple[tuple[str, ...], list[tuple[Reason, bool]]]:
    """Return the flags that forbid an answer, and what is unknown with whether it withholds."""
    excluded = []
    unknown = []
    for exclusion in definition.exclusions:
        state = reader.flag(exclusion.flag)
        if isinstance(state, Absent):
            reason = Reason("state-not-known", {"feature": exclusion.flag})
            unknown.append((reason, exclusion.unknown_withholds))
        elif state.value:
            excluded.append(exclusion.flag)
    return tuple(excluded), unknown


def _estimates(
    definition: ModelDefinition,
    output: GraphOutput,
    corners: int,
    absent: Sequence[tuple[InputSpec, Absent]],
) -> tuple[tuple[Estimate, ...], tuple[Outcome, ...]]:
    limited = {name for spec, _ in absent for name in spec.needed_for}
    lows, highs = uncertainty.interval(output.estimate[1 + corners :])
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
        span = (float(possible.min()), float(possible.max())) if corners > 1 else None
        low, high = float(lows[column]), float(highs[column])
        estimates.append(Estimate(outcome, float(values[0]), low, high, span))
    return tuple(estimates), tuple(not_computed)


def _placements(
    definition: ModelDefinition, output: GraphOutput, corners: int
) -> tuple[tuple[Placement, ...], float | None]:
    """Place the patient on each scale; the share of draws that stay on the first scale's step."""
    placements = []
    for scale in definition.scales:
        steps = output.categories[scale.id][: 1 + corners]
        known = sorted({int(step) for step in steps if step >= 0})
        placements.append(Placement(scale, tuple(scale.steps[step] for step in known)))
    if not definition.scales:
        return (), None
    first = output.categories[definition.scales[0].id]
    stay = float(np.mean(first[1 + corners :] == first[0]))
    return tuple(placements), stay
