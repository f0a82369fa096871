"""The contract that every risk model declares: what it needs, what it says, where it comes from."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Language = Literal["zh-CN", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """One user-facing text in both languages of the product."""

    zh: str
    en: str

    def said_in(self, language: Language) -> str:
        """Return the text in the language asked for."""
        return self.zh if language == "zh-CN" else self.en


class TaskClass(StrEnum):
    """What a model does, which decides the quality gates that apply to it (standard, 6.1)."""

    DIAGNOSTIC = "diagnostic"
    SCREENING = "screening"
    PROGNOSTIC = "prognostic"
    SCORE = "score"


class WhenAbsent(StrEnum):
    """What happens to a prediction when an input is not known."""

    REQUIRED = "required"
    """No estimate is made; the input is named as missing."""
    SPAN = "span"
    """The estimate is made at `assumed`, and the interval spans every value in `span`."""
    LIMITS_OUTCOMES = "limits-outcomes"
    """Only the outcomes named in `needed_for` are left out."""
    OPTIONAL = "optional"
    """The estimate does not use it; a category that does is reported as not known."""
    MISSING_TERM = "missing-term"
    """The estimate uses the equation's own published term for "not measured", and names the input.

    That term stands for people who were not tested: a value outside the domain withholds.
    """


class Evidence(StrEnum):
    """How far a model's calibration was shown for the population in front of it."""

    LOCAL = "local"
    NATIONAL = "national"
    FOREIGN = "foreign"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One column of a model's input matrix.

    `feature` names what is looked for: an analyte of the lab catalogue or a clinical flag.
    `low` and `high` bound the model's own domain in `unit`, ends included; a value outside is
    refused, never clipped. `max_age_days` is how old a value may be. `sd` (absolute) and `cv`
    (relative) describe a single reading's spread around the person's usual value. A contribution
    is measured against `reference`; an input without one keeps the patient's value there.
    `asked_at` is the value, a guideline's target where there is one, at which the model is run
    again to show what this input weighs.
    """

    name: str
    feature: str
    label: Text
    unit: str
    low: float
    high: float
    loinc: tuple[str, ...] = ()
    max_age_days: int | None = None
    when_absent: WhenAbsent = WhenAbsent.REQUIRED
    span: tuple[float, ...] = ()
    assumed: float | None = None
    needed_for: tuple[str, ...] = ()
    sd: float = 0.0
    cv: float = 0.0
    reference: float | None = None
    asked_at: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One estimated quantity; `horizon_years` is None for a present state.

    `provides` names the feature that other models take from this outcome.
    """

    id: str
    name: Text
    unit: str
    horizon_years: int | None = None
    provides: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """One step of a scale; `attention` marks those that a physician should look at first."""

    id: str
    name: Text
    attention: bool = False


@dataclass(frozen=True, slots=True)
class CategoryScale:
    """An ordered scale that the graph puts the patient on; the graph's -1 means not known.

    `bounds` are the values between the steps where the scale is one of an outcome: a printed
    figure must not be rounded across one. `outcome` is its id, None for the primary outcome.
    """

    id: str
    name: Text
    steps: tuple[Category, ...]
    guideline: Text
    citation: str
    bounds: tuple[float, ...] = ()
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A state in which the model must not speak.

    With `unknown_withholds` an unknown state withholds the estimate too; otherwise it lowers the
    confidence and is said.
    """

    flag: str
    reason: Text
    unknown_withholds: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What a physician wants to know; two models that answer the same one may contradict.

    It is the same by its `id`, in whatever words a model names it.
    """

    id: str
    name: Text = field(compare=False)


@dataclass(frozen=True, slots=True)
class Speaks:
    """That a model answers its question unasked: where, of whom, and why it rather than another.

    Of the models of one question, those that name the deployment's country (ISO 3166, `regions`)
    are asked, and only where none does, those that name none. The lowest `rank` is asked first,
    the next where that one does not apply. A model speaks of patients only who have every flag of
    `when`.
    """

    why: Text
    rank: int = 1
    regions: tuple[str, ...] = ()
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PopulationEvidence:
    """Published validation in one population (ISO 3166 country code, or `*` for any)."""

    region: str
    grade: Evidence
    summary: Text


@dataclass(frozen=True, slots=True)
class ModelDefinition:
    """Everything about a model but its graph; see docs/reference/models.md for each field.

    `scales` is empty where no guideline draws a line through the estimate. A model `speaks` unasked
    or says in `on_request` why it answers only where somebody names it; never both.
    """

    id: str
    version: str
    name: Text
    task_class: TaskClass
    question: Question
    population: Text
    inputs: tuple[InputSpec, ...]
    outcomes: tuple[Outcome, ...]
    scales: tuple[CategoryScale, ...]
    exclusions: tuple[Exclusion, ...]
    contribution_scale: Literal["log-hazard", "log-odds", "log-value", "points"]
    evidence: tuple[PopulationEvidence, ...]
    limits: tuple[Text, ...]
    citation: str
    citation_url: str
    coefficient_provenance: str
    licence: str
    speaks: Speaks | None = None
    on_request: Text | None = None

    @property
    def primary(self) -> Outcome:
        """The outcome that the card's summary states."""
        return self.outcomes[0]

    @property
    def bounds(self) -> tuple[float, ...]:
        """The values of the primary outcome at which a category changes; none without a scale."""
        return self.scales[0].bounds if self.scales else ()

    def scales_of(self, outcome: Outcome) -> tuple[CategoryScale, ...]:
        """Return the scales that grade one outcome."""
        graded = (None, outcome.id) if outcome == self.primary else (outcome.id,)
        return tuple(scale for scale in self.scales if scale.outcome in graded)

    def evidence_for(self, region: str) -> PopulationEvidence:
        """Return the evidence for a country: its own entry, else the entry for any."""
        by_region = {entry.region: entry for entry in self.evidence}
        return by_region.get(region) or by_region["*"]
