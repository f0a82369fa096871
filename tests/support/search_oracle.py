"""Search as the specification says it, on plain facts: no index, no plan, no SQL.

http://hl7.org/fhir/R4/search.html, read by somebody who has all the time in the world. A `Fact` is
one Observation; a question knows how it is written in a URL and for which facts it holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from fhir_server.r4.dates import instant_range
from tests.support.fhir_store import NOW

UCUM = "http://unitsofmeasure.org"
# In mmol/L.
FACTORS = {"mmol/L": Fraction(1), "umol/L": Fraction(1, 1000), "mol/L": Fraction(1000)}

Coding: TypeAlias = tuple[str | None, str]
Interval: TypeAlias = tuple[Fraction | None, Fraction | None, bool]


@dataclass(frozen=True)
class Amount:
    """A value in a unit of FACTORS; `coded` is with UCUM's system, else the unit is printed."""

    text: str
    unit: str
    coded: bool
    comparator: str | None = None

    def element(self) -> dict[str, Any]:
        found: dict[str, Any] = {"value": Decimal(self.text), "unit": self.unit}
        if self.coded:
            found |= {"system": UCUM, "code": self.unit}
        return found if self.comparator is None else found | {"comparator": self.comparator}


@dataclass(frozen=True)
class Person:
    gender: str | None
    family: str | None


