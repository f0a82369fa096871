"""Which model speaks: one for each question, by what the models declare of themselves.

Two models of one question never speak of one patient unasked. A model that does not apply hands
the question on; one that lacks a value does not, or the meaning of an answer would change with the
completeness of a record.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from inference.contract import Question, Speaks
from inference.features.feature import Absent, Feature
from inference.prediction import (
    Answer,
    Beside,
    Choice,
    Prediction,
    Unanswered,
    Withheld,
)
from inference.reasons import Reason
from inference.registry import LoadedModel

Ask = Callable[[LoadedModel], Answer]
Flag = Callable[[str], Feature | Absent]
Speaking = Mapping[Question, list[LoadedModel]]


def speakers(models: Iterable[LoadedModel], region: str) -> Speaking:
    """Return who is asked each question in a deployment, in the order in which they are asked.

    A question that only models of other countries answer has nobody.
    """
    by_question: dict[Question, list[LoadedModel]] = {}
    for model in models:
        if model.definition.speaks is not None:
            by_question.setdefault(model.definition.question, []).append(model)
    return {question: _of_region(found, region) for question, found in by_question.items()}


def _of_region(models: Sequence[LoadedModel], region: str) -> list[LoadedModel]:
    national = [m for m in models if region in _speaks(m).regions]
    anywhere = [m for m in models if not _speaks(m).regions]
    return sorted(national or anywhere, key=lambda m: (_speaks(m).rank, m.definition.id))


def _speaks(model: LoadedModel) -> Speaks:
    if model.definition.speaks is None:
        raise ValueError(f"{model.definition.id} does not speak unasked")
    return model.definition.speaks


def choose(
    question: Question, models: Sequence[LoadedModel], *, region: str, ask: Ask, flag: Flag
) -> Answer | Unanswered:
    """Return the one answer to a question, or why nobody is asked it of this patient."""
    if not models:
        return Unanswered(question, Reason("no-model-for-region", {"region": region}))
    not_raised: list[Withheld] = []
    not_applying: list[Withheld] = []
    for model in models:
        unmet = _unmet(model, flag)
        if unmet is not None:
            not_raised.append(Withheld(model.definition, "not-applicable", reasons=(unmet,)))
            continue
        answer = ask(model)
        if not isinstance(answer, Withheld) or answer.kind != "not-applicable":
            return _chosen(answer, [*not_applying, *not_raised])
        not_applying.append(answer)
    if not not_applying:
        return Unanswered(question, not_raised[0].reasons[0], tuple(not_raised))
    first, *others = not_applying
    return _chosen(first, [*others, *not_raised])


def _chosen(answer: Answer, passed_over: Sequence[Withheld]) -> Answer:
    speaks = answer.model.speaks
    why = speaks.why if speaks else None
    return replace(answer, choice=Choice(why, passed_over=tuple(passed_over)))


def _unmet(model: LoadedModel, flag: Flag) -> Reason | None:
    """Return why a model is not asked of this patient; None where it is."""
    for name in _speaks(model).when:
        state = flag(name)
        if isinstance(state, Absent):
            return Reason("raise-not-known", {"feature": name})
        if not state.value:
            return Reason("not-raised", {"feature": name})
    return None


def is_heard(model: LoadedModel, *, region: str, flag: Flag) -> bool:
    """Whether a model would be asked its question of this patient, were it alone."""
    speaks = model.definition.speaks
    if speaks is None or (speaks.regions and region not in speaks.regions):
        return False
    return _unmet(model, flag) is None


def named(answers: Sequence[Answer], speaking: Speaking) -> list[Answer]:
    """Return answers that were asked for by name, each with who would speak and what others say."""
    return [replace(answer, choice=_choice_of(answer, answers, speaking)) for answer in answers]


def _choice_of(answer: Answer, answers: Sequence[Answer], speaking: Speaking) -> Choice:
    here = tuple(m.definition for m in speaking.get(answer.model.question, ()))
    speaks = answer.model.speaks
    is_speaker = any(definition.id == answer.model.id for definition in here)
    others = filter(partial(_contradicts, answer), answers)
    return Choice(
        why=speaks.why if speaks and is_speaker else None,
        speaking=() if is_speaker else here,
        beside=tuple(
            Beside(other.model, other.primary, other.placements_of(other.primary.outcome))
            for other in others
            if isinstance(other, Prediction)
        ),
    )


def _contradicts(answer: Answer, other: Answer) -> bool:
    """Whether another answer is one to the same question."""
    return other is not answer and other.model.question == answer.model.question
