"""Answers of models as cards."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cds_hooks.cards import (
    SUMMARY_LIMIT,
    BasisItem,
    Card,
    CardConfidence,
    CardModel,
    Indicator,
    Link,
    OverrideReason,
    Source,
)
from cds_hooks.notice import Notice
from cds_hooks.prefetch import CLIENT_ONLY
from cds_hooks.render import choice, detail, figures
from cds_hooks.render.reasons import why_withheld
from cds_hooks.wording import Wording
from inference.contract import ModelDefinition
from inference.prediction import Prediction, Withheld
from inference.reasons import Reason

_BRACKETS: Final = re.compile(r"\s*[(（][^()（）]*[)）]")
_CUT_FIGURE: Final = re.compile(r"[\s\d.,%<>≤≥-]+$")

OVERRIDE_REASONS = ("known", "not-this-patient", "wrong-data", "not-now")


@dataclass(frozen=True, slots=True)
class CardIdentity:
    """What a card is called and where its record lies; `record_url` is None without a record.

    `model_card_url` is where everything of the model that speaks is told.
    """

    uuid: UUID
    digest: str
    model_card_url: str
    record_url: str | None = None


def prediction_card(prediction: Prediction, identity: CardIdentity, wording: Wording) -> Card:
    """Return the card of a prediction."""
    return Card(
        uuid=identity.uuid,
        summary=_fitted(_summary(prediction, wording), _without_brackets),
        body=detail.body(prediction, wording),
        indicator="warning" if prediction.needs_attention else "info",
        source=_source(prediction.model, wording),
        confidence=CardConfidence(
            level=prediction.confidence.level,
            probability=prediction.confidence.probability,
            reasons=tuple(wording.reason(reason) for reason in prediction.confidence.reasons),
        ),
        notice=Notice(wording.language),
        model=CardModel(prediction.model.id, prediction.model.version, prediction.digest),
        basis=tuple(_basis(prediction)),
        links=_links(prediction.model, identity, wording),
        override_reasons=_override_reasons(wording),
    )


def withheld_card(withheld: Withheld, identity: CardIdentity, wording: Wording) -> Card:
    """Return the visible card of a model that made no estimate."""
    reasons = tuple(why_withheld(withheld, wording))
    return Card(
        uuid=identity.uuid,
        summary=_fitted(_withheld_summary(withheld, wording)),
        body=_withheld_body(withheld, reasons, wording),
        indicator=_withheld_indicator(withheld),
        source=_source(withheld.model, wording),
        confidence=CardConfidence("low", 0.0, (wording.reason(Reason("no-estimate")), *reasons)),
        notice=Notice(wording.language),
        model=CardModel(withheld.model.id, withheld.model.version, identity.digest),
        basis=(),
        links=_links(withheld.model, identity, wording),
        override_reasons=_override_reasons(wording),
    )


def _summary(prediction: Prediction, wording: Wording) -> str:
    estimate = prediction.primary
    outcome = estimate.outcome
    placed = [detail.steps(p, wording) for p in prediction.placements if p.steps]
    shown = {
        "model": wording.text(prediction.model.name),
        "outcome": wording.text(outcome.name),
        "category": wording.say("summary.between").join(placed),
    }
    value = figures.value_of(estimate, prediction.model.bounds)
    if outcome.horizon_years is None:
        return wording.say("summary.state", value=value, **shown)
    return wording.say("summary.risk", years=str(outcome.horizon_years), risk=value, **shown)


def _without_brackets(summary: str) -> str:
    """Leave out what only explains, an outcome's parts or the bounds of a category."""
    return _BRACKETS.sub("", summary)


def _fitted(summary: str, shorter: Callable[[str], str] = str) -> str:
    """Shorten a summary that is too long for a card; cut it only then, and show that it was cut.

    Figure and category stand at the end, and half of a figure would be another: "40 %" cut to "4".
    """
    if len(summary) >= SUMMARY_LIMIT:
        summary = shorter(summary)
    if len(summary) < SUMMARY_LIMIT:
        return summary
    return _CUT_FIGURE.sub("", summary[: SUMMARY_LIMIT - 2]) + "…"


def _basis(prediction: Prediction) -> list[BasisItem]:
    items = []
    for spec in prediction.model.inputs:
        feature = prediction.features.get(spec.name)
        if feature is not None:
            items.append(
                BasisItem(
                    input=spec.name,
                    value=feature.value,
                    unit=feature.unit,
                    date=feature.effective.isoformat() if feature.effective else None,
                    reference=_reference(feature.sources),
                )
            )
    return items


def _reference(sources: tuple[str, ...]) -> str | None:
    return ", ".join(source.removeprefix(CLIENT_ONLY) for source in sources) or None


def _withheld_summary(withheld: Withheld, wording: Wording) -> str:
    model = wording.text(withheld.model.name)
    if withheld.kind != "missing":
        return wording.say(f"summary.{withheld.kind}", model=model)
    names = [wording.text(spec.label) for spec, _ in withheld.absent]
    names += [
        wording.feature(reason.values["feature"])
        for reason in withheld.reasons
        if "feature" in reason.values
    ]
    listed = wording.say(
        "summary.missing", model=model, inputs=wording.say("summary.list").join(names)
    )
    if len(listed) < SUMMARY_LIMIT:
        return listed
    return wording.say("summary.missing-many", model=model, count=str(len(names)))


def _withheld_indicator(withheld: Withheld) -> Indicator:
    return "warning" if withheld.kind == "failed" else "info"


def _withheld_body(withheld: Withheld, reasons: tuple[str, ...], wording: Wording) -> str:
    key = "detail.failed" if withheld.kind == "failed" else "detail.withheld"
    opening = wording.say(key, model=wording.text(withheld.model.name))
    population = wording.say(
        "detail.population", population=wording.text(withheld.model.population), evidence=""
    )
    listed = "\n".join(f"- {reason}" for reason in reasons)
    chosen = "\n".join(choice.section(withheld, wording))
    return f"**{opening}**\n\n{listed}\n- {population.strip()}\n\n{chosen}".rstrip()


def _source(model: ModelDefinition, wording: Wording) -> Source:
    # Overrides attach to the topic, and one large vendor takes letters and digits only.
    code = "".join(character for character in model.id if character.isalnum())
    name = wording.text(model.name)
    return Source(model.citation, model.citation_url, code, name)


def _links(model: ModelDefinition, identity: CardIdentity, wording: Wording) -> tuple[Link, ...]:
    sources = (
        Link(wording.say("link.model-card"), identity.model_card_url),
        Link(wording.say("link.paper"), model.citation_url),
    )
    if identity.record_url is None:
        return sources
    return (Link(wording.say("link.record"), identity.record_url), *sources)


def _override_reasons(wording: Wording) -> tuple[OverrideReason, ...]:
    return tuple(OverrideReason(code, wording.say(f"override.{code}")) for code in OVERRIDE_REASONS)
