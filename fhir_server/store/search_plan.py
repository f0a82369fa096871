"""How a search is walked: which criterion leads, which are checked, which order is followed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from fhir_server.store.search_conditions import KINDS, Condition
from fhir_server.store.search_query import Sort
from fhir_server.store.search_statements import estimate_statement, value_names
from fhir_server.store.statements import Prepared, SqlValue
from fhir_server.store.tables import table

# A criterion with fewer rows leads without a look at how many rows the others have.
_FEW = 64
# Up to so many candidates are collected and sorted (some 10 ms); beyond, an index gives the order.
_MANY = 20_000
# A code with more systems than this is not taken apart by system.
_MOST_SYSTEMS = 8

Alternatives = tuple[Condition, ...]

_TOKEN = table("token_index")
_NEXT_SYSTEM = Prepared(
    select(func.min(_TOKEN.c.system))
    .where(_TOKEN.c.param == bindparam("of_param"))
    .where(_TOKEN.c.code == bindparam("of_code"))
    .where(_TOKEN.c.system > bindparam("after"))
)


@dataclass(frozen=True, slots=True)
class Plan:
    """`driver` None walks every resource of the type; `sort` None is the order of resources."""

    driver: Alternatives | None
    checks: tuple[Alternatives, ...]
    sort: Sort | None


def plan(connection: Connection, tested: Sequence[Alternatives], sort: Sort | None) -> Plan:
    """Return the way through `tested`, all of which must hold, in the order `sort`.

    Where `sort` is None and every criterion matches much, the plan may choose an order.
    """
    if not tested:
        return Plan(None, (), sort)
    if len(tested) == 1 and sort is None and _by_rid(tested[0]):
        return Plan(tested[0], (), None)
    leader, rows = _most_selective(connection, tested)
    if rows < _MANY:
        return Plan(tested[leader], _without(tested, leader), sort)
    if sort is not None:
        return Plan(None, tuple(tested), sort)
    return _plan_large(connection, tested)


def bound(checks: Sequence[Alternatives], sort: Sort, param: SqlValue) -> int | None:
    """Return the sort value at which a walk in the order `sort` can end, None where it cannot.

    A resource stands in a walk by the first of its values, and that first value is within the
    bound wherever any of them satisfies the criterion.
    """
    column = "high" if sort.by_end else "low"
    for alternatives in checks:
        kind, *_ = (condition.kind for condition in alternatives)
        end = _BOUNDS.get((kind, column, sort.descending))
        if len(alternatives) == 1 and end is not None and alternatives[0].values[0] == param:
            found = alternatives[0].values[end]
            return found if isinstance(found, int) else None
    return None


# (kind, column, descending) -> which value of the condition (param, low, high) bounds the column.
_BOUNDS = {
    ("date-lt", "low", False): 1,
    ("date-le", "low", False): 2,
    ("date-eq", "low", False): 2,
    ("date-sa", "low", True): 2,
    ("date-eq", "low", True): 1,
    ("date-gt", "high", True): 2,
    ("date-ge", "high", True): 1,
    ("date-eb", "high", False): 1,
}

# The order in which a range of time is walked from the end at which its matches lie.
_NATURAL_ORDER = {
    "date-lt": (False, False),
    "date-le": (False, False),
    "date-eq": (True, False),
    "date-sa": (True, False),
    "date-gt": (True, True),
    "date-ge": (True, True),
    "date-eb": (False, True),
}


def _plan_large(connection: Connection, tested: Sequence[Alternatives]) -> Plan:
    for place, alternatives in enumerate(tested):
        apart = tuple(
            part for condition in alternatives for part in _by_system(connection, condition)
        )
        if _by_rid(apart):
            return Plan(apart, _without(tested, place), None)
    for alternatives in tested:
        kind = alternatives[0].kind
        if len(alternatives) == 1 and kind in _NATURAL_ORDER:
            descending, by_end = _NATURAL_ORDER[kind]
            return Plan(None, tuple(tested), Sort(alternatives[0].parameter, descending, by_end))
        if kind.startswith("updated-"):
            return Plan(None, tuple(tested), Sort("_lastUpdated"))
    return Plan(None, tuple(tested), None)


def _most_selective(connection: Connection, tested: Sequence[Alternatives]) -> tuple[int, int]:
    """Return the place of the criterion with the fewest rows, and how many (up to _MANY)."""
    for most in (_FEW, _MANY):
        sizes = [_estimate(connection, alternatives, most) for alternatives in tested]
        smallest = min(sizes)
        if smallest < most:
            break
    return sizes.index(smallest), smallest


def _estimate(connection: Connection, alternatives: Alternatives, most: int) -> int:
    rows = 0
    for condition in alternatives:
        if not KINDS[condition.kind].seeks:
            return _MANY
        values: dict[str, SqlValue] = dict(
            zip(value_names(condition.kind, ""), condition.values, strict=True)
        )
        statement = estimate_statement(condition.kind)
        rows += statement.run_named(connection, {**values, "limit": most}).fetchone()[0]
        if rows >= most:
            break
    return rows


def _by_rid(alternatives: Alternatives) -> bool:
    return all(KINDS[condition.kind].by_rid for condition in alternatives)


def _by_system(connection: Connection, condition: Condition) -> tuple[Condition, ...]:
    """Return `code` as one condition for each of its systems: each is in order of resources."""
    if condition.kind != "code":
        return (condition,)
    param, code = condition.values
    parts: list[Condition] = []
    after = -1
    while len(parts) < _MOST_SYSTEMS:
        after = _NEXT_SYSTEM.run(connection, param, code, after).fetchone()[0]
        if after is None:
            return tuple(parts)
        parts.append(Condition("token", (param, code, after), condition.parameter))
    return (condition,)


def _without(tested: Sequence[Alternatives], place: int) -> tuple[Alternatives, ...]:
    return (*tested[:place], *tested[place + 1 :])
