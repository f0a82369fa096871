"""The conditions that a search is made of: which rows of which index satisfy a term.

Comparing ranges of time follows http://hl7.org/fhir/R4/search.html#prefix to the letter: `eq`
holds where the search range contains the resource's, `gt` and `lt` where the range above or below
the search range meets it, `ge` and `le` where that or `eq` holds. `ap` holds where the two meet.
"""

from collections.abc import Mapping
from typing import TypeAlias

from sqlalchemy import ColumnElement, Table, and_, or_

from fhir_server.store import search_amounts, search_composites
from fhir_server.store.search_amounts import PREFIXES
from fhir_server.store.search_kind import Bind, Columns, Holds, Kind, equal
from fhir_server.store.search_query import Prefix
from fhir_server.store.statements import in_list, position
from fhir_server.store.tables import table

RESOURCE = table("resource")
VERSION = table("resource_version")
DATE_INDEX = table("date_index")

_Compared: TypeAlias = Mapping[Prefix, ColumnElement[bool]]


def kind_of(name: str) -> Kind:
    """Return the condition of a leaf; KeyError where there is none."""
    return KINDS.get(name) or search_composites.kind_of(name)


def _starts(column: str) -> Holds:
    def condition(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        return and_(
            rows["param"] == bind["param"],
            rows[column] >= bind["from_text"],
            rows[column] < bind["to_text"],
        )

    return condition


def _contains(rows: Columns, bind: Bind) -> ColumnElement[bool]:
    return and_(
        rows["param"] == bind["param"],
        position(rows["value"].concat(rows["rest"]), bind["text"]) > 0,
    )


def _one_of(column: str, *equal_to: str) -> Holds:
    def condition(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        same = (rows[name] == bind[name] for name in equal_to)
        return and_(*same, in_list(rows[column], bind["list"]))

    return condition


def _compare(low: ColumnElement[int], high: ColumnElement[int], bind: Bind) -> _Compared:
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
        "ap": and_(low < to, high > from_),
    }


def _date(prefix: Prefix) -> Kind:
    def condition(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        return and_(
            rows["param"] == bind["param"], _compare(rows["low"], rows["high"], bind)[prefix]
        )

    return Kind(DATE_INDEX, ("param", "low", "high"), condition, seeks=prefix != "ne")


def _updated(prefix: Prefix) -> Kind:
    def condition(rows: Columns, bind: Bind) -> ColumnElement[bool]:
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
            "ap": and_(at < to, at > from_ - 1000),
        }
        return and_(rows["type"] == bind["type"], compared[prefix])

    return Kind(RESOURCE, ("type", "low", "high"), condition, seeks=prefix != "ne")


def _between(index: Table, column: str, *equal_to: str) -> Kind:
    def condition(rows: Columns, bind: Bind) -> ColumnElement[bool]:
        same = (rows[name] == bind[name] for name in equal_to)
        return and_(*same, rows[column] >= bind["first"], rows[column] <= bind["last"])

    return Kind(index, (*equal_to, "first", "last"), condition)


def _any(index: Table) -> Kind:
    # SQLite's planner would read all rows of the parameter for each resource otherwise.
    hides = index.name in ("quantity_index", "composite_index")
    return Kind(index, ("param",), equal("param"), seeks=False, hides_param=hides)


_TOKEN, _STRING, _REFERENCE, _URI = (
    table(f"{name}_index") for name in ("token", "string", "reference", "uri")
)
_SYSTEM_CODE = ("param", "code", "system")
_TYPE_ID = ("param", "target", "type")
_RANGE = ("param", "from_text", "to_text")

KINDS: Mapping[str, Kind] = {
    "token": Kind(_TOKEN, _SYSTEM_CODE, equal(*_SYSTEM_CODE), by_rid=True),
    "code": Kind(_TOKEN, ("param", "code"), equal("param", "code")),
    "system": Kind(_TOKEN, ("param", "system"), equal("param", "system"), seeks=False),
    "token-in": Kind(_TOKEN, ("param", "system", "list"), _one_of("code", "param", "system")),
    "code-in": Kind(_TOKEN, ("param", "list"), _one_of("code", "param")),
    "reference": Kind(_REFERENCE, _TYPE_ID, equal(*_TYPE_ID), by_rid=True),
    "target": Kind(_REFERENCE, ("param", "target"), equal("param", "target")),
    "reference-in": Kind(_REFERENCE, ("param", "type", "list"), _one_of("target", "param", "type")),
    "target-in": Kind(_REFERENCE, ("param", "list"), _one_of("target", "param")),
    "starts": Kind(_STRING, _RANGE, _starts("value")),
    "contains": Kind(_STRING, ("param", "text"), _contains, seeks=False),
    "normalised": Kind(_STRING, ("param", "value"), equal("param", "value")),
    "uri": Kind(_URI, ("param", "uri"), equal("param", "uri"), by_rid=True),
    "uri-in": Kind(_URI, ("param", "list"), _one_of("uri", "param")),
    "uri-starts": Kind(_URI, _RANGE, _starts("uri")),
    "id": Kind(RESOURCE, ("type", "id"), equal("type", "id"), by_rid=True),
    "id-in": Kind(RESOURCE, ("type", "list"), _one_of("id", "type")),
    # What lies on one page of an order, for the keys that decide between equals.
    "walk-low": _between(DATE_INDEX, "low", "param"),
    "walk-value": _between(_STRING, "value", "param"),
    "walk-uri": _between(_URI, "uri", "param"),
    "walk-last_updated": _between(RESOURCE, "last_updated", "type"),
    **{f"date-{prefix}": _date(prefix) for prefix in PREFIXES},
    **{f"updated-{prefix}": _updated(prefix) for prefix in PREFIXES},
    **{
        f"any-{name}": _any(table(f"{name}_index"))
        for name in (
            "token", "string", "date", "reference", "number", "quantity", "uri", "composite",
        )
    },
    "any-of-type": Kind(_REFERENCE, ("param", "type"), equal("param", "type"), seeks=False),
    **search_amounts.KINDS,
}  # fmt: skip
