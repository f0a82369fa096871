"""The Markdown body of a prediction's card."""

from collections.abc import Iterator

from cds_hooks.prefetch import CLIENT_ONLY
from cds_hooks.render import choice, figures
from cds_hooks.wording import Wording, escape
from inference.confidence import IMPUTED
from inference.contract import InputSpec, ModelDefinition
from inference.features.feature import Absent, Feature
from inference.prediction import Contribution, Estimate, Placement, Prediction

TOP_CONTRIBUTIONS = 5


def body(prediction: Prediction, wording: Wording) -> str:
    """Return estimate and interval, thresholds, values, contributions, gaps and confidence."""
    sections = [
        [*_estimate(prediction, wording), *_placements(prediction, wording)],
        list(_other_outcomes(prediction, wording)),
        list(_values(prediction, wording)),
        list(_imputed(prediction, wording)),
        list(_contributions(prediction, wording)),
        list(_counterfactuals(prediction, wording)),
        list(missing(prediction.absent, wording)),
        choice.section(prediction, wording),
        list(_confidence(prediction, wording)),
        list(_limits(prediction, wording)),
    ]
    return "\n\n".join("\n".join(section) for section in sections if section)


def steps(placement: Placement, wording: Wording) -> str:
    """Return the step, or all that remain open."""
    between = f" {wording.say('detail.placement-open')} "
    return between.join(wording.text(step.name) for step in placement.steps)


def _estimate(prediction: Prediction, wording: Wording) -> Iterator[str]:
    estimate = prediction.primary
    outcome = estimate.outcome
    bounds = prediction.model.bounds
    shown = {"outcome": wording.text(outcome.name)}
    value = figures.value_of(estimate, bounds)
    if outcome.horizon_years is None:
        yield wording.say("detail.state", value=value, **shown) + "\n"
    else:
        years = str(outcome.horizon_years)
        yield wording.say("detail.risk", risk=value, years=years, **shown) + "\n"
    low, high = (figures.amount(outcome, end, bounds) for end in (estimate.low, estimate.high))
    kind = "detail.interval-imputed" if prediction.imputed else "detail.interval"
    yield "- " + wording.say(kind, low=low, high=high)
    if estimate.possible is not None:
        low, high = (figures.amount(outcome, end, bounds) for end in estimate.possible)
        yield "- " + wording.say("detail.possible", low=low, high=high)


def _placements(prediction: Prediction, wording: Wording) -> Iterator[str]:
    for placement in prediction.placements:
        scale = wording.text(placement.scale.name)
        if not placement.steps:
            yield "- " + wording.say("detail.placement-unknown", scale=scale)
            continue
        yield "- " + wording.say(
            "detail.placement",
            scale=scale,
            step=steps(placement, wording),
            guideline=wording.text(placement.scale.guideline),
            citation=placement.scale.citation,
        )


def _other_outcomes(prediction: Prediction, wording: Wording) -> Iterator[str]:
    """Yield the outcomes but the primary under the horizon that they are of."""
    others = prediction.estimates[1:]
    outcomes = [estimate.outcome for estimate in others] + list(prediction.not_computed)
    for horizon in dict.fromkeys(outcome.horizon_years for outcome in outcomes):
        yield f"### {_other_heading(horizon, wording)}\n"
        for estimate in others:
            if estimate.outcome.horizon_years == horizon:
                yield _other_outcome(prediction.model, estimate, wording)
        for outcome in prediction.not_computed:
            if outcome.horizon_years == horizon:
                name = wording.text(outcome.name)
                yield "- " + wording.say("detail.outcome-missing", outcome=name)


def _other_heading(horizon: int | None, wording: Wording) -> str:
    if horizon is None:
        return wording.say("heading.other-outcomes-of-state")
    return wording.say("heading.other-outcomes", years=str(horizon))


def _other_outcome(model: ModelDefinition, estimate: Estimate, wording: Wording) -> str:
    outcome = estimate.outcome
    bounds = [bound for scale in model.scales_of(outcome) for bound in scale.bounds]
    low, high = (figures.amount(outcome, end, bounds) for end in (estimate.low, estimate.high))
    name = wording.text(outcome.name)
    risk = figures.value_of(estimate, bounds)
    return "- " + wording.say("detail.outcome", outcome=name, risk=risk, low=low, high=high)


