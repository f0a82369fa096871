"""From the terms of a query to conditions on the indexes."""

from sqlalchemy import Connection

from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.search_parameters import ParameterUse, fold_code, normalise
from fhir_server.store import interning
from fhir_server.store.search_conditions import Condition
from fhir_server.store.search_query import (
    Compartment,
    Criterion,
    DateTerm,
    ReferenceTerm,
    StringTerm,
    Term,
    Test,
    TokenTerm,
)
from fhir_server.store.search_served import BY_COLUMN, searchable, uses_of
from fhir_server.store.tables import LONGEST_KEY, key_text

# Above every character that text may hold: the end of a range of texts with one beginning.
_AFTER_ALL = "\U0010ffff"


def conditions_of(connection: Connection, type: str, criterion: Test) -> tuple[Condition, ...]:
    """Return the conditions of which one must hold; none at all where nothing stored can match.

    KeyError for a parameter that `type` does not have: parsing has refused it before.
    """
    if isinstance(criterion, Compartment):
        return _in_compartment(connection, type, criterion)
    name = criterion.parameter
    if name in BY_COLUMN:
        return tuple(_by_column(type, name, term) for term in criterion.terms)
    found = (
        _condition(connection, type, use.name, part)
        for use in uses_of(searchable(type)[name])
        for term in criterion.terms
        for part in _restricted(term, use)
    )
    return tuple(condition for condition in found if condition is not None)


def _in_compartment(connection: Connection, type: str, test: Compartment) -> tuple[Condition, ...]:
    found: list[Condition] = []
    base = test.base_url
    targets = [*test.targets, *(f"{base}/{test.type}/{id}" for id in test.targets if base)]
    for name in test.parameters:
        if name == "_id":
            ids: tuple[Term, ...] = tuple(TokenTerm(None, id) for id in test.targets)
            found += conditions_of(connection, type, Criterion(name, ids))
        else:
            terms: tuple[Term, ...] = tuple(ReferenceTerm(t, test.type) for t in targets)
            found += conditions_of(connection, type, Criterion(name, terms))
    return tuple(found)


def _restricted(term: Term, use: ParameterUse) -> tuple[Term, ...]:
    """Return the term for each target type that the use allows (`patient` is a Patient only)."""
    if not use.types or not isinstance(term, ReferenceTerm):
        return (term,)
    if term.type is None:
        return tuple(ReferenceTerm(term.target, type) for type in use.types)
    return (term,) if term.type in use.types else ()


def parameter_number(connection: Connection, type: str, parameter: str) -> int:
    """Return the interned number of a parameter of `type`; KeyError where it has no index."""
    return interning.parameter_ids(connection, type)[parameter]


def _by_column(type: str, name: str, term: Term) -> Condition:
    if isinstance(term, DateTerm):
        return Condition(f"updated-{term.prefix}", (type, term.low, term.high), name)
    if not isinstance(term, TokenTerm):
        raise TypeError(f"{name} is asked for by an id or a date")
    return Condition("id", (type, term.code), name)


def _condition(connection: Connection, type: str, parameter: str, term: Term) -> Condition | None:
    param = parameter_number(connection, type, parameter)
    if isinstance(term, TokenTerm):
        return _token(connection, param, parameter, term)
    if isinstance(term, StringTerm):
        return _string(connection, type, param, parameter, term)
    return _range_or_target(param, parameter, term)


def _range_or_target(param: int, parameter: str, term: DateTerm | ReferenceTerm) -> Condition:
    if isinstance(term, DateTerm):
        return Condition(f"date-{term.prefix}", (param, term.low, term.high), parameter)
    if term.type is None:
        return Condition("target", (param, key_text(term.target)), parameter)
    return Condition("reference", (param, key_text(term.target), term.type), parameter)


def _token(connection: Connection, param: int, parameter: str, term: TokenTerm) -> Condition | None:
    code = None if term.code is None else key_text(fold_code(term.code))
    if term.system is None:
        return Condition("code", (param, code), parameter)
    system = interning.known_system_id(connection, term.system)
    if system is None:
        return None
    if term.code is None:
        return Condition("system", (param, system), parameter)
    return Condition("token", (param, code, system), parameter)


def _string(
    connection: Connection, type: str, param: int, parameter: str, term: StringTerm
) -> Condition:
    text = normalise(term.text)
    if len(text) > LONGEST_KEY and term.match != "contains":
        raise BadRequest("too-long", f"{parameter} takes up to {LONGEST_KEY} characters of text.")
    match term.match:
        case "starts":
            return Condition("starts", (param, text, text + _AFTER_ALL), parameter)
        case "contains":
            return Condition("contains", (param, text), parameter)
        case "exact":
            if connection.dialect.name != "sqlite":
                text = f"{parameter}:exact is answered on SQLite only; search without :exact."
                raise BadRequest("not-supported", text)
            found = searchable(type)[parameter].paths
            paths = " ".join(path.dotted for path in found)
            return Condition("exact", (param, text, paths, term.text), parameter)
