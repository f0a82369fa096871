"""Why this model answers, which others do not, and what others say: in words and as JSON."""

from collections.abc import Iterator
from typing import Any

from cds_hooks.render import figures
from cds_hooks.render.reasons import why_withheld
from cds_hooks.wording import Wording
from inference.prediction import Answer, Beside, Choice, Unanswered

Json = dict[str, Any]


def section(answer: Answer, wording: Wording) -> list[str]:
    """Return the Markdown of the choice; nothing for an answer that nobody chose."""
    if answer.choice is None:
        return []
    question = wording.text(answer.model.question.name)
    heading = f"### {wording.say('heading.choice', question=question)}\n"
    return [heading, *(f"- {line}" for line in lines(answer, wording))]


def lines(answer: Answer, wording: Wording) -> Iterator[str]:
    """Yield one sentence for the choice, each model passed over and each other estimate."""
    choice = answer.choice
    if choice is None:
        return
    yield _why(answer, choice, wording)
    for other in choice.passed_over:
        model = wording.text(other.model.name)
        why = wording.say("summary.list").join(why_withheld(other, wording))
        yield wording.say("detail.passed-over", model=model, why=why)
    for beside in choice.beside:
        yield wording.say("detail.beside", **_beside_words(beside, wording))


def _why(answer: Answer, choice: Choice, wording: Wording) -> str:
    if choice.why is not None:
        return wording.text(choice.why)
    speaking = wording.say("summary.list").join(wording.text(m.name) for m in choice.speaking)
    on_request = answer.model.on_request
    asked = wording.say("detail.asked-by-name")
    if on_request is not None:
        asked += wording.say("detail.on-request", why=wording.text(on_request))
    return asked + (wording.say("detail.speaking-here", models=speaking) if speaking else "")


def _beside_words(beside: Beside, wording: Wording) -> dict[str, str]:
    outcome = beside.estimate.outcome
    bounds = beside.model.bounds
    placed = [wording.text(step.name) for each in beside.placements for step in each.steps]
    value = figures.value_of(beside.estimate, bounds)
    return {
        "model": wording.text(beside.model.name),
        "outcome": wording.text(outcome.name),
        "value": wording.say("summary.list").join([value, *placed]),
    }


def choice_json(answer: Answer, wording: Wording) -> Json:
    """Return the question and the choice for a program."""
    found: Json = {"question": _question(answer, wording)}
    choice = answer.choice
    if choice is None:
        return found
    found["choice"] = {
        "named": choice.why is None,
        "speaking": [model.id for model in choice.speaking],
        "passedOver": [other.model.id for other in choice.passed_over],
        "beside": [
            {
                "model": beside.model.id,
                "outcome": beside.estimate.outcome.id,
                "value": beside.estimate.value,
                "steps": [step.id for each in beside.placements for step in each.steps],
            }
            for beside in choice.beside
        ],
        "text": list(lines(answer, wording)),
    }
    return found


def _question(answer: Answer, wording: Wording) -> Json:
    question = answer.model.question
    return {"id": question.id, "name": wording.text(question.name)}


def unanswered_json(unanswered: Unanswered, wording: Wording) -> Json:
    """Return a question that nobody was asked of this patient, and why."""
    return {
        "question": unanswered.question.id,
        "name": wording.text(unanswered.question.name),
        "code": unanswered.reason.code,
        "text": wording.reason(unanswered.reason),
        "notAsked": [other.model.id for other in unanswered.passed_over],
    }
