"""From the tests of a query to conditions on the indexes, and what only bodies can decide."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from fhir_server.r4.outcome import BadRequest
from fhir_server.r4.search_parameters import ParameterUse, SearchParameter
from fhir_server.store import indexing, interning
from fhir_server.store.search_bodies import BodyTest, needs_body
from fhir_server.store.search_composed import composite_rows
from fhir_server.store.search_kind import (
    AllOf,
    Alternatives,
    Chained,
    Condition,
    Negation,
    Reversed,
    any_kind,
    flat_values,
)
from fhir_server.store.search_plain import Indexed, conditions_of_term, json_list, listed
from fhir_server.store.search_query import (
    ChainTerm,
    Compartment,
    CompositeTerm,
    Criterion,
    DateTerm,
    HasTerm,
    Missing,
    OfTypeTerm,
    ReferenceTerm,
    Term,
    Test,
    TextTerm,
    TokenTerm,
)
from fhir_server.store.search_rows import width
from fhir_server.store.search_served import BY_COLUMN, searchable, uses_of
from fhir_server.store.tables import key_text


@dataclass(slots=True)
class Tested:
    """What must hold: `conditions` all, of each one; `bodies` all, for what those leave.

    `impossible`: nothing that is stored can match.
    """

    conditions: list[Alternatives] = field(default_factory=list)
    bodies: list[BodyTest] = field(default_factory=list)
    impossible: bool = False

    def need(self, alternatives: Alternatives) -> None:
        """Add conditions of which one must hold; without one nothing can match."""
        if not alternatives:
            self.impossible = True
        elif len(alternatives) == 1 and isinstance(alternatives[0].kind, AllOf):
            self.conditions += _apart(alternatives[0])
        else:
            self.conditions.append(alternatives)


def compile_tests(connection: Connection, type: str, tests: Iterable[Test]) -> Tested:
    """Return what the tests ask of resources of `type`.

    KeyError for a parameter that `type` does not have: parsing has refused it before.
    """
    tested = Tested()
    for test in tests:
        match test:
            case Criterion():
                _add_criterion(connection, type, test, tested)
            case Missing():
                _add_missing(connection, type, test, tested)
            case Compartment():
                tested.need(_compartment(connection, type, test))
    return tested


def _apart(condition: Condition) -> list[Alternatives]:
    """Return the parts of an AllOf as conditions of their own."""
    kind, values, start = condition.kind, condition.values, 0
    parts: list[Alternatives] = []
    if not isinstance(kind, AllOf):
        raise TypeError("only an AllOf has parts")
    for kinds in kind.parts:
        found = []
        for one in kinds:
            end = start + width(one)
            found.append(Condition(one, values[start:end], condition.parameter))
            start = end
        parts.append(tuple(found))
    return parts


def _add_criterion(connection: Connection, type: str, criterion: Criterion, tested: Tested) -> None:
    if any(needs_body(term) for term in criterion.terms):
        tested.bodies.append(BodyTest(type, criterion, indexing.zone_of(connection)))
        if any(isinstance(term, TextTerm) for term in criterion.terms):
            return  # no index leads to a text beside a code
    found = _alternatives(connection, type, criterion)
    if not criterion.negated:
        tested.need(found)
    elif found:
        tested.need((Condition(Negation(any_kind(found)), flat_values((found,)),
                               criterion.parameter),))  # fmt: skip


def _alternatives(connection: Connection, type: str, criterion: Criterion) -> Alternatives:
    name, terms = criterion.parameter, criterion.terms
    if name in BY_COLUMN:
        return listed(tuple(_by_column(type, name, term) for term in terms))
    if name == "_has":
        return tuple(c for term in terms for c in _reversed(connection, type, term))
    parameter = searchable(type)[name]
    found: list[Condition] = []
    for use in uses_of(parameter):
        for term in terms:
            found += _of_use(connection, type, use, term, criterion)
    return listed(tuple(found))


def _of_use(
    connection: Connection, type: str, use: ParameterUse, term: Term, criterion: Criterion
) -> Iterable[Condition]:
    if isinstance(term, CompositeTerm):
        return _composite(connection, type, searchable(type)[use.name], term)
    name = f"{use.name}:identifier" if criterion.of_identifier else use.name
    indexed = Indexed(connection, parameter_number(connection, type, name), use.name)
    if isinstance(term, ChainTerm):
        return _chained(indexed, use, term)
    if isinstance(term, OfTypeTerm):
        term = TokenTerm(None, term.value)
    return (c for part in _restricted(term, use) for c in conditions_of_term(part, indexed))


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


def _composite(
    connection: Connection, type: str, parameter: SearchParameter, term: CompositeTerm
) -> Iterable[Condition]:
    """Return the conditions of a composite: its rows, or its parts all together."""
    if parameter.components and not needs_body(term):
        number = parameter_number(connection, type, parameter.name)
        return composite_rows(Indexed(connection, number, parameter.name), term)
    names = parameter.all_of or tuple(part.name for part in parameter.components)
    parts = tuple(
        _alternatives(connection, type, Criterion(name, part))
        for name, part in zip(names, term.parts, strict=True)
    )
    if not all(parts):
        return ()
    return (Condition(AllOf(tuple(map(any_kind, parts))), flat_values(parts), parameter.name),)


def _chained(indexed: Indexed, use: ParameterUse, term: ChainTerm) -> Iterable[Condition]:
    if use.types and term.type not in use.types:
        return ()
    far = _far(indexed.connection, term, indexed.name)
    if far.impossible:
        return ()
    prefix = f"{term.base_url}/{term.type}/"
    kind = Chained(tuple(map(any_kind, far.conditions)))
    values = (term.type, prefix, len(prefix), term.type, *flat_values(far.conditions))
    return (Condition(kind, (indexed.number, *values), indexed.name),)


def _reversed(connection: Connection, type: str, term: Term) -> Iterable[Condition]:
    if not isinstance(term, HasTerm):
        raise TypeError("_has is asked for by what refers")
    far = _far(connection, term, f"_has:{term.type}:{term.parameter}")
    if far.impossible:
        return ()
    prefix = f"{term.base_url}/{type}/"
    kind = Reversed(tuple(map(any_kind, far.conditions)))
    values = (type, prefix, len(prefix), term.type, *flat_values(far.conditions))
    return tuple(
        Condition(kind, (parameter_number(connection, term.type, use.name), *values), "_has")
        for use in uses_of(searchable(term.type)[term.parameter])
        if not use.types or type in use.types
    )


def _far(connection: Connection, term: ChainTerm | HasTerm, name: str) -> Tested:
    far = compile_tests(connection, term.type, term.tests)
    if far.bodies:
        criterion = far.bodies[0].criterion
        text = (
            f"{name} with a condition on {criterion.parameter} that only the records themselves "
            f"can decide (:exact, :text, :of-type) is not supported; search {term.type} first."
        )
        raise BadRequest("not-supported", text)
    return far


def _add_missing(connection: Connection, type: str, test: Missing, tested: Tested) -> None:
    if test.parameter in BY_COLUMN:
        tested.impossible |= test.missing
        return
    numbers = interning.parameter_ids(connection, type)
    parameter = searchable(type)[test.parameter]
    found: list[Condition] = []
    for use in uses_of(parameter):
        rows = Indexed(connection, numbers[use.name], test.parameter)
        if use.types:
            found += (rows.condition("any-of-type", target) for target in use.types)
        else:
            found.append(rows.condition(f"any-{parameter.type}"))
        logical = numbers.get(f"{use.name}:identifier")
        if logical is not None:
            found.append(Condition("any-token", (logical,), test.parameter))
    present = tuple(found)
    if test.missing:
        kind = Negation(any_kind(present))
        present = (Condition(kind, flat_values((present,)), test.parameter),)
    tested.need(present)


def _compartment(connection: Connection, type: str, test: Compartment) -> Alternatives:
    if not test.targets:
        return ()
    ids = json_list(sorted(test.targets))
    absolute = [] if test.base_url is None else [
        key_text(f"{test.base_url}/{test.type}/{id}") for id in sorted(test.targets)
    ]  # fmt: skip
    targets = json_list([*sorted(test.targets), *absolute])
    found: list[Condition] = []
    for name in test.parameters:
        if name == "_id":
            found += [Condition("id-in", (type, ids), name)] if type == test.type else []
            continue
        for use in uses_of(searchable(type)[name]):
            if not use.types or test.type in use.types:
                number = parameter_number(connection, type, use.name)
                values = (number, test.type, targets)
                found.append(Condition("reference-in", values, name))
    return tuple(dict.fromkeys(found))
