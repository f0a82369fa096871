"""Rows that a transaction stores, gathered on its connection until `flush`.

Then each table gets one statement for all that a group of jobs stores: every statement hands the
interpreter's lock over, and most of what it costs is not its rows.
A statement that reads these tables flushes first (`statements.Prepared`), so nobody has to
remember to. What finds by type and id, which nearly every write does, asks `settle` instead: it
flushes only where that very resource has rows here. What looks for one code or target asks
`settle_rows`.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, func, select, text, update

from fhir_server.store.connections import is_file
from fhir_server.store.statements import FLUSH, NewRows, Prepared, SqlValue, adding
from fhir_server.store.tables import table

_RESOURCE = table("resource")
_VERSION = table("resource_version")
# Resources before their versions, which refer to them.
_WHOLE = (_RESOURCE, _VERSION)
INDEXES = tuple(
    table(f"{kind}_index")
    for kind in (
        "token",
        "string",
        "date",
        "reference",
        "number",
        "quantity",
        "uri",
        "composite",
    )
)
# A code may stand twice in one resource (code and component.code of combo-code).
_ADD = {
    **{one.name: NewRows(one) for one in _WHOLE},
    **{index.name: NewRows(index, repeats=True) for index in INDEXES},
}
_NEWEST = Prepared(select(func.max(_RESOURCE.c.rid)), sees_gathered=False)
# Of no row: numbers begin at 1.
_TOUCH = Prepared(update(_RESOURCE).values(version=_RESOURCE.c.version).where(text("rid = 0")))
_ADD_AT_ONCE = Prepared(
    adding(_RESOURCE, "type", "id", "version", "last_updated", "deleted").returning(_RESOURCE.c.rid)
)

_PENDING = "attending.pending"
# Bodies of more than this do not wait: they would be held twice while they are written.
_MOST_BYTES = 1 << 20

Row = tuple[SqlValue, ...]


@dataclass(slots=True)
class _Pending:
    """Rows by table that are not written yet, and the resources that they are of.

    `indexed` are those with index rows by number, `keys` those with other rows by type and id.
    `newest` is the highest number given to a resource, None before the first.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    indexed: set[int] = field(default_factory=set)
    keys: set[tuple[str, str]] = field(default_factory=set)
    newest: int | None = None
    body_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """What had gathered at one moment."""

    pending: _Pending | None
    lengths: dict[str, int]


def new_resource(connection: Connection, type: str, id: str, at: int) -> int:
    """Store the row of a resource that is not there yet; return its number."""
    if not is_file(connection):
        # Its sequence gives the number, and other servers take theirs from it too.
        added = _ADD_AT_ONCE.run(connection, type, id, 1, at, 0)
        number: int = added.fetchone()[0]
        return number
    pending = _pending(connection)
    if pending.newest is None:
        pending.newest = _newest(connection)
    pending.newest += 1
    pending.keys.add((type, id))
    pending.rows.setdefault(_RESOURCE.name, []).append((pending.newest, type, id, 1, at, 0))
    return pending.newest


def _newest(connection: Connection) -> int:
    """Return the highest number of a resource; the next is one more, as SQLite numbers rows itself.

    The transaction holds the write lock, so nobody else takes it. A reader is refused here: on its
    connection nothing would ever be flushed.
    """
    _TOUCH.run(connection)
    return _NEWEST.run(connection).fetchone()[0] or 0


def new_version(connection: Connection, key: tuple[str, str], row: Row, *, size: int) -> None:
    """Gather a row of `resource_version`, of the resource with this type and id."""
    pending = _pending(connection)
    pending.keys.add(key)
    pending.rows.setdefault(_VERSION.name, []).append(row)
    pending.body_bytes += size
    if pending.body_bytes > _MOST_BYTES:
        flush(connection)


def index_rows(connection: Connection, rid: int) -> dict[str, list[Row]]:
    """Return where the index rows of a resource are added, by table."""
    pending = _pending(connection)
    pending.indexed.add(rid)
    return pending.rows


def has_index_rows(connection: Connection, rid: int) -> bool:
    """Whether index rows of this resource may not be written yet."""
    pending: _Pending | None = connection.info.get(_PENDING)
    return pending is not None and rid in pending.indexed


def settle(connection: Connection, type: str, id: str) -> None:
    """Write what has gathered if anything of this resource has: its rows can be read then."""
    pending: _Pending | None = connection.info.get(_PENDING)
    if pending is not None and (type, id) in pending.keys:
        flush(connection)


def settle_rows(connection: Connection, index: Table, *leading: SqlValue) -> None:
    """Write what has gathered if a row of `index` begins with these values: it can be found then.

    What asks for one code or target by its whole key asks this; a group of messages of other
    patients goes on gathering.
    """
    pending: _Pending | None = connection.info.get(_PENDING)
    if pending is not None:
        rows = pending.rows.get(index.name, ())
        if any(row[: len(leading)] == leading for row in rows):
            flush(connection)


def flush(connection: Connection) -> None:
    """Write the rows that have gathered: what follows in the transaction can read them."""
    pending: _Pending | None = connection.info.pop(_PENDING, None)
    connection.info.pop(FLUSH, None)
    if pending is not None:
        for name, add in _ADD.items():
            rows = pending.rows.get(name)
            if rows:
                add.run(connection, rows)


def mark(connection: Connection) -> Mark:
    """Return the moment to which `back_to` returns."""
    pending: _Pending | None = connection.info.get(_PENDING)
    rows = {} if pending is None else pending.rows
    return Mark(pending, {name: len(gathered) for name, gathered in rows.items()})


def back_to(connection: Connection, mark: Mark) -> None:
    """Drop what has gathered since: its resources were rolled back.

    What had gathered before gathers again, written or not: that was rolled back with it.
    """
    if mark.pending is None:
        forget(connection)
        return
    rows = mark.pending.rows
    mark.pending.rows = {name: rows[name][:length] for name, length in mark.lengths.items()}
    connection.info[_PENDING] = mark.pending
    connection.info[FLUSH] = flush


def forget(connection: Connection) -> None:
    """Drop all that has gathered: the whole transaction was rolled back."""
    connection.info.pop(_PENDING, None)
    connection.info.pop(FLUSH, None)


def _pending(connection: Connection) -> _Pending:
    pending: _Pending | None = connection.info.get(_PENDING)
    if pending is None:
        pending = connection.info[_PENDING] = _Pending()
        connection.info[FLUSH] = flush
    return pending
