"""What a search's SQL is made of: conditions on indexes, and how they are put together.

A kind is a shape, hashable and without values, so that a statement is compiled once per shape. A
leaf is the name of a condition on one index (`search_conditions.kind_of`); AllOf, Negation,
Chained and Reversed put kinds together. A `Condition` is a kind with its values, one flat tuple
in the order in which its parts stand.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, Table, and_

from fhir_server.store.statements import SqlValue

Bind: TypeAlias = Mapping[str, BindParameter[Any]]
Columns: TypeAlias = Mapping[str, ColumnElement[Any]]
Holds: TypeAlias = Callable[[Columns, Bind], ColumnElement[bool]]

# Kinds joined by OR, and these joined by AND.
AnyKind: TypeAlias = tuple["KindName", ...]
EveryKind: TypeAlias = tuple[AnyKind, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One condition on one index.

    `by_rid`: rows come out of the index in the order of resources. `seeks`: the index leads to
    the rows; otherwise finding them reads all rows of the parameter. `hides_param`: SQLite's
    planner takes the index by resource only where `param` is hidden from it too.
    """

    index: Table
    values: tuple[str, ...]
    condition: Holds
    by_rid: bool = False
    seeks: bool = True
    hides_param: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every one of `parts` holds for one resource."""

    parts: EveryKind


@dataclass(frozen=True, slots=True)
class Negation:
    """None of `kinds` holds for the resource."""

    kinds: AnyKind


@dataclass(frozen=True, slots=True)
class Chained:
    """The resource refers to one for which every one of `parts` holds.

    Values before theirs: see CHAIN_VALUES.
    """

    parts: EveryKind


@dataclass(frozen=True, slots=True)
class Reversed:
    """A resource for which every one of `parts` holds refers to the resource.

    Values before theirs: see CHAIN_VALUES.
    """

    parts: EveryKind


Compound: TypeAlias = AllOf | Negation | Chained | Reversed
KindName: TypeAlias = str | AllOf | Negation | Chained | Reversed

# The interned parameter of the reference, the type that it leads to, the beginning of an absolute
# URL of that type on this server with its length, the type of the resource at the far end.
CHAIN_VALUES = ("param", "type", "prefix", "length", "far_type")


@dataclass(frozen=True, slots=True)
class Condition:
    """A kind with a value for each place in it; `parameter` is the one that it came from."""

    kind: KindName
    values: tuple[SqlValue, ...]
    parameter: str


# Conditions of which one must hold.
Alternatives: TypeAlias = tuple[Condition, ...]


def any_kind(alternatives: Alternatives) -> AnyKind:
    """Return the shape of alternatives."""
    return tuple(condition.kind for condition in alternatives)


def flat_values(tests: Sequence[Alternatives]) -> tuple[SqlValue, ...]:
    """Return the values of tests in the order of their shape."""
    return tuple(value for test in tests for condition in test for value in condition.values)


def equal(*names: str) -> Holds:
    """Return the condition that the columns of these names have the values of these names."""

    def condition(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        return and_(*(rows[name] == bind[name] for name in names))

    return condition
