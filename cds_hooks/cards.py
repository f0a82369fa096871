"""The CDS Hooks card of this product: none without a confidence and the physician's notice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from cds_hooks.notice import Notice

Indicator = Literal["info", "warning", "critical"]
SUMMARY_LIMIT = 140  # CDS Hooks 2.0, "Card Attributes": summary is under 140 characters


class IncompleteCard(TypeError):
    """A card was built without something that no card of this product may lack."""


@dataclass(frozen=True, slots=True)
class CardConfidence:
    """How far to trust the card: a level, P(category unchanged) and the reasons in words.

    `probability` is None for an estimate without a category; such a card is never of level high.
    """

    level: Literal["high", "medium", "low"]
    probability: float | None
    reasons: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.probability is None:
            complete = self.level != "high"
        else:
            complete = 0.0 <= self.probability <= 1.0
        if not self.reasons or not complete:
            raise IncompleteCard("a confidence has a probability from 0 to 1 and its reasons")


@dataclass(frozen=True, slots=True)
class CardModel:
    """Which model spoke."""

    id: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class BasisItem:
    """One value that the answer rests on."""

    input: str
    value: float
    unit: str
    date: str | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """Who says so; `topic` is stable, because clients attach overrides to it."""

    label: str
    url: str
    topic_code: str
    topic_display: str


@dataclass(frozen=True, slots=True)
class Link:
    """An absolute link."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class OverrideReason:
    """A coded reason that a physician may give for setting the card aside."""

    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Card:
    """A card; building one without a confidence or the notice fails with `IncompleteCard`."""

    uuid: UUID
    summary: str
    body: str
    indicator: Indicator
    source: Source
    confidence: CardConfidence
    notice: Notice
    model: CardModel
    basis: tuple[BasisItem, ...]
    links: tuple[Link, ...]
    override_reasons: tuple[OverrideReason, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.confidence, CardConfidence):
            raise IncompleteCard("a card needs a CardConfidence")
        if not isinstance(self.notice, Notice):
            raise IncompleteCard("a card needs the physician's Notice")
        if not self.summary or len(self.summary) >= SUMMARY_LIMIT:
            raise IncompleteCard(f"a summary has 1 to {SUMMARY_LIMIT - 1} characters")

    @property
    def detail(self) -> str:
        """The Markdown that the client shows, with the notice at its end."""
        return f"{self.body}\n\n> {self.notice.text}"

    def to_json(self, *, topic_system: str, override_system: str) -> dict[str, Any]:
        """Return the wire form; optional fields without a value are left out, never null."""
        extension: dict[str, Any] = {
            "org.attending.confidence": _confidence_json(self.confidence),
            "org.attending.model": {
                "id": self.model.id,
                "version": self.model.version,
                "digest": self.model.digest,
            },
            "org.attending.notice": self.notice.text,
        }
        if self.basis:
            extension["org.attending.basis"] = [_basis_json(item) for item in self.basis]
        return {
            "uuid": str(self.uuid),
            "summary": self.summary,
            "detail": self.detail,
            "indicator": self.indicator,
            "source": {
                "label": self.source.label,
                "url": self.source.url,
                "topic": {
                    "system": topic_system,
                    "code": self.source.topic_code,
                    "display": self.source.topic_display,
                },
            },
            "overrideReasons": [
                {"system": override_system, "code": reason.code, "display": reason.display}
                for reason in self.override_reasons
            ],
            "links": _links_json(self.links),
            "extension": extension,
        }


def _confidence_json(confidence: CardConfidence) -> dict[str, Any]:
    found: dict[str, Any] = {"level": confidence.level}
    if confidence.probability is not None:
        found["probability"] = confidence.probability
    return found | {"reasons": list(confidence.reasons)}


def _basis_json(item: BasisItem) -> Mapping[str, Any]:
    found = {
        "input": item.input,
        "value": item.value,
        "unit": item.unit,
        "date": item.date,
        "reference": item.reference,
    }
    return {name: value for name, value in found.items() if value is not None}


def _links_json(links: Sequence[Link]) -> list[dict[str, str]]:
    return [{"label": link.label, "url": link.url, "type": "absolute"} for link in links]
