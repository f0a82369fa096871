"""What a model answers: a prediction with its confidence, or why it made none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from inference.contract import (
    Category,
    CategoryScale,
    InputSpec,
    ModelDefinition,
    Outcome,
    Question,
    Text,
)
from inference.features.feature import Absent, Feature
from inference.reasons import Reason

Level = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Confidence:
    """How far to trust an answer.

    `probability` is the share of plausible readings under which every category stays the same,
    None where the model has no categories;
    `level` follows the minimum rule of docs/explanation/confidence.md; `reasons` say why.
    """

    level: Level
    probability: float | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One outcome's value with its 5-95 % input interval.

    `possible` spans the values that the unknown inputs allow, None where they allow one only; the
    interval covers it.
    """

    outcome: Outcome
    value: float
    low: float
    high: float
    possible: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the patient stands on a scale; several `steps` where unknown inputs leave it open."""

    scale: CategoryScale
    steps: tuple[Category, ...]


@dataclass(frozen=True, slots=True)
class ImputedValue:
    """What stood for an input that was not measured: the middle of its distribution, 5 and 95 %.

    All are in the input's own unit; `population` is the country whose survey they come from.
    """

    value: float
    low: float
    high: float
    population: str


@dataclass(frozen=True, slots=True)
class Contribution:
    """An input's exact share of the primary outcome, against its reference.

    `amount` is its share of the linear predictor, `share` of the estimate, in the outcome's unit.
    `feature` is None where the value was imputed.
    """

    spec: InputSpec
    feature: Feature | None
    amount: float
    share: float


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """The same model's primary estimate for a person who has `spec` at its `asked_at`."""

    spec: InputSpec
    feature: Feature
    value: float


@dataclass(frozen=True, slots=True)
class Beside:
    """What another model says to the same question in the same set of answers."""

    model: ModelDefinition
    estimate: Estimate
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Why this model answers its question, and what others do.

    `why` is None where the model was named rather than chosen; `speaking` are the models that
    answer the question unasked in this deployment. `passed_over` were asked before it and do not
    apply to the patient. `beside` are other estimates of the question in the same set.
    """

    why: Text | None
    speaking: tuple[ModelDefinition, ...] = ()
    passed_over: tuple["Withheld", ...] = ()
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's answer for one patient at one moment.

    `inputs` is the row that the graph read, with NaN for what was not known: with the digest it
    is all that is needed to compute the same figures again. `reference` is the primary estimate
    of the person whom the contributions are measured against. `imputed` holds by input's name what
    stood for a value that was not measured; its middle is in `inputs`, and why it was needed in
    `absent`.
    """

    model: ModelDefinition
    digest: str
    at: datetime
    region: str
    inputs: Mapping[str, float]
    input_hash: str
    features: Mapping[str, Feature]
    absent: tuple[tuple[InputSpec, Absent], ...]
    estimates: tuple[Estimate, ...]
    not_computed: tuple[Outcome, ...]
    placements: tuple[Placement, ...]
    reference: float
    contributions: tuple[Contribution, ...]
    counterfactuals: tuple[Counterfactual, ...]
    confidence: Confidence
    imputed: Mapping[str, ImputedValue]
    choice: Choice | None = None

    @property
    def primary(self) -> Estimate:
        """The estimate that the card's summary states."""
        return self.estimates[0]

    def placements_of(self, outcome: Outcome) -> tuple[Placement, ...]:
        """Return where the patient stands on the scales that grade one outcome."""
        graded = self.model.scales_of(outcome)
        return tuple(placed for placed in self.placements if placed.scale in graded)

    @property
    def needs_attention(self) -> bool:
        """Whether any scale may place the patient on a step that a physician should look at."""
        return any(step.attention for placed in self.placements for step in placed.steps)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A model made no estimate: inputs are missing, it does not apply, or it failed."""

    model: ModelDefinition
    kind: Literal["missing", "not-applicable", "failed"]
    absent: tuple[tuple[InputSpec, Absent], ...] = ()
    reasons: tuple[Reason, ...] = ()
    excluded_by: tuple[str, ...] = ()
    digest: str = ""
    choice: Choice | None = None


Answer = Prediction | Withheld


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that some model answers unasked, but none here of this patient, and why."""

    question: Question
    reason: Reason
    passed_over: tuple[Withheld, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """What was said unasked: one answer to each question that was raised, and the others."""

    given: tuple[Answer, ...]
    unanswered: tuple[Unanswered, ...]


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What a version in the state `shadow` would have said, and what the active version said.

    `beside` is None where no version of the model answered.
    """

    answer: Answer
    beside: Answer | None

    @property
    def agrees(self) -> bool | None:
        """Whether both say the same kind of thing and, of estimates, the same categories.

        None where there is nothing to compare with.
        """
        if self.beside is None:
            return None
        return _gist(self.answer) == _gist(self.beside)


def _gist(answer: Answer) -> tuple[str, ...]:
    if isinstance(answer, Withheld):
        return (answer.kind,)
    steps = (
        f"{placed.scale.id}:{step.id}" for placed in answer.placements for step in placed.steps
    )
    return ("estimate", *steps)
