"""SQL of a kind, from both sides: is this a resource for which it holds, and which ones are there.

Values are bound by their place in a statement: `at` is the place of a kind's first value. Parts
follow in the order of `flat_values`, whichever of them leads.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
    true,
    union,
)

from fhir_server.store.search_conditions import RESOURCE, kind_of
from fhir_server.store.search_kind import (
    CHAIN_VALUES,
    AllOf,
    Alternatives,
    AnyKind,
    Bind,
    Chained,
    Columns,
    Condition,
    EveryKind,
    Kind,
    KindName,
    Negation,
    Reversed,
)
from fhir_server.store.statements import not_by_index
from fhir_server.store.tables import table

REFERENCE = table("reference_index")

Rids: TypeAlias = Select[tuple[int]] | CompoundSelect[tuple[int]]


@dataclass(frozen=True, slots=True)
class Looked:
    """The resource that is looked at: its rid, and its own row where a kind reads one."""

    rid: ColumnElement[int]
    row: FromClause | None = None

    @property
    def resource(self) -> FromClause:
        """The row; `reads_resource` has said that one is needed."""
        if self.row is None:
            raise TypeError("a kind that reads the resource is checked without its row")
        return self.row


def width(kind: KindName) -> int:
    """Return how many values a kind takes."""
    match kind:
        case str():
            return len(kind_of(kind).values)
        case Negation():
            return sum(map(width, kind.kinds))
        case AllOf():
            return width_of(kind.parts)
    return len(CHAIN_VALUES) + width_of(kind.parts)


def width_of(parts: EveryKind) -> int:
    """Return how many values tests take."""
    return sum(width(kind) for kinds in parts for kind in kinds)


def seeks(kind: KindName) -> bool:
    """Return whether an index leads to the resources, so that they need not all be looked at."""
    match kind:
        case str():
            return kind_of(kind).seeks
        case Negation():
            return False
    return leader_of(kind.parts) is not None


def leader_of(parts: EveryKind) -> int | None:
    """Return the place of the test that is likely to find the fewest; None where none seeks."""
    ranked = [
        (max(map(rank, kinds)), place)
        for place, kinds in enumerate(parts)
        if kinds and all(map(seeks, kinds))
    ]
    return min(ranked)[1] if ranked else None


def chain_nears(condition: Condition) -> Alternatives | None:
    """Return the test that leads a chain, with its values; None where `condition` is no chain."""
    kind = condition.kind
    if not isinstance(kind, Chained | Reversed):
        return None
    leader = leader_of(kind.parts)
    if leader is None:
        return None
    start = len(CHAIN_VALUES) + width_of(kind.parts[:leader])
    found: list[Condition] = []
    for one in kind.parts[leader]:
        end = start + width(one)
        found.append(Condition(one, condition.values[start:end], condition.parameter))
        start = end
    return tuple(found)


# What is likely to find few resources, before any row is counted.
_RANKS = {"id": 0, "id-in": 1, "reference": 2, "target": 2, "reference-in": 3, "target-in": 3}


def rank(kind: KindName) -> int:
    """Return the place of a kind among those of which the most selective is looked for."""
    return _RANKS.get(kind, 4) if isinstance(kind, str) else 5


def reads_resource(kind: KindName) -> bool:
    """Return whether the check of a kind needs the resource's own row."""
    match kind:
        case str():
            return kind_of(kind).index is RESOURCE
        case Negation():
            return any(map(reads_resource, kind.kinds))
        case AllOf():
            return any(reads_resource(part) for kinds in kind.parts for part in kinds)
    return isinstance(kind, Reversed)


def check(kind: KindName, looked: Looked, at: int) -> ColumnElement[bool]:
    """Return whether the kind holds for the resource that is looked at."""
    match kind:
        case str():
            return _check_leaf(kind_of(kind), looked, at)
        case AllOf():
            return and_(true(), *checks(kind.parts, looked, at))
        case Negation():
            return not_(any_of(kind.kinds, looked, at))
        case Chained():
            return _check_chained(kind, looked, at)
    return _check_reversed(kind, looked, at)


def checks(parts: EveryKind, looked: Looked, at: int) -> tuple[ColumnElement[bool], ...]:
    """Return whether each test holds."""
    found: list[ColumnElement[bool]] = []
    for kinds in parts:
        found.append(any_of(kinds, looked, at))
        at += sum(map(width, kinds))
    return tuple(found)


def any_of(kinds: AnyKind, looked: Looked, at: int) -> ColumnElement[bool]:
    """Return whether one of the kinds holds."""
    found: list[ColumnElement[bool]] = []
    for kind in kinds:
        found.append(check(kind, looked, at))
        at += width(kind)
    return or_(*found)


def rids(kind: KindName, at: int) -> Rids:
    """Return the rids of the resources for which a kind holds that `seeks`; one may repeat."""
    match kind:
        case str():
            rows = kind_of(kind).index.alias(f"d{at}")
            found = select(rows.c.rid).where(holds(kind, columns_of(rows), at))
            return found.where(rows.c.deleted == 0) if kind_of(kind).index is RESOURCE else found
        case AllOf():
            return _rids_of(kind.parts, at)
        case Chained():
            return _rids_chained(kind, at)
        case Reversed():
            return _rids_reversed(kind, at)
    raise TypeError("no index leads to what does not hold")


