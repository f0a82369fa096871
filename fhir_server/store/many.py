"""Many resources at once: by id, by row number, and those that refer to one of many."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.r4.search_parameters import parameters_of
from fhir_server.store import interning
from fhir_server.store.resources import Stored, moment
from fhir_server.store.search_served import uses_of
from fhir_server.store.statements import Prepared, SqlValue, in_list
from fhir_server.store.tables import key_text, table

ALL = "*"
_AT_ONCE = 500
# More than any store has.
_NO_LIMIT = 1 << 62

_RESOURCE, _VERSION = table("resource"), table("resource_version")
_REFERENCE = table("reference_index")


def current_versions() -> Select[Any]:
    """Return the select of what is there, in its order; `stored_of` reads its rows."""
    return (
        select(
            _RESOURCE.c.rid,
            _RESOURCE.c.type,
            _RESOURCE.c.id,
            _RESOURCE.c.version,
            _RESOURCE.c.last_updated,
            _VERSION.c.body,
        )
        .join_from(_RESOURCE, _VERSION, _VERSION.c.rid == _RESOURCE.c.rid)
        .where(_VERSION.c.version == _RESOURCE.c.version)
        .where(_RESOURCE.c.deleted == 0)
        .order_by(_RESOURCE.c.rid)
    )


_BY_ID = Prepared(
    current_versions()
    .where(_RESOURCE.c.type == bindparam("of_type"))
    .where(in_list(_RESOURCE.c.id, bindparam("ids")))
)
_BY_RID = Prepared(current_versions().where(in_list(_RESOURCE.c.rid, bindparam("rids"))))
_REFERRING = Prepared(
    select(_REFERENCE.c.rid)
    .where(in_list(_REFERENCE.c.param, bindparam("params")))
    .where(in_list(_REFERENCE.c.target, bindparam("targets")))
    .where(_REFERENCE.c.type == bindparam("of_type"))
    .distinct()
    .order_by(_REFERENCE.c.rid)
    .limit(bindparam("most"))
)


def current_of(connection: Connection, type: str, ids: Iterable[str]) -> Iterator[Stored]:
    """Yield the current versions of those resources of `type` that are there, in their order."""
    for some in _portions(list(dict.fromkeys(ids))):
        rows = _BY_ID.run_named(connection, {"of_type": type, "ids": json.dumps(some)})
        yield from (stored_of(row) for row in rows.fetchall())


def by_rid(connection: Connection, rids: Sequence[int]) -> Iterator[Stored]:
    """Yield the current versions of the resources with these row numbers, in their order."""
    for some in _portions(rids):
        rows = _BY_RID.run_named(connection, {"rids": json.dumps(some)})
        yield from (stored_of(row) for row in rows.fetchall())


def referring(
    connection: Connection,
    by: tuple[str, str],
    to: tuple[str, Sequence[str]],
    *,
    base_url: str | None,
    limit: int | None = None,
) -> Iterator[Stored]:
    """Yield the resources that refer to one of many.

    `by`: their type and the reference parameter that reads the reference, ALL for any. `to`: the
    type and the ids that are referred to, relative or below `base_url`. At most `limit`.
    """
    (source, parameter), (type, ids) = by, to
    params = _params(connection, source, parameter, type)
    targets = list(ids)
    if base_url is not None:
        targets += [key_text(f"{base_url}/{type}/{id}") for id in ids]
    values: dict[str, SqlValue] = {
        "params": json.dumps(params),
        "targets": json.dumps(targets),
        "of_type": type,
        "most": _NO_LIMIT if limit is None else limit,
    }
    rids = [row[0] for row in _REFERRING.run_named(connection, values).fetchall()]
    yield from by_rid(connection, rids)


def _params(connection: Connection, source: str, parameter: str, target: str) -> list[int]:
    """Return the numbers of the parameters whose rows answer, as far as they lead to `target`."""
    found: set[int] = set()
    for type in STORED_TYPES if source == ALL else (source,):
        numbers = interning.parameter_ids(connection, type)
        for declared in parameters_of(type).values():
            if declared.type == "reference" and parameter in (ALL, declared.name):
                uses = [use for use in uses_of(declared) if not use.types or target in use.types]
                found.update(numbers[use.name] for use in uses if use.name in numbers)
    return sorted(found)


def _portions(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


def stored_of(row: Any) -> Stored:
    """Return the resource of a row of `current_versions`."""
    _rid, type, id, version, last_updated, body = row
    return Stored(type, id, version, moment(last_updated), False, body)
