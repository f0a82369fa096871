"""The horizon: the instant of the last bulk export, behind which no version is written any more.

A version's `lastUpdated` is read from the clock when its request comes in, and it is committed
later, perhaps seconds later. An export that took the clock as its `transactionTime` would lose
such a version: it is not in the export, and the next `_since` passes it over. So an export
raises the horizon in a transaction of its own, and whatever commits after that is later than it.
Each group of writes reads the horizon inside its own lock; so do those of other servers.
"""

from sqlalchemy import Connection, select

from fhir_server.store.record_tables import ExportHorizonRow
from fhir_server.store.statements import Prepared, adding
from fhir_server.store.tables import table

_HORIZON = table(ExportHorizonRow.__tablename__)
_READ = Prepared(select(_HORIZON.c.at))
_SET = Prepared(adding(_HORIZON), on_conflict="(number) DO UPDATE SET at = excluded.at")

_KEY = "attending.horizon"
# What is served has milliseconds.
_STEP = 1000


def begin(connection: Connection) -> None:
    """Have the horizon read anew in the writing transaction that has begun, once it is asked for.

    The transaction holds the write lock: nobody raises it meanwhile.
    """
    connection.info[_KEY] = None


def later(connection: Connection, at: int) -> int:
    """Return `at`, or the first instant behind the horizon where `at` is not later than it.

    In microseconds since the epoch; on a connection that does not write it is `at`.
    """
    if _KEY not in connection.info:
        return at
    horizon: int | None = connection.info[_KEY]
    if horizon is None:
        horizon = connection.info[_KEY] = _stored(connection)
    return max(at, horizon + _STEP)


def advance(connection: Connection, now: int) -> int:
    """Raise the horizon to `now`, never lower it, and return it; in the writer's transaction.

    Every version at or before the returned instant is committed, or is so with this transaction.
    """
    at = max(now // _STEP * _STEP, _stored(connection))
    _SET.run(connection, 1, at)
    connection.info[_KEY] = at
    return at


def _stored(connection: Connection) -> int:
    row = _READ.run(connection).fetchone()
    return -_STEP if row is None else int(row[0])
