"""How each datatype is read into an index: one reader for each pair of search type and datatype.

Rules: http://hl7.org/fhir/R4/search.html, one section per parameter type. A reader is given valid
elements only; it appends to the values of the resource that the Scope belongs to.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, TypeAlias

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.dates import EARLIEST, LATEST, instant_range
from fhir_server.r4.references import parse_reference
from fhir_server.r4.search_table import SearchPath, SearchType
from fhir_server.r4.search_values import (
    DateValue,
    IndexValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    UriValue,
    normalise,
)

# R4 datatypes.html#Money: its currency is a code of ISO 4217.
_CURRENCIES = "urn:iso:std:iso:4217"


@dataclass(slots=True)
class Scope:
    """The resource that is read, where dates without an offset lie, what URLs are this server's."""

    resource: JsonObject
    zone: tzinfo
    base_url: str | None
    values: list[IndexValue] = field(default_factory=list)


# Appends what an element gives the parameter of this name.
Reader: TypeAlias = Callable[[str, Any, Scope], None]


def reader(search_type: SearchType, path: SearchPath) -> Reader:
    """Return what reads the elements of `path`; KeyError where that search reads no such type."""
    if search_type == "token" and path.system is not None:
        return _bound_code(path.system)
    if search_type == "reference" and path.targets:
        return _restricted(_READERS["reference", path.type], frozenset(path.targets))
    return _READERS[search_type, path.type]


def logical_reference(param: str, element: Any, scope: Scope) -> None:
    """Append the business identifier that a Reference carries, as a token."""
    identifier = element.get("identifier")
    if identifier is not None:
        _identifier(param, identifier, scope)


def _bound_code(system: str) -> Reader:
    def read(param: str, element: Any, scope: Scope) -> None:
        scope.values.append(TokenValue(param, system, element))

    return read


def _plain_code(param: str, element: Any, scope: Scope) -> None:
    scope.values.append(TokenValue(param, None, element))


def _boolean(param: str, element: Any, scope: Scope) -> None:
    scope.values.append(TokenValue(param, None, "true" if element else "false"))


def _coding(param: str, element: Any, scope: Scope) -> None:
    code = element.get("code")
    if code is not None:
        scope.values.append(TokenValue(param, element.get("system"), code))


def _concept(param: str, element: Any, scope: Scope) -> None:
    # With text only there is no code to find it by; `:text` reads the record.
    for coding in element.get("coding", ()):
        _coding(param, coding, scope)


def _identifier(param: str, element: Any, scope: Scope) -> None:
    value = element.get("value")
    if value is not None:
        scope.values.append(TokenValue(param, element.get("system"), value))


def _contact_point(param: str, element: Any, scope: Scope) -> None:
    # ContactPoint.system is `phone` or `email`, no namespace of the number.
    value = element.get("value")
    if value is not None:
        scope.values.append(TokenValue(param, None, value))


def _string(param: str, element: Any, scope: Scope) -> None:
    normalised = normalise(element)
    if normalised:
        scope.values.append(StringValue(param, normalised))


def _human_name(param: str, element: Any, scope: Scope) -> None:
    _texts(param, element, ("text", "family", "given", "prefix", "suffix"), scope)
    # Family and given as a Chinese name is written: 张 and 三 are 张三.
    family, given = element.get("family"), _listed(element.get("given"))
    if family is not None and family > "\u2e80" and given:  # CJK begins at U+2E80
        _string(param, family + "".join(given), scope)


def _address(param: str, element: Any, scope: Scope) -> None:
    parts = ("text", "line", "city", "district", "state", "postalCode", "country")
    _texts(param, element, parts, scope)


def _texts(param: str, element: JsonObject, names: tuple[str, ...], scope: Scope) -> None:
    for name in names:
        for text in _listed(element.get(name)):
            _string(param, text, scope)


def _date(param: str, element: Any, scope: Scope) -> None:
    low, high = instant_range(element, default_zone=scope.zone)
    scope.values.append(DateValue(param, low, high))


def _period(param: str, element: Any, scope: Scope) -> None:
    span = _span(element, scope.zone)
    if span is not None:
        scope.values.append(DateValue(param, *span))


def _span(period: JsonObject, zone: tzinfo) -> tuple[int, int] | None:
    start, end = period.get("start"), period.get("end")
    if start is None and end is None:
        return None
    low = EARLIEST if start is None else instant_range(start, default_zone=zone)[0]
    high = LATEST if end is None else instant_range(end, default_zone=zone)[1]
    return low, high


def _timing(param: str, element: Any, scope: Scope) -> None:
    # R4 search.html#date: a Timing is matched by its outer limits only.
    spans = [instant_range(t, default_zone=scope.zone) for t in _listed(element.get("event"))]
    bounds = _span(element.get("repeat", {}).get("boundsPeriod", {}), scope.zone)
    if bounds is not None:
        spans.append(bounds)
    if spans:
        low, high = min(low for low, _ in spans), max(high for _, high in spans)
        scope.values.append(DateValue(param, low, high))


