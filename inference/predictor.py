"""Runs every model on one snapshot: features, applicability, graph, interval, confidence."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Literal, Protocol

from inference.contract import InputSpec, ModelDefinition, Voice, WhenAbsent
from inference.engine import GraphFailed
from inference.estimation import predict
from inference.features.extract import FeatureReader
from inference.features.feature import Absent, Feature
from inference.features.risk_regions import NOT_STATED, RiskRegions
from inference.features.stated import StatedFeatures
from inference.imputation import Imputed, Person, fill_gaps
from inference.input_row import Known
from inference.prediction import (
    Answer,
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

    def answer_all(
        self, snapshot: PatientSnapshot, *, span: Span = _untimed, impute: bool = False
    ) -> tuple[Answer, ...]:
        """Return one answer per model that speaks unasked, in the registry's order.

        None is left out silently; `span` times two steps of each, `features` and `inference`.
        """
        models = self.registry.current
        shadows = [m for m in models.shadows if m.definition.voice is Voice.UNASKED]
        imputing = {m.definition.id for m in models.unasked} if impute else set()
        answers = self._answers(models.unasked, shadows, snapshot, span, imputing)
        return tuple(answers[model.definition.id] for model in models.unasked)

    def answer(
        self, model: LoadedModel, snapshot: PatientSnapshot, *, impute: bool = False
    ) -> Answer:
        """Return the answer of one model, whichever way it speaks.

        With `impute`, up to two values that were not measured are taken from a survey's
        distribution where that can be; the models that provide for this one never impute.
        """
        models = self.registry.current
        asked = model.definition.id
        # Another version of the same model provides nothing to it.
        providers = [
            m
            for m in models
            if m in models.active and m.definition.id != asked and _provided(m.definition)
        ]
        shadows = [m for m in models.shadows if m.definition.id == asked and m is not model]
        imputing = {asked} if impute else set()
        return self._answers([*providers, model], shadows, snapshot, _untimed, imputing)[asked]

    def answer_stated(
        self, model: LoadedModel, stated: StatedFeatures, *, impute: bool = False
    ) -> Answer:
        """Return the answer of one model on values that a caller states."""
        return self._answer(model, stated, _untimed, impute)

    def _answers(
        self,
        models: Iterable[LoadedModel],
        shadows: Iterable[LoadedModel],
        snapshot: PatientSnapshot,
        span: Span,
        imputing: Collection[str],
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
            answer = self._answer(model, reader, span, model.definition.id in imputing)
            answers[model.definition.id] = answer
            # What rests on an imputed value is never handed on as if it were known.
            if isinstance(answer, Prediction) and not answer.imputed:
                reader.derived.update(_derived(answer))
        # After the others and from the same features: a shadow changes no answer.
        for model in shadows:
            id = model.definition.id
            answer = self._answer(model, reader, span, id in imputing)
            self.on_shadow(Shadowed(answer, answers.get(id)))
        return answers

    def _answer(self, model: LoadedModel, reader: Features, span: Span, impute: bool) -> Answer:
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
        imputed = None
        if impute and blocking:
            filled = self._imputed(definition, found, reader, blocking)
            imputed = filled if isinstance(filled, Imputed) else None
            withholding += (filled,) if isinstance(filled, Reason) else ()
        if (blocking and imputed is None) or withholding:
            withholding += reader.snapshot.cautions
            outside = any(missing.reason.code == "outside-domain" for _, missing in blocking)
            kind: Literal["missing", "not-applicable"] = "not-applicable" if outside else "missing"
            return withheld(kind, absent=blocking, reasons=withholding)
        try:
            with span("inference"):
                known = Known(features, absent, tuple(reason for reason, _ in unknown), imputed)
                return predict(
                    model, reader.snapshot, known, region=self.region, validated=self.validated
                )
        except GraphFailed:
            _log.exception("model failed", extra={"model": definition.id})
            return withheld("failed", reasons=(Reason("model-failed"),))

    def _imputed(
        self,
        definition: ModelDefinition,
        found: Mapping[str, Feature | Absent],
        reader: Features,
        blocking: Sequence[tuple[InputSpec, Absent]],
    ) -> Imputed | Reason:
        person = Person(definition.inputs, found, reader.flag)
        return fill_gaps(person, blocking, region=self.region, catalogue=self.catalogue)


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
