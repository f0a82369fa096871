"""What is suggested for one item: ranked candidates with reasons, and whether one is taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Final, Literal

from terminology.local_mapping.auto_accept import Doubt, accepted
from terminology.local_mapping.candidates import Candidate
from terminology.local_mapping.features import kinds
from terminology.local_mapping.items import ItemReading, LocalItem, read_item
from terminology.local_mapping.ranking import Ranked, Ranker
from terminology.local_mapping.samples import judge
from terminology.local_mapping.specimens import agreement

MOST: Final = 5

ReasonCode = Literal[
    "name-same", "name-partly", "name-letters",
    "unit-agrees", "unit-differs", "unit-none", "unit-unread",
    "specimen-same", "specimen-possible", "specimen-unknown",
    "method-named", "method-unstated",
    "samples-typical", "samples-unchecked", "samples-implausible", "samples-words",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for or against a candidate; `values` go into the sentence of its code."""

    code: ReasonCode
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate with its share of the score (all near candidates together: 1) and reasons.

    The share orders the list; it is no probability of being right.
    """

    candidate: Candidate
    share: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Suggested:
    """An item with its suggestions, best first; exactly one of `accepted` and `doubt` is there."""

    item: LocalItem
    suggestions: tuple[Suggestion, ...]
    accepted: Candidate | None
    doubt: Doubt | None


def suggest(item: LocalItem, ranker: Ranker, *, rules: bool = True) -> Suggested:
    """Return the suggestions for an item; without `rules` nothing is accepted."""
    reading = read_item(item)
    ranked = ranker.rank(reading)
    shares = _shares(ranked)
    suggestions = tuple(
        Suggestion(each.candidate, share, reasons(reading, each))
        for each, share in zip(ranked[:MOST], shares, strict=False)
    )
    found = accepted(reading, ranker.named(reading)) if rules else "rules-off"
    if isinstance(found, Candidate) and (not ranked or ranked[0].candidate.code != found.code):
        found = "not-first"
    if isinstance(found, Candidate):
        return Suggested(item, suggestions, found, None)
    return Suggested(item, suggestions, None, found)


def reasons(item: ItemReading, ranked: Ranked) -> tuple[Reason, ...]:
    """Return why a candidate is suggested: name, unit, specimen, method, results."""
    candidate = ranked.candidate
    found = (
        _name(item, ranked),
        _unit(item, candidate),
        _specimen(item, candidate),
        _method(item, candidate),
        _samples(item, candidate),
    )
    return tuple(each for each in found if each is not None)


def _shares(ranked: Sequence[Ranked]) -> list[float]:
    """Return the softmax of the scores."""
    if not ranked:
        return []
    best = ranked[0].score
    odds = [exp(each.score - best) for each in ranked]
    return [each / sum(odds) for each in odds]


def _name(item: ItemReading, ranked: Ranked) -> Reason:
    mine, theirs = item.name.component, ranked.component.component
    if mine == theirs:
        return Reason("name-same", {"name": ranked.candidate.component})
    if not mine & theirs:
        return Reason("name-letters", {})
    left = sorted(mine - theirs) + sorted(theirs - mine)
    return Reason("name-partly", {"words": ", ".join(left)})


def _unit(item: ItemReading, candidate: Candidate) -> Reason | None:
    unit, property = item.item.unit, candidate.property
    if not property:
        return None
    if not unit:
        return Reason("unit-none", {"property": property})
    if not item.properties:
        return Reason("unit-unread", {"unit": unit, "property": property})
    code: ReasonCode = "unit-agrees" if kinds(candidate) & item.properties else "unit-differs"
    return Reason(code, {"unit": unit, "property": property})


def _specimen(item: ItemReading, candidate: Candidate) -> Reason | None:
    if not candidate.system:
        return None
    found = {agreement(each, candidate.system) for each in item.specimens}
    values = {"specimen": item.item.specimen or "-", "system": candidate.system}
    if "same" in found:
        return Reason("specimen-same", values)
    return Reason("specimen-possible" if "possible" in found else "specimen-unknown", values)


def _method(item: ItemReading, candidate: Candidate) -> Reason | None:
    if not candidate.method:
        return None
    named = candidate.method in item.methods
    return Reason("method-named" if named else "method-unstated", {"method": candidate.method})


def _samples(item: ItemReading, candidate: Candidate) -> Reason | None:
    verdict = judge(item.item.samples, code=candidate.code, unit=item.item.unit)
    values = {"samples": "; ".join(item.item.samples[:3])}
    match verdict:
        case "typical":
            return Reason("samples-typical", values)
        case "unchecked":
            return Reason("samples-unchecked", values)
        case "implausible":
            return Reason("samples-implausible", values)
        case "words" if candidate.scale == "Qn":
            return Reason("samples-words", values)
        case _:
            return None
