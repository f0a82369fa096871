"""The newest results of each kind: the grouping and choice of Observation/$lastn.

Source: http://hl7.org/fhir/R4/observation-operation-lastn.html.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_server.r4.codec import JsonObject


@dataclass(frozen=True, slots=True)
class Dated:
    """An Observation by its place in the caller's list; `low` and `high` bound its effective time.

    Microseconds since the epoch, `[low, high)`; None where it has no effective time. Results of
    different subjects are never of one group.
    """

    place: int
    subject: Hashable
    code: JsonObject
    low: int | None
    high: int | None


def newest_of_each(observations: Sequence[Dated], *, most: int) -> tuple[int, ...]:
    """Return the places of the `most` newest of each group, the newest group and result first.

    More than `most` where times tie. Times of less precision (a day beside an instant of that
    day) may be the same time: such a result is left out only where `most` others are certainly
    newer. Results without a time come last.
    """
    chosen = [_newest(group, most) for group in _groups(observations)]
    chosen.sort(key=lambda group: _by_time(group[0]))
    return tuple(one.place for group in chosen for one in group)


def _newest(group: list[Dated], most: int) -> list[Dated]:
    ordered = sorted(group, key=_by_time)
    lows = [one.low for one in ordered if one.low is not None]
    if len(lows) < most:
        return ordered
    least = lows[most - 1]
    return [one for one in ordered if one.high is not None and one.high > least]


def _by_time(one: Dated) -> tuple[bool, int, int, int]:
    if one.low is None or one.high is None:
        return True, 0, 0, one.place
    return False, -one.low, -one.high, one.place


def _groups(observations: Sequence[Dated]) -> list[list[Dated]]:
    """Group by Observation.code.

    "Codes SHALL be considered equivalent if the coding.value and coding.system are the same. Text
    only codes SHALL be treated and grouped based on the text. For codes with translations [...]
    the grouping by code SHALL follow the transitive property of equality."
    """
    leaders: dict[Hashable, Hashable] = {}

    def leader(key: Hashable) -> Hashable:
        while leaders.setdefault(key, key) != key:
            key = leaders[key]
        return key

    for one in observations:
        first, *others = _keys(one)
        for other in others:
            leaders[leader(other)] = leader(first)
    groups: dict[Hashable, list[Dated]] = {}
    for one in observations:
        groups.setdefault(leader(next(iter(_keys(one)))), []).append(one)
    return list(groups.values())


def _keys(one: Dated) -> list[Hashable]:
    found = [(one.subject, "coding", *coding) for coding in _codings(one.code.get("coding", ()))]
    return list(found) or [(one.subject, "text", one.code.get("text"))]


def _codings(codings: Iterable[Any]) -> Iterator[tuple[str | None, str]]:
    for coding in codings:
        if "code" in coding:
            yield coding.get("system"), coding["code"]
