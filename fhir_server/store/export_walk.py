"""The state of the store at an instant, resource by resource, without one long transaction.

Versions are never changed and never removed, so the state at the horizon can be read later: first
which resources there are (8 bytes for each), in one snapshot, then their versions in short reads.
A snapshot held for as long as an export takes would keep SQLite's log and PostgreSQL's dead rows.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, bindparam, func, or_, select

from fhir_server.r4.codec import decode
from fhir_server.store import compartment_walk
from fhir_server.store.access import Access, visible
from fhir_server.store.compartment_walk import Compartments
from fhir_server.store.indexing import zone_of
from fhir_server.store.resources import Stored, moment
from fhir_server.store.statements import Prepared, SqlValue, in_list
from fhir_server.store.tables import table

Numbers: TypeAlias = NDArray[np.int64]

BATCH = 500

_RESOURCE = table("resource")
_VERSION = table("resource_version")
_AT = _VERSION.alias("at_horizon")

# Deleted behind the horizon is live at it.
_LIVE_AT = or_(_RESOURCE.c.deleted == 0, _RESOURCE.c.last_updated > bindparam("horizon"))
_DELETED_AT = or_(_RESOURCE.c.deleted == 1, _RESOURCE.c.last_updated > bindparam("horizon"))
_CHANGED = _RESOURCE.c.last_updated > bindparam("since")


def _of_type() -> Select[tuple[int]]:
    return select(_RESOURCE.c.rid).where(_RESOURCE.c.type == bindparam("of_type"))


_LIVE = Prepared(_of_type().where(_LIVE_AT))
_LIVE_CHANGED = Prepared(_of_type().where(_LIVE_AT, _CHANGED))
_DELETED = Prepared(_of_type().where(_DELETED_AT, _CHANGED))
_ALL_CHANGED = Prepared(_of_type().where(_CHANGED))
_BODIES = Prepared(
    select(
        _RESOURCE.c.rid,
        _RESOURCE.c.id,
        _VERSION.c.version,
        _VERSION.c.last_updated,
        _VERSION.c.deleted,
        _VERSION.c.body,
        _VERSION.c.method,
    )
    .join_from(_RESOURCE, _VERSION, _VERSION.c.rid == _RESOURCE.c.rid)
    .where(in_list(_RESOURCE.c.rid, bindparam("rids")))
    .where(
        _VERSION.c.version
        == select(func.max(_AT.c.version))
        .where(_AT.c.rid == _RESOURCE.c.rid)
        .where(_AT.c.last_updated <= bindparam("horizon"))
        .scalar_subquery()
    )
    .order_by(_RESOURCE.c.rid)
)
_BODY = Prepared(
    select(_VERSION.c.body)
    .where(_VERSION.c.rid == bindparam("of_rid"))
    .where(_VERSION.c.version == bindparam("of_version"))
)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported: the state at `horizon`, of which what changed after `since`.

    Both in microseconds since the epoch. `compartments` None takes resources of any kind.
    `base_url` is this server's.
    """

    horizon: int
    since: int | None
    compartments: Compartments | None
    base_url: str
    access: Access

    @property
    def reach(self) -> Compartments | None:
        """The compartments that are asked for, as far as they are open to the client."""
        asked, open_to = self.compartments, self.access.patients
        if open_to is None:
            return asked
        if asked is None or asked.patients is None:
            return Compartments(open_to, self.base_url)
        return Compartments(asked.patients & open_to, self.base_url)


@dataclass(frozen=True, slots=True)
class Candidates:
    """Row numbers in order; of those in `late` the body at the horizon decides, not the index."""

    rids: Numbers
    late: frozenset[int]

    def batches(self) -> Iterator[list[int]]:
        """Yield the row numbers in parts that one short read takes."""
        for start in range(0, len(self.rids), BATCH):
            yield self.rids[start : start + BATCH].tolist()


def live(connection: Connection, type: str, selection: Selection) -> Candidates:
    """Return the resources of `type` that may be in the export."""
    reach = selection.reach
    values: dict[str, SqlValue] = {
        "of_type": type,
        "horizon": selection.horizon,
        "since": selection.since,
    }
    late = _late(connection, type, selection)
    changed = _LIVE if selection.since is None else _LIVE_CHANGED
    if reach is None:
        return Candidates(_sorted(_numbers(changed, connection, values)), late)
    found = _sorted(compartment_walk.rids(connection, type, reach))
    if selection.since is not None:
        kept = _sorted(_numbers(changed, connection, values))
        found = np.intersect1d(found, kept, assume_unique=True)
    return Candidates(np.union1d(found, _sorted(late)), late)


def deleted(connection: Connection, type: str, selection: Selection) -> Candidates:
    """Return the resources of `type` that may have been deleted since `selection.since`."""
    if selection.since is None:
        return Candidates(_sorted(()), frozenset())
    values: dict[str, SqlValue] = {
        "of_type": type,
        "horizon": selection.horizon,
        "since": selection.since,
    }
    found = _sorted(_numbers(_DELETED, connection, values))
    return Candidates(found, frozenset(found.tolist()))


def states(
    connection: Connection, type: str, rids: list[int], late: frozenset[int], selection: Selection
) -> Iterator[Stored]:
    """Yield the versions of `rids` at the horizon that belong to the export, deletions among them.

    Fewer than `rids`: what came later than the horizon, what did not change, what is not in the
    compartments and what the client may not see is left out.
    """
    reach = selection.reach
    values: dict[str, SqlValue] = {"rids": json.dumps(rids), "horizon": selection.horizon}
    for rid, id, version, at, is_deleted, body, method in _BODIES.run_named(connection, values):
        if selection.since is not None and at <= selection.since:
            continue
        if reach is not None and rid in late:
            told = body
            if is_deleted:  # what it was before says whose it was
                told = _BODY.run(connection, rid, version - 1).fetchone()[0]
            if not reach.hold(decode(told), zone_of(connection)):
                continue
        stored = Stored(type, id, version, moment(at), bool(is_deleted), body, method=method)
        hidden = selection.access.patients is not None and not is_deleted
        if hidden and not visible(connection, stored, selection.access):
            continue
        yield stored


def _late(connection: Connection, type: str, selection: Selection) -> frozenset[int]:
    values: dict[str, SqlValue] = {"of_type": type, "since": selection.horizon}
    return frozenset(_numbers(_ALL_CHANGED, connection, values))


def _numbers(
    statement: Prepared, connection: Connection, values: dict[str, SqlValue]
) -> Iterator[int]:
    for row in statement.run_named(connection, values):
        yield row[0]


def _sorted(numbers: Iterable[int]) -> Numbers:
    return np.unique(np.fromiter(numbers, np.int64))
