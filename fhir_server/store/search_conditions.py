"""The conditions that a search is made of: which rows of which index satisfy a term.

A `Kind` is the shape (one condition on one index), a `Condition` is a kind with its values.
Comparing ranges of time follows http://hl7.org/fhir/R4/search.html#prefix to the letter: `eq`
holds where the search range contains the resource's, `gt` and `lt` where the range above or below
the search range meets it, `ge` and `le` where that or `eq` holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, Table, and_, exists, func, or_

from fhir_server.store.search_query import DatePrefix
from fhir_server.store.statements import SqlValue, position
from fhir_server.store.tables import table

RESOURCE = table("resource")
VERSION = table("resource_version")
DATE_INDEX = table("date_index")

_Bind: TypeAlias = Mapping[str, BindParameter[Any]]
_Compared: TypeAlias = Mapping[DatePrefix, ColumnElement[bool]]
Columns: TypeAlias = Mapping[str, ColumnElement[Any]]
_Holds: TypeAlias = Callable[[Columns, _Bind], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One condition on one index.

    `by_rid`: rows come out of the index in the order of resources. `seeks`: the index leads to
    the rows; otherwise finding them reads all rows of the parameter.
    """

    index: Table
    values: tuple[str, ...]
    condition: _Holds
    by_rid: bool = False
    seeks: bool = True


@dataclass(frozen=True, slots=True)
class Condition:
    """A kind, by its name in KINDS, with a value for each of its `values`.

    `parameter` is the search parameter that it came from.
    """

    kind: str
    values: tuple[SqlValue, ...]
    parameter: str


def _equal(*names: str) -> _Holds:
    def condition(rows: Columns, bind: _Bind) -> ColumnElement[bool]:
        return and_(*(rows[name] == bind[name] for name in names))

    return condition


def _starts(rows: Columns, bind: _Bind) -> ColumnElement[bool]:
    return and_(
        rows["param"] == bind["param"],
        rows["value"] >= bind["from_text"],
        rows["value"] < bind["to_text"],
    )


def _contains(rows: Columns, bind: _Bind) -> ColumnElement[bool]:
    return and_(
        rows["param"] == bind["param"],
        position(rows["value"].concat(rows["rest"]), bind["text"]) > 0,
    )


def _exact(rows: Columns, bind: _Bind) -> ColumnElement[bool]:
    of, version = RESOURCE.alias(), VERSION.alias()
    body_says_so = exists().where(
        of.c.rid == rows["rid"],
        version.c.rid == of.c.rid,
        version.c.version == of.c.version,
        func.holds_text(version.c.body, bind["paths"], bind["text"]) == 1,
    )
    return and_(rows["param"] == bind["param"], rows["value"] == bind["normalised"], body_says_so)


def _compare(low: ColumnElement[int], high: ColumnElement[int], bind: _Bind) -> _Compared:
    """Return each comparison of a resource's `[low, high)` with the search's.

    Where both ends matter, the bound that an index can seek by is written out beside them.
    """
    from_, to = bind["low"], bind["high"]
    inside = and_(low >= from_, high <= to)
    return {
        "eq": and_(inside, low < to),
        "ne": or_(low < from_, high > to),
        "gt": high > to,
        "lt": low < from_,
        "ge": and_(high > from_, or_(high > to, inside)),
        "le": and_(low < to, or_(low < from_, inside)),
        "sa": low >= to,
        "eb": high <= from_,
    }


def _date(prefix: DatePrefix) -> Kind:
    def condition(rows: Columns, bind: _Bind) -> ColumnElement[bool]:
        return and_(
            rows["param"] == bind["param"], _compare(rows["low"], rows["high"], bind)[prefix]
        )

    return Kind(DATE_INDEX, ("param", "low", "high"), condition, seeks=prefix != "ne")


def _updated(prefix: DatePrefix) -> Kind:
    def condition(rows: Columns, bind: _Bind) -> ColumnElement[bool]:
        # lastUpdated is served to the millisecond: that is its range. The column stands alone
        # on its side, so that the index can be used.
        at = rows["last_updated"]
        from_, to = bind["low"], bind["high"]
        compared: _Compared = {
            "eq": and_(at >= from_, at <= to - 1000),
            "ne": or_(at < from_, at > to - 1000),
            "gt": at > to - 1000,
            "lt": at < from_,
            "ge": or_(at > to - 1000, and_(at >= from_, at <= to - 1000)),
            "le": or_(at < from_, and_(at >= from_, at <= to - 1000)),
            "sa": at >= to,
            "eb": at <= from_ - 1000,
        }
        return and_(rows["type"] == bind["type"], compared[prefix])

    return Kind(RESOURCE, ("type", "low", "high"), condition, seeks=prefix != "ne")


_PREFIXES: tuple[DatePrefix, ...] = ("eq", "ne", "lt", "gt", "ge", "le", "sa", "eb")

_TOKEN, _STRING, _REFERENCE = (
    table(name) for name in ("token_index", "string_index", "reference_index")
)
_SYSTEM_CODE = ("param", "code", "system")
_TYPE_ID = ("param", "target", "type")
_TEXT = ("param", "normalised", "paths", "text")

KINDS: Mapping[str, Kind] = {
    "token": Kind(_TOKEN, _SYSTEM_CODE, _equal(*_SYSTEM_CODE), by_rid=True),
    "code": Kind(_TOKEN, ("param", "code"), _equal("param", "code")),
    "system": Kind(_TOKEN, ("param", "system"), _equal("param", "system"), seeks=False),
    "reference": Kind(_REFERENCE, _TYPE_ID, _equal(*_TYPE_ID), by_rid=True),
    "target": Kind(_REFERENCE, ("param", "target"), _equal("param", "target")),
    "starts": Kind(_STRING, ("param", "from_text", "to_text"), _starts),
    "contains": Kind(_STRING, ("param", "text"), _contains, seeks=False),
    "exact": Kind(_STRING, _TEXT, _exact),
    "id": Kind(RESOURCE, ("type", "id"), _equal("type", "id"), by_rid=True),
    **{f"date-{prefix}": _date(prefix) for prefix in _PREFIXES},
    **{f"updated-{prefix}": _updated(prefix) for prefix in _PREFIXES},
}