@dataclass(frozen=True)
class Fact:
    codes: tuple[Coding, ...]
    value: Amount | str | None
    date: str | None
    subject: str | None
    source: str | None

    def resource(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = {"resourceType": "Observation", "id": id, "status": "final"}
        found["code"] = {"text": "a test"}
        if self.codes:
            found["code"]["coding"] = [
                {"code": code} if system is None else {"system": system, "code": code}
                for system, code in self.codes
            ]
        if isinstance(self.value, Amount):
            found["valueQuantity"] = self.value.element()
        elif self.value is not None:
            found["valueString"] = self.value
        if self.date is not None:
            found["effectiveDateTime"] = self.date
        if self.subject is not None:
            found["subject"] = {"reference": self.subject}
        if self.source is not None:
            found["meta"] = {"source": self.source}
        return found


@dataclass(frozen=True)
class Question:
    """One parameter of a search, and the facts for which it holds (given the patients by id)."""

    name: str
    text: str
    holds: Callable[[Fact, dict[str, Person]], bool]

    def __repr__(self) -> str:
        return f"{self.name}={self.text}"


def token(fact: Fact, term: tuple[str | None, str | None]) -> bool:
    system, code = term
    return any(
        (system is None or (system or None) == s) and (code is None or code.lower() == c.lower())
        for s, c in fact.codes
    )


def date_span(text: str) -> tuple[int, int]:
    return instant_range(text, default_zone=UTC)


def date_holds(prefix: str, value: tuple[int, int], asked: tuple[int, int]) -> bool:
    """R4 search.html#prefix, in the words of its table."""
    contains = asked[0] <= value[0] and value[1] <= asked[1]
    above, below = value[1] > asked[1], value[0] < asked[0]
    if prefix == "ap":
        now = int((NOW - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000
        gap = max(asked[0] - now, now - asked[1], 0) // 10
        return value[0] < asked[1] + gap and value[1] > asked[0] - gap
    return {
        "eq": contains, "ne": not contains, "gt": above, "lt": below,
        "ge": above or contains, "le": below or contains,
        "sa": value[0] >= asked[1], "eb": value[1] <= asked[0],
    }[prefix]  # fmt: skip


def precision(text: str) -> Fraction:
    """Half of the last digit that is written: 100 is 100 +/- 0.5, 5.40 is 5.4 +/- 0.005."""
    _, _, decimals = text.partition(".")
    return Fraction(1, 2 * 10 ** len(decimals))


def number_holds(
    prefix: str, low: Fraction | None, high: Fraction | None, open_end: bool, text: str,
    factor: Fraction = Fraction(1),
) -> bool:  # fmt: skip
    """`low` and `high` of what is stored, None without end; `open_end`: the end that is one is
    not itself in the range (a comparator < or >). All in one unit; `factor` turns `text` into it.
    """
    value = Fraction(text) * factor
    half = precision(text) * factor
    first, last = value - half, value + half
    is_point = low == high and low is not None
    if prefix in ("eq", "ne"):
        # "the range of the search value fully contains the range of the target value"
        contains = is_point and low is not None and first <= low < last
        return contains == (prefix == "eq")
    if prefix == "ap":
        reach = max(half, abs(value) / 10)
        first, last = value - reach, value + reach
        starts = low is None or (low < last if open_end and not is_point else low <= last)
        ends = high is None or (high > first if open_end and not is_point else high >= first)
        return starts and ends
    reaches_above = high is None or high > value
    reaches_below = low is None or low < value
    # Something at `value` itself or beyond: an open end stops short of it.
    at_or_above = reaches_above or (high == value and (is_point or not open_end))
    at_or_below = reaches_below or (low == value and (is_point or not open_end))
    after = low is not None and (low > value or (low == value and open_end and not is_point))
    before = high is not None and (high < value or (high == value and open_end and not is_point))
    return {
        "gt": reaches_above, "lt": reaches_below, "ge": at_or_above, "le": at_or_below,
        "sa": after, "eb": before,
    }[prefix]  # fmt: skip


def stored_range(amount: Amount) -> tuple[Fraction | None, Fraction | None, bool]:
    """What a comparator means: "<5" is everything below 5, and not 5."""
    value = Fraction(amount.text)
    match amount.comparator:
        case "<" | "<=":
            return None, value, amount.comparator == "<"
        case ">" | ">=":
            return value, None, amount.comparator == ">"
    return value, value, False


def quantity(fact: Fact, prefix: str, text: str, unit: str | None, system: str | None) -> bool:
    amount = fact.value
    if not isinstance(amount, Amount):
        return False
    low, high, open_end = stored_range(amount)
    if unit is None:
        return number_holds(prefix, low, high, open_end, text)
    if system is None:
        return amount.unit == unit and number_holds(prefix, low, high, open_end, text)
    if not amount.coded:
        return False
    mine = FACTORS[amount.unit]
    scaled = [None if end is None else end * mine for end in (low, high)]
    return number_holds(prefix, *scaled, open_end, text, FACTORS[unit])


SortValue: TypeAlias = Any


def in_order(facts: Sequence[tuple[str, Fact]], keys: Sequence[tuple[str, bool]]) -> list[str]:
    """Return the ids in order, those without a value last.

    Of equals the earlier stored comes first; with one key that is descending, the later.
    """
    ordered = list(enumerate(facts))
    walks = len(keys) == 1 and keys[0][0] in ("date", "value-string", "_source", "_lastUpdated")
    if walks and keys[0][1]:
        ordered.reverse()
    for name, descending in reversed(keys):
        values = {place: sort_value(name, place, fact) for place, (_id, fact) in ordered}
        known = [one for one in ordered if values[one[0]] is not None]
        missing = [one for one in ordered if values[one[0]] is None]
        if walks:
            missing.sort(key=lambda one: one[0])
        # A stable sort: what was decided by later keys stays among equals.
        known.sort(key=lambda one: values[one[0]], reverse=False)
        if descending:
            groups: dict[Any, list[Any]] = {}
            for one in known:
                groups.setdefault(values[one[0]], []).append(one)
            known = [one for value in sorted(groups, reverse=True) for one in groups[value]]
        ordered = known + missing
    return [id for _place, (id, _fact) in ordered]


def sort_value(name: str, place: int, fact: Fact) -> SortValue:
    match name:
        case "date":
            return None if fact.date is None else date_span(fact.date)[0]
        case "value-string":
            return fact.value.lower() if isinstance(fact.value, str) else None
        case "_source":
            return fact.source
        case "subject":
            return None if fact.subject is None else fact.subject.rpartition("/")[2]
        case "_id" | "_lastUpdated":
            return place
    raise KeyError(name)