def _values(prediction: Prediction, wording: Wording) -> Iterator[str]:
    yield f"### {wording.say('heading.values')}\n"
    heads = [wording.say(f"column.{c}") for c in ("input", "value", "date", "source")]
    yield f"| {' | '.join(heads)} |"
    yield "|---|---|---|---|"
    for spec in prediction.model.inputs:
        feature = prediction.features.get(spec.name)
        if feature is not None:
            yield f"| {' | '.join(_value_cells(spec, feature, wording))} |"


def _imputed(prediction: Prediction, wording: Wording) -> Iterator[str]:
    """Yield the section on what was not measured; nothing where all was."""
    if not prediction.imputed:
        return
    yield f"### {wording.say('heading.imputed')}\n"
    for reason in prediction.confidence.reasons:
        if reason.code == IMPUTED:
            yield f"- {wording.reason(reason)}"


def _value_cells(spec: InputSpec, feature: Feature, wording: Wording) -> tuple[str, ...]:
    none = wording.say("value.none")
    label = figures.label(spec, wording)
    value = figures.reported(feature, wording)
    if feature.conversion:
        value = wording.say("detail.conversion", value=value, rule=escape(feature.conversion))
    date = feature.effective.date().isoformat() if feature.effective else none
    sources = ", ".join(cited(source) for source in feature.sources) or none
    return label, value, date, sources


def cited(source: str) -> str:
    """Return a source reference as a person reads it."""
    return escape(source.removeprefix(CLIENT_ONLY))


def _contributions(prediction: Prediction, wording: Wording) -> Iterator[str]:
    if not prediction.contributions:
        return
    outcome = prediction.primary.outcome
    yield f"### {wording.say('heading.contributions')}\n"
    yield (
        wording.say(
            "detail.contributions-from",
            reference=figures.amount(outcome, prediction.reference),
            value=figures.amount(outcome, prediction.primary.value, prediction.model.bounds),
        )
        + "\n"
    )
    shown = prediction.contributions[:TOP_CONTRIBUTIONS]
    for each in shown:
        yield "- " + wording.say(
            "detail.contribution",
            input=figures.label(each.spec, wording),
            value=_value_behind(each, prediction, wording),
            reference=figures.at(each.spec, each.feature, each.spec.reference, wording),
            share=figures.share(outcome, each.share, wording),
        )
    if len(shown) < len(prediction.contributions):
        rest = prediction.primary.value - prediction.reference - sum(each.share for each in shown)
        share = figures.share(outcome, rest, wording)
        yield "- " + wording.say("detail.contribution-rest", share=share)


def _value_behind(each: Contribution, prediction: Prediction, wording: Wording) -> str:
    if each.feature is not None:
        return figures.reported(each.feature, wording)
    value = figures.at(each.spec, None, prediction.imputed[each.spec.name].value, wording)
    return wording.say("value.imputed", value=value)


def _counterfactuals(prediction: Prediction, wording: Wording) -> Iterator[str]:
    if not prediction.counterfactuals:
        return
    yield f"### {wording.say('heading.counterfactuals')}\n"
    for each in prediction.counterfactuals:
        yield "- " + wording.say(
            "detail.counterfactual",
            input=wording.text(each.spec.label),
            asked=figures.at(each.spec, each.feature, each.spec.asked_at, wording),
            value=figures.amount(prediction.primary.outcome, each.value, prediction.model.bounds),
        )
    yield "\n" + wording.say("detail.counterfactual-note")


def missing(absent: tuple[tuple[InputSpec, Absent], ...], wording: Wording) -> Iterator[str]:
    """Yield the section on what is missing; nothing where all was there."""
    if not absent:
        return
    yield f"### {wording.say('heading.missing')}\n"
    for spec, gone in absent:
        why = wording.reason(gone.reason)
        yield "- " + wording.say("detail.missing-item", input=wording.text(spec.label), why=why)


def _confidence(prediction: Prediction, wording: Wording) -> Iterator[str]:
    level = wording.say(f"level.{prediction.confidence.level}")
    yield f"### {wording.say('heading.confidence', level=level)}\n"
    for reason in prediction.confidence.reasons:
        yield f"- {wording.reason(reason)}"


def _limits(prediction: Prediction, wording: Wording) -> Iterator[str]:
    model = prediction.model
    yield f"### {wording.say('heading.limits')}\n"
    evidence = wording.text(model.evidence_for(prediction.region).summary)
    population = wording.text(model.population)
    yield "- " + wording.say("detail.population", population=population, evidence=evidence)
    for limit in model.limits:
        yield f"- {wording.text(limit)}"
