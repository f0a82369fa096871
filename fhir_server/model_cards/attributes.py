"""The 31 source attributes of one model in words: what people wrote, and what follows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from fhir_server.model_cards import inputs
from fhir_server.model_cards.subject import Subject
from fhir_server.model_cards.words import Words
from inference.contract import ModelDefinition, TaskClass
from inference.source_attributes import (
    ATTRIBUTES,
    Attribute,
    Standing,
    Statement,
    WrittenAttributes,
    statements,
)

CITED: Final = "45 CFR 170.315(b)(11)(iv)(B)"

# 45 CFR 170.315(b)(11)(iv)(A)(5) to (13), and which features of this product are of each. Health
# status assessments are those of USCDI v3: functional status, smoking and the like.
VARIABLES: Final[dict[str, tuple[str, ...]]] = {
    "race": ("black",),
    "ethnicity": (),
    "language": (),
    "sexual-orientation": (),
    "gender-identity": (),
    "sex": ("male",),
    "date-of-birth": ("age", "type_2_diabetes_onset_age"),
    "social-determinants": ("social_deprivation_decile",),
    "health-status": ("current_smoker", "nyha_class", "mmrc_dyspnoea"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One statement in words of one language."""

    text: str
    standing: Standing = Standing.STATED
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """One attribute with everything that is said of it; never without a part."""

    attribute: Attribute
    title: str
    parts: tuple[Part, ...]

    @property
    def paragraph(self) -> str:
        """The paragraph of the regulation below (iv)(B): `(1)(i)`."""
        return f"({self.attribute.paragraph.replace('(', ')(', 1)}"

    @property
    def citation(self) -> str:
        """The paragraph with the regulation that it is of."""
        return f"{CITED}{self.paragraph}"


def answered(
    subject: Subject, written: WrittenAttributes | None, words: Words
) -> tuple[Answered, ...]:
    """Return all 31 in the order of the regulation.

    `written` is None for a release from before it was a part of releases: each says so.
    """
    said = {} if written is None else statements(written)
    return tuple(
        Answered(
            attribute,
            words.say(f"attribute.{attribute.id}"),
            tuple(_parts(attribute, said.get(attribute.id), subject, words)),
        )
        for attribute in ATTRIBUTES
    )


def part(statement: Statement | None, words: Words) -> Part:
    """Return what people wrote in words; without it that nothing was written."""
    if statement is None:
        return Part(words.say("not-written"), Standing.NOT_KNOWN)
    return Part(words.text(statement.text), statement.standing, statement.sources)


def _parts(
    attribute: Attribute, statement: Statement | None, subject: Subject, words: Words
) -> Iterator[Part]:
    if attribute.origin != "definition":
        yield part(statement, words)
    derived = _DERIVED.get(attribute.id)
    if derived is not None:
        yield from (Part(text) for text in derived(subject, words))


def _output(subject: Subject, words: Words) -> Iterator[str]:
    for outcome in subject.model.definition.outcomes:
        name = words.text(outcome.name)
        if outcome.horizon_years is None:
            yield words.say("output.state", outcome=name, unit=inputs.unit(outcome.unit, words))
        else:
            yield words.say("output.risk", outcome=name, years=outcome.horizon_years)
    yield words.say("output.beside")


def _output_type(subject: Subject, words: Words) -> Iterator[str]:
    definition = subject.model.definition
    for kind in _types(definition):
        yield words.say(f"output-type.{kind}")
    if definition.scales:
        names = words.listed([words.text(scale.name) for scale in definition.scales])
        yield words.say("output-type.classified", scales=names)


def _types(definition: ModelDefinition) -> Iterator[str]:
    """A risk within years predicts; a score counts, and any other figure is of now."""
    if definition.primary.horizon_years is None:
        yield "score" if definition.task_class is TaskClass.SCORE else "evaluation"
    if any(outcome.horizon_years is not None for outcome in definition.outcomes):
        yield "prediction"


def _population(subject: Subject, words: Words) -> Iterator[str]:
    yield words.text(subject.model.definition.population)


def _cautioned(subject: Subject, words: Words) -> Iterator[str]:
    definition = subject.model.definition
    for exclusion in definition.exclusions:
        yield words.say("caution.excluded", reason=words.text(exclusion.reason))
    age = next((spec for spec in definition.inputs if spec.feature == "age"), None)
    if age is not None:
        yield words.say("caution.age", low=f"{age.low:g}", high=f"{age.high:g}")
    yield words.say("caution.domain")


def _limits(subject: Subject, words: Words) -> Iterator[str]:
    return (words.text(limit) for limit in subject.model.definition.limits)


def _variables(subject: Subject, words: Words) -> Iterator[str]:
    used = {spec.feature: words.text(spec.label) for spec in subject.model.definition.inputs}
    for name, features in VARIABLES.items():
        found = [used[feature] for feature in features if feature in used]
        shown = words.listed(found) if found else words.say("variable.unused")
        yield words.say("variable.line", variable=words.say(f"variable.{name}"), inputs=shown)


def _relevance(subject: Subject, words: Words) -> Iterator[str]:
    evidence = subject.evidence
    yield words.say(
        "relevance.here",
        region=subject.deployment.region,
        grade=words.say(f"grade.{evidence.grade.value}"),
        summary=words.text(evidence.summary),
    )


def _validity(subject: Subject, words: Words) -> Iterator[str]:
    for entry in subject.model.definition.evidence:
        region = words.say("region.any") if entry.region == "*" else entry.region
        yield words.say("validity.region", region=region, summary=words.text(entry.summary))


def _local(subject: Subject, words: Words) -> Iterator[str]:
    yield words.say("local.stated" if subject.validated_here else "local.not-stated")


_DERIVED: Final[dict[str, Callable[[Subject, Words], Iterator[str]]]] = {
    "output": _output,
    "output_type": _output_type,
    "population": _population,
    "cautioned_use": _cautioned,
    "known_limits": _limits,
    "variables": _variables,
    "training_relevance": _relevance,
    "external_validity": _validity,
    "local_validity": _local,
}