def _reference(param: str, element: Any, scope: Scope) -> None:
    """Append the literal target, version left out; nothing where it is contained or logical.

    An absolute reference below the server's own base is one on this server.
    """
    text = element.get("reference")
    if text is None:
        return
    found = parse_reference(text)
    if found.is_contained:
        return
    if found.is_local or (found.type is not None and found.base == scope.base_url):
        scope.values.append(ReferenceValue(param, found.type, found.id))
    else:
        type_name = found.type if found.type is not None else element.get("type")
        url = text.partition("/_history/")[0]
        scope.values.append(ReferenceValue(param, type_name, None, url))


def _canonical_reference(param: str, element: Any, scope: Scope) -> None:
    for url in _canonical_forms(element):
        scope.values.append(ReferenceValue(param, None, None, url))


def _resource(param: str, element: Any, scope: Scope) -> None:
    # Bundle.composition: the element is the resource itself.
    if "id" in element:
        scope.values.append(ReferenceValue(param, element["resourceType"], element["id"]))


def _restricted(read: Reader, targets: frozenset[str]) -> Reader:
    def restricted(param: str, element: Any, scope: Scope) -> None:
        before = len(scope.values)
        read(param, element, scope)
        kept = [v for v in scope.values[before:] if getattr(v, "type", None) in targets]
        scope.values[before:] = kept

    return restricted


def _canonical_forms(text: str) -> tuple[str, ...]:
    """Return the URL and, where a version is written, the URL with it.

    R4 references.html#canonical: a canonical is found with its version and without.
    """
    if text.startswith("#"):
        return ()
    url, bar, _ = text.partition("|")
    return (url, text) if bar else (url,)


def _uri(param: str, element: Any, scope: Scope) -> None:
    scope.values.append(UriValue(param, element))


def _canonical_uri(param: str, element: Any, scope: Scope) -> None:
    scope.values.extend(UriValue(param, url) for url in _canonical_forms(element))


def _number(param: str, element: Any, scope: Scope) -> None:
    number = float(element)
    scope.values.append(NumberValue(param, number, number))


def _number_range(param: str, element: Any, scope: Scope) -> None:
    ends = _ends(element)
    if ends is not None:
        scope.values.append(NumberValue(param, *ends))


def _quantity(param: str, element: Any, scope: Scope) -> None:
    value = element.get("value")
    if value is None:
        return
    low, high = _compared(float(value), element.get("comparator"))
    unit = (element.get("system"), element.get("code"), element.get("unit"))
    scope.values.append(QuantityValue(param, low, high, *unit))


def _compared(value: float, comparator: str | None) -> tuple[float, float]:
    """Return the range that "<5" means: below the limit of detection is no value of 5."""
    match comparator:
        case "<":
            return -math.inf, math.nextafter(value, -math.inf)
        case "<=":
            return -math.inf, value
        case ">":
            return math.nextafter(value, math.inf), math.inf
        case ">=":
            return value, math.inf
        case _:
            return value, value


def _money(param: str, element: Any, scope: Scope) -> None:
    value, currency = element.get("value"), element.get("currency")
    if value is not None:
        system = None if currency is None else _CURRENCIES
        amount = float(value)
        scope.values.append(QuantityValue(param, amount, amount, system, currency, None))


def _quantity_range(param: str, element: Any, scope: Scope) -> None:
    ends = _ends(element)
    if ends is not None:
        # R4 datatypes.html#Range, rng-2: both ends have the same unit where they have one.
        unit = {**element.get("high", {}), **element.get("low", {})}
        names = (unit.get("system"), unit.get("code"), unit.get("unit"))
        scope.values.append(QuantityValue(param, *ends, *names))


def _ends(element: JsonObject) -> tuple[float, float] | None:
    low, high = (element.get(name, {}).get("value") for name in ("low", "high"))
    if low is None and high is None:
        return None
    return -math.inf if low is None else float(low), math.inf if high is None else float(high)


def _listed(element: Any) -> list[Any]:
    """Return the element's values without nulls, which stand for values that are absent."""
    if element is None:
        return []
    return [e for e in element if e is not None] if isinstance(element, list) else [element]


_TYPES: Mapping[SearchType, Mapping[Reader, str]] = {
    "token": {
        _plain_code: "code string uri id oid",
        _boolean: "boolean",
        _coding: "Coding",
        _concept: "CodeableConcept",
        _identifier: "Identifier",
        _contact_point: "ContactPoint",
    },
    "string": {_string: "string markdown", _human_name: "HumanName", _address: "Address"},
    "date": {_date: "date dateTime instant", _period: "Period", _timing: "Timing"},
    "reference": {
        _reference: "Reference",
        _canonical_reference: "canonical uri url",
        _resource: "Resource",
    },
    "number": {_number: "integer decimal positiveInt unsignedInt", _number_range: "Range"},
    "quantity": {
        _quantity: "Quantity SimpleQuantity Age Count Distance Duration",
        _money: "Money",
        _quantity_range: "Range",
    },
    "uri": {_uri: "uri url oid uuid", _canonical_uri: "canonical"},
}
_READERS: Mapping[tuple[SearchType, str], Reader] = {
    (search_type, type_name): read
    for search_type, readers in _TYPES.items()
    for read, names in readers.items()
    for type_name in names.split()
}
# What each search reads: scripts/build_r4_search.py compiles the official expressions to these.
READ: Mapping[SearchType, frozenset[str]] = {
    search_type: frozenset(" ".join(readers.values()).split())
    for search_type, readers in _TYPES.items()
}