def holds(name: str, columns: Columns, at: int) -> ColumnElement[bool]:
    """Return the condition of a leaf on the columns of its index."""
    kind = kind_of(name)
    return kind.condition(columns, _bind(kind.values, at))


def columns_of(rows: FromClause) -> Columns:
    """Return the columns by name."""
    return dict(rows.c.items())


def columns_of_resource(rows: FromClause, *, hides_param: bool = False) -> Columns:
    """Return the columns so that only the index by resource can be used."""
    shown = ("rid",) if hides_param else ("param", "rid")
    return {
        name: column if name in shown else not_by_index(column) for name, column in rows.c.items()
    }


def _bind(names: tuple[str, ...], at: int) -> Bind:
    return {name: _value(at + place) for place, name in enumerate(names)}


def _value(place: int) -> BindParameter[Any]:
    return bindparam(f"v{place}")


def _check_leaf(kind: Kind, looked: Looked, at: int) -> ColumnElement[bool]:
    bind = _bind(kind.values, at)
    if kind.index is RESOURCE:
        return kind.condition(columns_of(looked.resource), bind)
    rows = kind.index.alias(f"c{at}")
    # One resource has few rows; the planner must not read a range of all of them instead.
    columns = (
        columns_of(rows) if kind.by_rid else columns_of_resource(rows, hides_param=kind.hides_param)
    )
    return exists().where(rows.c.rid == looked.rid, kind.condition(columns, bind))


def _check_chained(kind: Chained, looked: Looked, at: int) -> ColumnElement[bool]:
    bind = _bind(CHAIN_VALUES, at)
    link, far = REFERENCE.alias(f"l{at}"), RESOURCE.alias(f"r{at}")
    return exists().where(
        link.c.rid == looked.rid,
        link.c.param == bind["param"],
        not_by_index(link.c.type) == bind["type"],
        far.c.type == bind["far_type"],
        far.c.id == _id_of(link.c.target, bind),
        far.c.deleted == 0,
        *checks(kind.parts, Looked(far.c.rid, far), at + len(CHAIN_VALUES)),
    )


def _check_reversed(kind: Reversed, looked: Looked, at: int) -> ColumnElement[bool]:
    bind = _bind(CHAIN_VALUES, at)
    row = looked.resource
    link, far = REFERENCE.alias(f"l{at}"), RESOURCE.alias(f"r{at}")
    return exists().where(
        row.c.type == bind["type"],
        link.c.param == bind["param"],
        link.c.target.in_((row.c.id, bind["prefix"].concat(row.c.id))),
        link.c.type == bind["type"],
        far.c.rid == link.c.rid,
        far.c.type == bind["far_type"],
        far.c.deleted == 0,
        *checks(kind.parts, Looked(far.c.rid, far), at + len(CHAIN_VALUES)),
    )


def _id_of(target: ColumnElement[str], bind: Bind) -> ColumnElement[str]:
    """Return the id on this server that a target names, also by an absolute URL."""
    length = bind["length"]
    own = func.substr(target, 1, length) == bind["prefix"]
    return case((own, func.substr(target, length + 1)), else_=target)


def _rids_chained(kind: Chained, at: int) -> Rids:
    bind = _bind(CHAIN_VALUES, at)
    near = _rids_of(kind.parts, at + len(CHAIN_VALUES)).subquery(f"n{at}")
    far, link = RESOURCE.alias(f"r{at}"), REFERENCE.alias(f"l{at}")
    return (
        select(link.c.rid)
        .select_from(near)
        .join(far, and_(far.c.rid == near.c.rid, not_by_index(far.c.type) == bind["far_type"]))
        .join(
            link,
            and_(
                link.c.param == bind["param"],
                link.c.target.in_((far.c.id, bind["prefix"].concat(far.c.id))),
                link.c.type == bind["type"],
            ),
        )
    )


def _rids_reversed(kind: Reversed, at: int) -> Rids:
    bind = _bind(CHAIN_VALUES, at)
    near = _rids_of(kind.parts, at + len(CHAIN_VALUES)).subquery(f"n{at}")
    link, row = REFERENCE.alias(f"l{at}"), RESOURCE.alias(f"r{at}")
    return (
        select(row.c.rid)
        .select_from(near)
        .join(
            link,
            and_(
                link.c.rid == near.c.rid,
                link.c.param == bind["param"],
                not_by_index(link.c.type) == bind["type"],
            ),
        )
        .join(
            row,
            and_(row.c.type == bind["type"], row.c.id == _id_of(link.c.target, bind)),
        )
        .where(row.c.deleted == 0)
    )


def _rids_of(parts: EveryKind, at: int) -> Rids:
    """Return the rids for which every test holds: one leads, the others are checked."""
    leader = leader_of(parts)
    if leader is None:
        raise TypeError("no test of these leads to resources")
    places = [at + width_of(parts[:place]) for place in range(len(parts))]
    arms = []
    start = places[leader]
    for kind in parts[leader]:
        arms.append(rids(kind, start))
        start += width(kind)
    found = arms[0] if len(arms) == 1 else union(*arms)
    others = [place for place in range(len(parts)) if place != leader]
    if not others:
        return found
    led = found.subquery(f"m{at}")
    row = RESOURCE.alias(f"q{at}")
    checked = select(led.c.rid).join_from(led, row, row.c.rid == led.c.rid)
    return checked.where(
        *(any_of(parts[place], Looked(row.c.rid, row), places[place]) for place in others)
    )
