"""Runs every model on one snapshot: features, applicability, graph, interval, confidence."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Literal, Protocol

from inference import selection
from inference.contract import InputSpec, ModelDefinition, Question, WhenAbsent
from inference.engine import GraphFailed
from inference.estimation import predict
from inference.features.extract import FeatureReader, Relations, listed_only, read_inputs
from inference.features.feature import Absent, Feature, written
from inference.features.risk_regions import NOT_STATED, RiskRegions
from inference.imputation import Imputed, Person, fill_gaps
from inference.input_row import Known
from inference.prediction import (
    Answer,
    Answers,
    Prediction,
    Shadowed,
    Unanswered,
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

    @property
    def strangers(self) -> tuple[str, ...]:
        """References of resources that are of somebody else."""
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

    `relations` gives what the loaded releases of code systems say now.

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
    relations: Relations = listed_only

    def answer_all(
        self, snapshot: PatientSnapshot, *, span: Span = _untimed, impute: bool = False
    ) -> Answers:
        """Return one answer to each question that a model here answers unasked of this patient.

        No question is left out silently; `span` times two steps of each, `features` and
        `inference`.
        """
        models = self.registry.current
        reader = self._reader(snapshot)
        ask = partial(self._ask, reader=reader, span=span, impute=impute)
        speaking = selection.speakers(models.active, self.region)
        found = {
            question: selection.choose(
                question, asked, region=self.region, ask=ask, flag=reader.flag
            )
            for question, asked in sorted(speaking.items(), key=_providers_first)
        }
        in_order = [found[question] for question in speaking]
        answers = Answers(
            tuple(each for each in in_order if not isinstance(each, Unanswered)),
            tuple(each for each in in_order if isinstance(each, Unanswered)),
        )
        self._shadow(
            [
                m
                for m in models.shadows
                if selection.is_heard(m, region=self.region, flag=reader.flag)
            ],
            reader,
            answers.given,
            impute=impute,
        )
        return answers

    def answer(
        self, model: LoadedModel, snapshot: PatientSnapshot, *, impute: bool = False
    ) -> Answer:
        """Return the answer of one model that is named, whichever way it speaks."""
        (answer,) = self.answer_named([model], snapshot, impute=impute)
        return answer

    def answer_named(
        self, models: Sequence[LoadedModel], snapshot: PatientSnapshot, *, impute: bool = False
    ) -> tuple[Answer, ...]:
        """Return the answers of the models that are named, each knowing of the others.

        With `impute`, up to two values that were not measured are taken from a survey's
        distribution where that can be; never for a model that only provides for the named ones.
        """
        current = self.registry.current
        asked = {model.definition.id for model in models}
        reader = self._reader(snapshot)
        # Another version of the same model provides nothing to it.
        for model in current.active:
            if model.definition.id not in asked and _provided(model.definition):
                self._ask(model, reader=reader, span=_untimed, impute=False)
        in_order = sorted(models, key=lambda m: not _provided(m.definition))
        found = {id(m): self._ask(m, reader=reader, span=_untimed, impute=impute) for m in in_order}
        speaking = selection.speakers(current.active, self.region)
        answers = selection.named([found[id(model)] for model in models], speaking)
        shadows = [m for m in current.shadows if m.definition.id in asked and m not in models]
        self._shadow(shadows, reader, answers, impute=impute)
        return tuple(answers)

    def answer_stated(
        self, model: LoadedModel, stated: Features, *, impute: bool = False
    ) -> Answer:
        """Return the answer of one model on values that a caller states."""
        speaking = selection.speakers(self.registry.current.active, self.region)
        (answer,) = selection.named([self._answer(model, stated, _untimed, impute)], speaking)
        return answer

    def _reader(self, snapshot: PatientSnapshot) -> FeatureReader:
        return FeatureReader(
            snapshot,
            catalogue=self.catalogue,
            zone=self.zone,
            region=self.region,
            local_codes=self.local_codes,
            risk_regions=self.risk_regions,
            relations=self.relations,
        )

    def _ask(
        self, model: LoadedModel, *, reader: FeatureReader, span: Span, impute: bool
    ) -> Answer:
        """Return a model's answer; what it provides is there for those that are asked after it."""
        answer = self._answer(model, reader, span, impute)
        # What rests on an imputed value is never handed on as if it were known.
        if isinstance(answer, Prediction) and not answer.imputed:
            reader.derived.update(_derived(answer))
        return answer

    def _shadow(
        self,
        shadows: Iterable[LoadedModel],
        reader: FeatureReader,
        answers: Iterable[Answer],
        *,
        impute: bool,
    ) -> None:
        """Tell what shadows would have said: after the answers, from the same features."""
        given = {answer.model.id: answer for answer in answers}
        for model in shadows:
            answer = self._answer(model, reader, _untimed, impute)
            self.on_shadow(Shadowed(answer, given.get(model.definition.id)))

    def _answer(self, model: LoadedModel, reader: Features, span: Span, impute: bool) -> Answer:
        definition = model.definition
        withheld = partial(Withheld, definition, digest=model.digest)
        patient = reader.snapshot.patient.resource
        if patient.get("deceasedBoolean") or patient.get("deceasedDateTime"):
            return withheld("not-applicable", reasons=(Reason("deceased"),))
        if reader.strangers:
            listed = {"sources": ", ".join(reader.strangers[:3])}
            return withheld("failed", reasons=(Reason("another-patient", listed),))
        with span("features"):
            excluded, unknown = _exclusions(definition, reader)
            if excluded:
                return withheld("not-applicable", excluded_by=excluded)
            found = read_inputs(definition.inputs, reader.read)
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


def _providers_first(asked: tuple[Question, Sequence[LoadedModel]]) -> bool:
    """Order questions so that one whose answer others take goes first."""
    return not any(_provided(model.definition) for model in asked[1])


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
            reported=written(estimate.value, estimate.outcome.unit),
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
        else:
            # That a list lacks it is the usual case; what speaks against the list is told.
            doubts = (c for c in state.cautions if c.code != "absent-from-complete-list")
            unknown += [(doubt, False) for doubt in doubts]
    return tuple(excluded), unknown
