"""Every resource indexed anew, in batches that each commit: progress is kept, waits are short.

Until the last batch the digest of the rules stays the old one, so whatever interrupts this, the
next start begins again: an index that misses rows would make a search silently incomplete.
"""

import logging
from collections.abc import Callable

from sqlalchemy import Connection, bindparam, func, select

from fhir_server.r4.codec import decode
from fhir_server.store import gathering, indexing, schema
from fhir_server.store.statements import Prepared, SqlValue
from fhir_server.store.tables import table

Progress = Callable[[int, int], None]

_BATCH = 500
_LOG = logging.getLogger(__name__)

_RESOURCE = table("resource")
_VERSION = table("resource_version")
_COUNT = Prepared(select(func.count()).select_from(_RESOURCE).where(_RESOURCE.c.deleted == 0))
_NEXT = Prepared(
    select(_RESOURCE.c.rid, _VERSION.c.body)
    .join_from(_RESOURCE, _VERSION, _VERSION.c.rid == _RESOURCE.c.rid)
    .where(_VERSION.c.version == _RESOURCE.c.version)
    .where(_RESOURCE.c.deleted == 0)
    .where(_RESOURCE.c.rid > bindparam("after"))
    .order_by(_RESOURCE.c.rid)
    .limit(_BATCH)
)


def index_anew(connection: Connection, progress: Progress | None = None) -> int:
    """Index every resource by the rules of this version and zone; return how many there are.

    `connection` is a writer's outside of a transaction. `progress` is told after each batch how
    many are done, of how many.
    """
    with connection.begin():
        total: int = _COUNT.run_named(connection, {}).fetchone()[0]
    done, after = 0, 0
    while True:
        with connection.begin():
            batch = _batch(connection, after)
            if not batch:
                schema.indexes_are_current(connection)
                break
        done, after = done + len(batch), batch[-1]
        if progress is not None:
            progress(done, max(total, done))
    return done


def _batch(connection: Connection, after: int) -> list[int]:
    values: dict[str, SqlValue] = {"after": after}
    rows = _NEXT.run_named(connection, values).fetchall()
    for rid, body in rows:
        indexing.remove(connection, rid)
        indexing.add(connection, rid, decode(body))
    gathering.flush(connection)
    return [rid for rid, _body in rows]


def index_anew_at_start(connection: Connection) -> None:
    """Index every resource anew because the rules have changed, and say so in the log."""
    _LOG.warning("search parameters have changed: indexing every resource anew")
    _LOG.warning("indexed %d resources anew", index_anew(connection))
