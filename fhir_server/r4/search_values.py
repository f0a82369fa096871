"""What one element puts into a search index: tokens, strings, ranges of time, references.

Rules: http://hl7.org/fhir/R4/search.html, one section per parameter type.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, TypeAlias

from fhir_server.r4.dates import EARLIEST, LATEST, instant_range
from fhir_server.r4.references import parse_reference


@dataclass(frozen=True, slots=True)
class TokenValue:
    """A code with its system; `system` is None where the element has none."""

    param: str
    system: str | None
    code: str


@dataclass(frozen=True, slots=True)
class StringValue:
    """Text in the form of `normalise`: a query's text goes through the same function."""

    param: str
    normalised: str


@dataclass(frozen=True, slots=True)
class DateValue:
    """`[low, high)` in microseconds since the epoch; an open Period ends at EARLIEST or LATEST."""

    param: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """A literal reference: `type` and `id` on this server, else `url` (type where it is known)."""

    param: str
    type: str | None
    id: str | None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class NumberValue:
    """A number (`low` equals `high`), or a Range whose open end is infinite."""

    param: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """A Quantity, Range or Money as it is written; a Range's open end is infinite."""

    param: str
    low: float
    high: float
    system: str | None
    code: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class UriValue:
    """A uri as it is written: R4 search.html#uri matches with case and without normalisation."""

    param: str
    uri: str


SimpleValue: TypeAlias = (
    TokenValue | StringValue | DateValue | ReferenceValue | NumberValue | QuantityValue | UriValue
)


@dataclass(frozen=True, slots=True)
class CompositeValue:
    """What one element gives the components of a composite, in their order; parts have no name."""

    param: str
    parts: tuple[SimpleValue, ...]


IndexValue: TypeAlias = SimpleValue | CompositeValue


def fold_code(text: str) -> str:
    """Return a token's code as it is compared: R4 search.html#token, without case when in doubt."""
    return text.lower()


def normalise(text: str) -> str:
    """Return `text` without case, accents, full-width forms and repeated white space.

    R4 search.html#string: case and accents are not significant. Chinese characters stay.
    """
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFC", bare.casefold()).split())


def tokens(param: str, element: Any, *, code_system: str | None) -> Iterator[TokenValue]:
    """Yield the tokens of a code, boolean, Coding, CodeableConcept, Identifier or ContactPoint.

    `code_system` is the system of a bare code. A CodeableConcept with text only and an
    Identifier without a value yield nothing: there is no code to find them by.
    """
    if isinstance(element, bool):
        yield TokenValue(param, None, "true" if element else "false")
    elif isinstance(element, str):
        yield TokenValue(param, code_system, element)
    elif isinstance(element.get("coding"), list):
        for coding in element["coding"]:
            if "code" in coding:
                yield TokenValue(param, coding.get("system"), coding["code"])
    elif "code" in element:
        yield TokenValue(param, element.get("system"), element["code"])
    elif "value" in element:
        # ContactPoint.system is `phone` or `email`, no namespace of the number.
        yield TokenValue(param, _namespace(element), element["value"])


def _namespace(identified: dict[str, Any]) -> str | None:
    system = identified.get("system")
    return system if isinstance(system, str) and ":" in system else None


_NAME_PARTS = ("text", "family", "given", "prefix", "suffix")


def strings(param: str, element: Any) -> Iterator[StringValue]:
    """Yield the normalised texts of a string or of each part of a HumanName."""
    if isinstance(element, str):
        texts = [element]
    else:
        texts = [text for part in _NAME_PARTS for text in _as_list(element.get(part))]
        texts += _full_name(element)
    seen: set[str] = set()
    for text in texts:
        normalised = normalise(text) if isinstance(text, str) else ""
        if normalised and normalised not in seen:
            seen.add(normalised)
            yield StringValue(param, normalised)


def _full_name(name: dict[str, Any]) -> list[str]:
    """Return family and given joined as a Chinese name is written: 张 and 三 are 张三."""
    family, given = name.get("family"), _as_list(name.get("given"))
    if isinstance(family, str) and family > "\u2e80" and given:  # CJK begins at U+2E80
        return [family + "".join(text for text in given if isinstance(text, str))]
    return []


def dates(param: str, element: Any, *, zone: tzinfo) -> Iterator[DateValue]:
    """Yield the range of a date, dateTime, instant, Period or Timing (outer limits).

    ValueError where the text is no FHIR date, which validation has refused before.
    """
    if isinstance(element, str):
        yield DateValue(param, *instant_range(element, default_zone=zone))
    elif "event" in element or "repeat" in element:
        yield from _timing(param, element, zone)
    else:
        yield from _period(param, element, zone)


def _period(param: str, period: dict[str, Any], zone: tzinfo) -> Iterator[DateValue]:
    start, end = period.get("start"), period.get("end")
    if start is None and end is None:
        return
    low = EARLIEST if start is None else instant_range(start, default_zone=zone)[0]
    high = LATEST if end is None else instant_range(end, default_zone=zone)[1]
    yield DateValue(param, low, high)


def _timing(param: str, timing: dict[str, Any], zone: tzinfo) -> Iterator[DateValue]:
    # R4 search.html#date: a Timing is matched by its outer limits only.
    ranges = [
        instant_range(text, default_zone=zone)
        for text in _as_list(timing.get("event"))
        if text is not None
    ]
    bounds = timing.get("repeat", {}).get("boundsPeriod")
    if bounds is not None:
        ranges += [(value.low, value.high) for value in _period(param, bounds, zone)]
    if ranges:
        yield DateValue(param, min(low for low, _ in ranges), max(high for _, high in ranges))


def references(
    param: str, element: Any, *, targets: tuple[str, ...], base_url: str | None
) -> Iterator[ReferenceValue]:
    """Yield the target of a Reference with a literal `reference`, version left out.

    An absolute reference below `base_url` is one on this server. A contained target and a
    logical reference (identifier only) yield nothing. ValueError as `parse_reference`.
    """
    text = element.get("reference")
    if not isinstance(text, str):
        return
    found = parse_reference(text)
    type = found.type if found.type is not None else element.get("type")
    if found.is_contained or (targets and type not in targets):
        return
    if found.is_local or (found.type is not None and found.base == base_url):
        yield ReferenceValue(param, found.type, found.id)
    else:
        yield ReferenceValue(param, type, None, text.partition("/_history/")[0])


def _as_list(element: Any) -> list[Any]:
    if element is None:
        return []
    return element if isinstance(element, list) else [element]
