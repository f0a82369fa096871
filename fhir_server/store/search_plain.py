"""From a plain term to its condition on the index of its type."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.search_parameters import fold_code, normalise
from fhir_server.store import interning
from fhir_server.store.canonical import canonical_range
from fhir_server.store.search_concepts import codes_of_value_set, subsumed_codes
from fhir_server.store.search_kind import Alternatives, Condition
from fhir_server.store.search_query import (
    DateTerm,
    NumberTerm,
    QuantityTerm,
    ReferenceTerm,
    StringTerm,
    SubsumedTerm,
    Term,
    TokenTerm,
    UriTerm,
    ValueSetTerm,
)
from fhir_server.store.statements import SqlValue
from fhir_server.store.tables import KEPT_BEGINNING, LONGEST_KEY, key_text

# Above every character that text may hold: the end of a range of texts with one beginning.
AFTER_ALL = "\U0010ffff"
# More alternatives than this share one condition with a list: statements stay small and few.
_MOST_APART = 4


@dataclass(frozen=True, slots=True)
class Indexed:
    """A parameter with rows: its interned number, and its name."""

    connection: Connection
    number: int
    name: str

    def condition(self, kind: str, *values: SqlValue) -> Condition:
        """Return the condition of this kind on the parameter's rows."""
        return Condition(kind, (self.number, *values), self.name)


def conditions_of_term(term: Term, indexed: Indexed) -> tuple[Condition, ...]:
    """Return the conditions of which one must hold; none where nothing stored can match."""
    return _BY_TERM[type(term)](term, indexed)


def _token(term: TokenTerm, indexed: Indexed) -> tuple[Condition, ...]:
    code = None if term.code is None else key_text(fold_code(term.code))
    if term.system is None:
        return (indexed.condition("code", code),)
    system = interning.known_system_id(indexed.connection, term.system)
    if system is None:
        return ()
    if code is None:
        return (indexed.condition("system", system),)
    return (indexed.condition("token", code, system),)


def _value_set(term: ValueSetTerm, indexed: Indexed) -> tuple[Condition, ...]:
    return _of_codes(codes_of_value_set(indexed.connection, term.value_set), indexed)


def _subsumed(term: SubsumedTerm, indexed: Indexed) -> tuple[Condition, ...]:
    codes = subsumed_codes(indexed.connection, term.system, term.code, term.direction)
    return _of_codes({term.system: codes}, indexed)


def _of_codes(by_system: Mapping[str, frozenset[str]], indexed: Indexed) -> tuple[Condition, ...]:
    found = []
    for uri, codes in sorted(by_system.items()):
        system = interning.known_system_id(indexed.connection, uri)
        if system is not None and codes:
            keys = sorted({key_text(fold_code(code)) for code in codes})
            found.append(indexed.condition("token-in", system, json_list(keys)))
    return tuple(found)


def _string(term: StringTerm, indexed: Indexed) -> tuple[Condition, ...]:
    text = normalise(term.text)
    if len(text) > LONGEST_KEY and term.match == "starts":
        raise BadRequest("too-long", f"{indexed.name} takes up to {LONGEST_KEY} characters.")
    match term.match:
        case "starts":
            return (indexed.condition("starts", text, text + AFTER_ALL),)
        case "contains":
            return (indexed.condition("contains", text),)
    # `:exact`: these are the candidates; the body of each decides (`search_bodies`).
    return (indexed.condition("normalised", text[:LONGEST_KEY]),)


def _date(term: DateTerm, indexed: Indexed) -> tuple[Condition, ...]:
    return (indexed.condition(f"date-{term.prefix}", term.low, term.high),)


def _number(term: NumberTerm, indexed: Indexed) -> tuple[Condition, ...]:
    return (indexed.condition(f"number-{term.prefix}", term.low, term.high),)


def _quantity(term: QuantityTerm, indexed: Indexed) -> tuple[Condition, ...]:
    kind, values = quantity_kind(term, indexed.connection)
    return () if kind is None else (indexed.condition(kind, *values),)


def quantity_kind(
    term: QuantityTerm, connection: Connection
) -> tuple[str | None, tuple[SqlValue, ...]]:
    """Return the kind and values of a quantity; None where no stored unit system is the one asked.

    R4 search.html#quantity: values in a canonical unit are compared where UCUM has one.
    """
    number, code = term.number, term.code
    bounds = (number.low, number.high)
    if code is None:
        return f"quantity-written-{number.prefix}", bounds
    if term.system is None:
        return f"quantity-unit-{number.prefix}", (key_text(code), *bounds)
    system = interning.known_system_id(connection, term.system)
    if system is None:
        return None, ()
    canonical = canonical_range(term.system, code, *bounds)
    if canonical is not None:
        return f"quantity-canonical-{number.prefix}", canonical
    return f"quantity-coded-{number.prefix}", (system, key_text(code), *bounds)


def _uri(term: UriTerm, indexed: Indexed) -> tuple[Condition, ...]:
    match term.direction:
        case None:
            return (indexed.condition("uri", key_text(term.uri)),)
        case "above":
            keys = sorted({key_text(uri) for uri in _at_or_above(term.uri)})
            return (indexed.condition("uri-in", json_list(keys)),)
    if len(term.uri) > KEPT_BEGINNING:
        text = f"{indexed.name}:below takes up to {KEPT_BEGINNING} characters."
        raise BadRequest("too-long", text)
    return (indexed.condition("uri-starts", term.uri, term.uri + AFTER_ALL),)


def _at_or_above(uri: str) -> Iterator[str]:
    """Yield the URI and each beginning of it that ends at a slash, with the slash and without."""
    yield uri
    authority = uri.find("//") + 2
    place = uri.rfind("/")
    while place >= authority:
        yield uri[:place]
        yield uri[: place + 1]
        place = uri.rfind("/", 0, place)


def _reference(term: ReferenceTerm, indexed: Indexed) -> tuple[Condition, ...]:
    if term.type is None:
        return (indexed.condition("target", key_text(term.target)),)
    return (indexed.condition("reference", key_text(term.target), term.type),)


_BY_TERM: Mapping[type, Callable[[Any, Indexed], tuple[Condition, ...]]] = {
    TokenTerm: _token,
    ValueSetTerm: _value_set,
    SubsumedTerm: _subsumed,
    StringTerm: _string,
    DateTerm: _date,
    NumberTerm: _number,
    QuantityTerm: _quantity,
    UriTerm: _uri,
    ReferenceTerm: _reference,
}

# Where the value that a list replaces stands among a condition's values.
_LISTED = {"token": 1, "code": 1, "reference": 1, "target": 1, "uri": 1, "id": 1}


def listed(alternatives: Alternatives) -> Alternatives:
    """Return the alternatives with many that differ in one value put into one condition."""
    if len(alternatives) <= _MOST_APART:
        return alternatives
    groups: dict[tuple[Any, ...], list[SqlValue]] = {}
    apart: list[Condition] = []
    for one in alternatives:
        place = _LISTED.get(one.kind) if isinstance(one.kind, str) else None
        if place is None:
            apart.append(one)
        else:
            rest = one.values[:place] + one.values[place + 1 :]
            groups.setdefault((one.kind, one.parameter, rest), []).append(one.values[place])
    joined = (
        Condition(f"{kind}-in", (*rest, json_list(values)), parameter)
        for (kind, parameter, rest), values in groups.items()
    )
    return (*joined, *apart)


def json_list(values: list[Any]) -> str:
    """Return values as the one parameter that `in_list` reads."""
    return msgspec.json.encode(values).decode()
