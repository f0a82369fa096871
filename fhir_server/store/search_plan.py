"""How a search is walked: which criterion leads, which are checked, which order is followed."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from fhir_server.store.search_conditions import kind_of
from fhir_server.store.search_kind import Alternatives, Chained, Condition, Reversed
from fhir_server.store.search_query import Cursor, Sort
from fhir_server.store.search_rows import chain_nears, rank, seeks
from fhir_server.store.search_statements import estimate_statement
from fhir_server.store.statements import Prepared, SqlValue
from fhir_server.store.tables import table

# A criterion with fewer rows leads without a look at how many rows the others have.
_FEW = 64
# Up to so many candidates are collected and sorted (some 5 ms); beyond, an index gives the order.
_MANY = 5_000
# A code with more systems than this is not taken apart by system.
_MOST_SYSTEMS = 8

_TOKEN = table("token_index")
_NEXT_SYSTEM = Prepared(
    select(func.min(_TOKEN.c.system))
    .where(_TOKEN.c.param == bindparam("of_param"))
    .where(_TOKEN.c.code == bindparam("of_code"))
    .where(_TOKEN.c.system > bindparam("after"))
)


@dataclass(frozen=True, slots=True)
class Plan:
    """`driver` None walks every resource of the type; `sort` None is the order of resources.

    `lead` is a condition on a date whose matching rows are walked, in the order `sort`.
    """

    driver: Alternatives | None
    checks: tuple[Alternatives, ...]
    sort: Sort | None
    lead: Condition | None = None


def plan(
    connection: Connection,
    tested: Sequence[Alternatives],
    sort: Sort | None,
    *,
    cursor: Cursor | None,
    by_keys: bool = False,
) -> Plan:
    """Return the way through `tested`, all of which must hold, in the order `sort`.

    Where `sort` is None and every criterion matches much, the plan chooses an order for the
    first page; with a `cursor` it keeps to the one that was chosen. `by_keys`: no index gives
    the order that is asked for, so every match is looked at.
    """
    if not by_keys and sort is None and cursor is not None and cursor.sort is not None:
        return _along(cursor.sort, tested)
    if not tested:
        return Plan(None, (), sort)
    if len(tested) == 1 and sort is None and not by_keys:
        streamed = _streamed(connection, tested)
        if streamed is not None:
            return streamed
    leader, rows = _most_selective(connection, tested)
    if rows < _MANY or (by_keys and _seek(tested[leader])):
        apart = tested[leader] if rows < _FEW else _by_systems(connection, tested[leader])
        return Plan(apart, _without(tested, leader), sort)
    if sort is not None or by_keys:
        return Plan(None, tuple(tested), sort)
    chosen = _streamed(connection, tested)
    if chosen is None and cursor is None:
        chosen = _ordered_by_time(tested)
    return chosen or Plan(None, tuple(tested), None)


# Which end of a range is walked, by the end that the comparison is with.
_BY_END = {
    "date-eq": False,
    "date-le": False,
    "date-lt": False,
    "date-sa": False,
    "date-ge": True,
    "date-gt": True,
    "date-eb": True,
}


def _streamed(connection: Connection, tested: Sequence[Alternatives]) -> Plan | None:
    """Return a plan along an index that is in the order of resources, None where there is none."""
    for place, alternatives in enumerate(tested):
        apart = _by_systems(connection, alternatives)
        if all(_by_rid(condition) for condition in apart):
            return Plan(apart, _without(tested, place), None)
    return None


def _ordered_by_time(tested: Sequence[Alternatives]) -> Plan | None:
    """Return a plan along a range of time, None where no criterion is one."""
    for alternatives in tested:
        kind, parameter = alternatives[0].kind, alternatives[0].parameter
        if not isinstance(kind, str):
            continue
        if len(alternatives) == 1 and kind in _BY_END:
            return _along(Sort(parameter, by_end=_BY_END[kind]), tested)
        if kind.startswith("updated-"):
            return _along(Sort("_lastUpdated"), tested)
    return None


def _along(sort: Sort, tested: Sequence[Alternatives]) -> Plan:
    for place, alternatives in enumerate(tested):
        first = alternatives[0]
        by_end = _BY_END.get(first.kind) if isinstance(first.kind, str) else None
        is_lead = first.parameter == sort.parameter and by_end == sort.by_end
        if len(alternatives) == 1 and is_lead:
            return Plan(None, _without(tested, place), sort, lead=first)
    return Plan(None, tuple(tested), sort)


def _most_selective(connection: Connection, tested: Sequence[Alternatives]) -> tuple[int, int]:
    """Return the place of the criterion with the fewest rows, and how many (up to _MANY).

    What is likely to find few is counted first, and counting stops at the fewest so far.
    """
    places = sorted(range(len(tested)), key=lambda place: _rank(tested[place]))
    for place in places:
        rows = _estimate(connection, tested[place], _FEW)
        if rows < _FEW:
            return place, rows
    leader, fewest = places[0], _MANY
    for place in places:
        rows = _estimate(connection, tested[place], fewest)
        if rows < fewest:
            leader, fewest = place, rows
    return leader, fewest


def _rank(alternatives: Alternatives) -> int:
    return max(rank(condition.kind) for condition in alternatives)


def _seek(alternatives: Alternatives) -> bool:
    return all(seeks(condition.kind) for condition in alternatives)


def _by_rid(condition: Condition) -> bool:
    return isinstance(condition.kind, str) and kind_of(condition.kind).by_rid


def _estimate(connection: Connection, alternatives: Alternatives, most: int) -> int:
    """Return how many rows the alternatives have, up to `most`; `most` where none can tell."""
    rows = 0
    for condition in alternatives:
        if not seeks(condition.kind):
            return most
        if isinstance(condition.kind, Chained | Reversed) and _far_are_many(
            connection, condition, most
        ):
            return most
        rows += _count(connection, condition, most)
        if rows >= most:
            return most
    return rows


def _far_are_many(connection: Connection, condition: Condition, most: int) -> bool:
    """Return whether a chain leads to more resources than may be looked at to count its rows."""
    near = chain_nears(condition)
    return near is not None and _estimate(connection, near, most) >= most


def _count(connection: Connection, condition: Condition, most: int) -> int:
    values: dict[str, SqlValue] = {f"v{n}": value for n, value in enumerate(condition.values)}
    values["limit"] = most
    rows: int = estimate_statement(condition.kind).run_named(connection, values).fetchone()[0]
    return rows


def _by_systems(connection: Connection, alternatives: Alternatives) -> Alternatives:
    """Return the alternatives with each code taken apart by its systems."""
    return tuple(part for one in alternatives for part in _by_system(connection, one))


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
            return tuple(parts) or (condition,)
        parts.append(Condition("token", (param, code, after), condition.parameter))
    return (condition,)


def _without(tested: Sequence[Alternatives], place: int) -> tuple[Alternatives, ...]:
    return (*tested[:place], *tested[place + 1 :])
