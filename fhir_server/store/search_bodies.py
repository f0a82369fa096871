"""What no index holds is decided by the body of each candidate: `:exact`, `:text`, `:of-type`.

So are quantities without a unit in a composite, whose rows hold canonical values only. The other
tests of a search, and what the index does hold, leave the candidates.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.search_parameters import (
    CompositeValue,
    IndexValue,
    NumberValue,
    QuantityValue,
    ReferenceValue,
    SearchParameter,
    SearchPath,
    StringValue,
    TokenValue,
    fold_code,
    index_values,
    normalise,
)
from fhir_server.r4.search_plan import finder
from fhir_server.store.canonical import canonical_range
from fhir_server.store.search_amounts import COMPARE
from fhir_server.store.search_query import (
    CompositeTerm,
    Criterion,
    NumberTerm,
    OfTypeTerm,
    QuantityTerm,
    ReferenceTerm,
    StringTerm,
    Term,
    TextTerm,
    TokenTerm,
)
from fhir_server.store.search_served import searchable, uses_of

# Parts of a HumanName or an Address that are codes, not text a person is found by.
_CODES = frozenset({"use", "type", "system"})


@dataclass(frozen=True, slots=True)
class BodyTest:
    """A criterion on resources of `type` that their bodies decide; `zone` places their dates."""

    type: str
    criterion: Criterion
    zone: tzinfo

    def holds(self, resource: JsonObject) -> bool:
        """Return whether one of the terms holds for `resource`."""
        parameter = searchable(self.type)[self.criterion.parameter]
        return any(_holds(term, parameter, resource, self) for term in self.criterion.terms)


def needs_body(term: Term) -> bool:
    """Return whether the indexes give candidates only."""
    match term:
        case TextTerm() | OfTypeTerm():
            return True
        case StringTerm():
            return term.match == "exact"
        case CompositeTerm():
            return any(_has_no_unit(part) for parts in term.parts for part in parts)
    return False


def _has_no_unit(term: Term) -> bool:
    return isinstance(term, QuantityTerm) and term.system is None


def _holds(term: Term, parameter: SearchParameter, resource: JsonObject, test: BodyTest) -> bool:
    match term:
        case StringTerm():
            return any(term.text in _texts(e) for e, _path in _elements(parameter, resource, test))
        case TextTerm():
            begins = normalise(term.text)
            return any(
                normalise(text).startswith(begins)
                for element, path in _elements(parameter, resource, test)
                for text in _labels(element, path)
            )
        case OfTypeTerm():
            return any(_is_typed(e, term) for e, _path in _elements(parameter, resource, test))
        case CompositeTerm():
            values = list(index_values(resource, default_zone=test.zone))
            return _composite_holds(term, parameter, values, test)
    raise TypeError(f"{term!r} is decided by the index")


def _elements(
    parameter: SearchParameter, resource: JsonObject, test: BodyTest
) -> Iterator[tuple[Any, SearchPath]]:
    declared = searchable(test.type)
    for use in uses_of(parameter):
        for path in declared[use.name].paths:
            found = resource.get(path.steps[0].name) if path.steps else None
            for element in () if found is None else finder(path.steps)(found):
                yield element, path


def _texts(element: Any) -> list[str]:
    """Return every text of a string, HumanName or Address as it is written."""
    if isinstance(element, str):
        return [element]
    return [
        text
        for key, value in element.items()
        if key not in _CODES
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str)
    ]


def _labels(element: Any, path: SearchPath) -> Iterator[str]:
    """Yield the text beside a code: http://hl7.org/fhir/R4/search.html#modifiers, `text`."""
    match path.type:
        case "CodeableConcept":
            yield from _given(element, "text")
            for coding in element.get("coding", ()):
                yield from _given(coding, "display")
        case "Coding" | "Reference":
            yield from _given(element, "display")
        case "Identifier":
            yield from _given(element.get("type", {}), "text")


# The datatypes that have a text beside their code.
LABELLED = frozenset({"CodeableConcept", "Coding", "Reference", "Identifier"})


def _given(element: JsonObject, name: str) -> Iterator[str]:
    text = element.get(name)
    if isinstance(text, str):
        yield text


def _is_typed(identifier: Any, term: OfTypeTerm) -> bool:
    if not isinstance(identifier, dict) or "value" not in identifier:
        return False
    if fold_code(identifier["value"]) != fold_code(term.value):
        return False
    return any(
        coding.get("system", "") == term.system
        and fold_code(coding.get("code", "")) == fold_code(term.code)
        for coding in identifier.get("type", {}).get("coding", ())
    )


def _composite_holds(
    term: CompositeTerm, parameter: SearchParameter, values: list[IndexValue], test: BodyTest
) -> bool:
    declared = searchable(test.type)
    if parameter.union_of:
        return any(
            _composite_holds(term, declared[use.name], values, test) for use in parameter.union_of
        )
    if parameter.all_of:
        return all(
            any(_matches(one, value) for value in values if value.param in _names(declared[name])
                for one in part)
            for name, part in zip(parameter.all_of, term.parts, strict=True)
        )  # fmt: skip
    return any(
        all(
            any(_matches(one, value) for one in part)
            for part, value in zip(term.parts, found.parts, strict=True)
        )
        for found in values
        if isinstance(found, CompositeValue) and found.param == parameter.name
    )


def _names(parameter: SearchParameter) -> tuple[str, ...]:
    return tuple(use.name for use in uses_of(parameter))


def _matches(term: Term, value: IndexValue) -> bool:
    compare = _MATCHES.get((type(term), type(value)))
    return compare is not None and compare(term, value)


def _token(term: TokenTerm, value: TokenValue) -> bool:
    if term.system is not None and term.system != (value.system or ""):
        return False
    return term.code is None or fold_code(term.code) == fold_code(value.code)


def _string(term: StringTerm, value: StringValue) -> bool:
    return value.normalised.startswith(normalise(term.text))


def _reference(term: ReferenceTerm, value: ReferenceValue) -> bool:
    target = value.url if value.id is None else value.id
    return term.target == target and term.type in (None, value.type)


def _quantity(term: QuantityTerm, value: QuantityValue) -> bool:
    number = term.number
    if term.code is None:
        return _compares(number, value.low, value.high)
    if term.system is None:
        return term.code in (value.code, value.unit) and _compares(number, value.low, value.high)
    if term.system != value.system:
        return False
    asked = canonical_range(term.system, term.code, number.low, number.high)
    stored = canonical_range(value.system, value.code, value.low, value.high)
    if asked is None or stored is None:
        return term.code == value.code and _compares(number, value.low, value.high)
    in_unit = NumberTerm(number.prefix, asked[1], asked[2])
    return asked[0] == stored[0] and _compares(in_unit, stored[1], stored[2])


def _compares(term: NumberTerm, low: float, high: float) -> bool:
    """Return whether a stored `[low, high]` is what `term` asks for."""
    return bool(COMPARE[term.prefix](low, high, term.low, term.high))


_MATCHES: Mapping[tuple[type, type], Callable[[Any, Any], bool]] = {
    (TokenTerm, TokenValue): _token,
    (StringTerm, StringValue): _string,
    (ReferenceTerm, ReferenceValue): _reference,
    (QuantityTerm, QuantityValue): _quantity,
    (NumberTerm, NumberValue): lambda term, value: _compares(term, value.low, value.high),
}
