"""A composite with rows of its own: one condition for each way in which its parts can be met."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from sqlalchemy import Connection

from fhir_server.r4.search_parameters import fold_code, normalise
from fhir_server.store import interning, search_composites
from fhir_server.store.search_kind import Condition
from fhir_server.store.search_plain import AFTER_ALL, Indexed, quantity_kind
from fhir_server.store.search_query import (
    CompositeTerm,
    NumberTerm,
    QuantityTerm,
    ReferenceTerm,
    StringTerm,
    Term,
    TokenTerm,
    UriTerm,
)
from fhir_server.store.statements import SqlValue
from fhir_server.store.tables import key_text

# The name of a part's kind with its values; None where nothing stored can match.
_Part = tuple[str, tuple[SqlValue, ...]] | None


def composite_rows(indexed: Indexed, term: CompositeTerm) -> Iterator[Condition]:
    """Yield the conditions of which one must hold on a row of the composite."""
    parts = [[_part(one, indexed.connection) for one in part] for part in term.parts]
    for chosen in product(*parts):
        known = [part for part in chosen if part is not None]
        if len(known) == len(chosen):
            name = search_composites.name_of(tuple(kind for kind, _values in known))
            yield indexed.condition(name, *(value for _kind, some in known for value in some))


def _part(term: Term, connection: Connection) -> _Part:
    return _PARTS[type(term)](term, connection)


def _token(term: TokenTerm, connection: Connection) -> _Part:
    code = None if term.code is None else key_text(fold_code(term.code))
    if term.system is None:
        return "code", (code,)
    system = interning.known_system_id(connection, term.system)
    if system is None:
        return None
    return ("system", (system,)) if code is None else ("token", (code, system))


def _string(term: StringTerm, _connection: Connection) -> _Part:
    text = normalise(term.text)
    return "starts", (text, text + AFTER_ALL)


def _number(term: NumberTerm, _connection: Connection) -> _Part:
    return f"number-{term.prefix}", (term.low, term.high)


def _quantity(term: QuantityTerm, connection: Connection) -> _Part:
    kind, values = quantity_kind(term, connection)
    system = None if term.system is None else interning.known_system_id(connection, term.system)
    if kind is None or system is None:
        return None
    if kind.startswith("quantity-coded-"):
        system_id, code, low, high = values
        return kind, (code, system_id, low, high)
    code, low, high = values
    return kind, (code, system, low, high)


def _reference(term: ReferenceTerm, connection: Connection) -> _Part:
    if term.type is None:
        return "target", (key_text(term.target),)
    system = interning.known_system_id(connection, term.type)
    return None if system is None else ("reference", (key_text(term.target), system))


def _uri(term: UriTerm, _connection: Connection) -> _Part:
    return "uri", (key_text(term.uri),)


_PARTS: Mapping[type, Callable[[Any, Connection], _Part]] = {
    TokenTerm: _token,
    StringTerm: _string,
    NumberTerm: _number,
    QuantityTerm: _quantity,
    ReferenceTerm: _reference,
    UriTerm: _uri,
}
