"""Resources and their versions: create, update, read and delete, inside the caller's transaction.

Plain functions on a Connection, so that writes of several rooms can share one transaction.
The caller has validated; what is written here is the identity, `meta` and the indexes.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, Select, bindparam, exists, func, select, tuple_, update

from fhir_server.r4.codec import JsonObject, encode
from fhir_server.r4.outcome import FhirError, Gone, Issue, NotFound, VersionConflict
from fhir_server.store import changes, gathering, horizon, indexing
from fhir_server.store.changes import Change
from fhir_server.store.identity import new_id
from fhir_server.store.statements import Prepared, SqlValue, not_by_index
from fhir_server.store.tables import table

_RESOURCE = table("resource")
_VERSION = table("resource_version")


def _by_key(statement: Select[Any]) -> Prepared:
    """Return the statement that finds one resource; who runs it settles that resource first."""
    found = statement.where(_RESOURCE.c.type == bindparam("of_type")).where(
        _RESOURCE.c.id == bindparam("of_id")
    )
    return Prepared(found, sees_gathered=False)


_FIND = _by_key(
    select(_RESOURCE.c.rid, _RESOURCE.c.version, _RESOURCE.c.deleted, _RESOURCE.c.last_updated)
)
_ADVANCE = Prepared(
    update(_RESOURCE)
    .values(dict.fromkeys(("version", "last_updated", "deleted")))
    .where(_RESOURCE.c.rid == bindparam("of_rid"))
)
_STORED = (
    _VERSION.c.version,
    _VERSION.c.last_updated,
    _VERSION.c.deleted,
    _VERSION.c.body,
    _VERSION.c.method,
)
_VERSIONS = select(*_STORED).join_from(_RESOURCE, _VERSION, _VERSION.c.rid == _RESOURCE.c.rid)
_READ = _by_key(_VERSIONS.where(_VERSION.c.version == _RESOURCE.c.version))
_READ_VERSION = _by_key(_VERSIONS.where(_VERSION.c.version == bindparam("of_version")))
_NEWEST_CONTENT = _by_key(
    select(_VERSION.c.body)
    .join_from(_RESOURCE, _VERSION, _VERSION.c.rid == _RESOURCE.c.rid)
    .where(_VERSION.c.deleted == 0)
    .order_by(_VERSION.c.version.desc())
    .limit(bindparam("most"))
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


Method: TypeAlias = Literal["POST", "PUT", "PATCH", "DELETE"]


class Stored(msgspec.Struct, frozen=True):
    """One version of a resource as it is kept and served.

    `body` is the JSON with `meta.versionId` and `meta.lastUpdated`, empty where `deleted`.
    `created` says that this write brought the resource into being (or back after a deletion),
    `method` is the interaction that made the version.
    """

    type: str
    id: str
    version: int
    last_updated: datetime
    deleted: bool
    body: bytes
    created: bool = False
    method: Method = "PUT"


@dataclass(frozen=True, slots=True)
class HistoryCursor:
    """The last version of a page; the next page begins after it, at what is older."""

    last_updated: int
    rid: int
    version: int


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Versions, the newest first; `total` of one resource's only, `following` None at the end.

    `places` are the cursors after each of the entries.
    """

    entries: tuple[Stored, ...]
    total: int | None
    following: HistoryCursor | None
    places: tuple[HistoryCursor, ...] = ()


class _Current(msgspec.Struct, frozen=True):
    rid: int
    version: int
    deleted: bool
    last_updated: int


def create(connection: Connection, resource: JsonObject, *, now: datetime) -> Stored:
    """Store `resource` under a new id; an id that it brings is ignored (R4 http.html#create)."""
    return add(connection, {**resource, "id": new_id(now)}, now=now)


def add(
    connection: Connection, resource: JsonObject, *, now: datetime, method: Method = "POST"
) -> Stored:
    """Store `resource` under its own id, which no resource has or ever had.

    `new_id` has just made it, or it was looked for in this transaction.
    """
    return _store_new(connection, resource, now, method)


def put(
    connection: Connection,
    resource: JsonObject,
    *,
    now: datetime,
    expected_version: int | None = None,
    method: Method = "PUT",
) -> Stored:
    """Store `resource` as the next version of its own id, which it must have.

    VersionConflict (412) where `expected_version` is given and is not the current one. A deleted
    resource comes back with the next version number.
    """
    type, id = resource["resourceType"], resource["id"]
    current = _current(connection, type, id)
    _check_version(type, id, current, expected_version)
    if current is None:
        return _store_new(connection, resource, now, method)
    if not current.deleted:
        indexing.remove(connection, current.rid)
    version, at = current.version + 1, horizon.later(connection, microseconds(now))
    _ADVANCE.run(connection, version, at, 0, current.rid)
    written = _Written(current.rid, version, at, method, created=current.deleted)
    return _store_version(connection, written, resource)


def delete(
    connection: Connection,
    type: str,
    id: str,
    *,
    now: datetime,
    expected_version: int | None = None,
) -> Stored:
    """Mark the resource as deleted with a version of its own; nothing that points at it changes.

    Deleting what is deleted changes nothing (R4 http.html#delete). NotFound where it never was.
    """
    current = _current(connection, type, id)
    _check_version(type, id, current, expected_version)
    if current is None:
        raise NotFound(type, id)
    if current.deleted:
        return _deletion(type, id, current.version, current.last_updated)
    version, at = current.version + 1, horizon.later(connection, microseconds(now))
    changes.note_deletion(connection, Change("delete", type, id, version, at))
    indexing.remove(connection, current.rid)
    _ADVANCE.run(connection, version, at, 1, current.rid)
    row = (current.rid, version, at, 1, b"", "DELETE")
    gathering.new_version(connection, (type, id), row, size=0)
    return _deletion(type, id, version, at)


def read(connection: Connection, type: str, id: str) -> Stored:
    """Return the current version; NotFound (404) or, where it was deleted, Gone (410)."""
    gathering.settle(connection, type, id)
    row = _READ.run(connection, type, id).fetchone()
    if row is None:
        raise NotFound(type, id)
    return _stored(type, id, row)


def read_version(connection: Connection, type: str, id: str, version: int) -> Stored:
    """Return one version, also of a deleted resource; Gone where that version is the deletion."""
    values: dict[str, SqlValue] = {"of_type": type, "of_id": id, "of_version": version}
    gathering.settle(connection, type, id)
    row = _READ_VERSION.run_named(connection, values).fetchone()
    if row is None:
        if _current(connection, type, id) is None:
            raise NotFound(type, id)
        raise FhirError(404, Issue("error", "not-found", f"{type}/{id} has no version {version}."))
    return _stored(type, id, row)


def newest_content(connection: Connection, type: str, id: str) -> bytes | None:
    """Return the body of the newest version that has one, deleted since or not; None without."""
    values: dict[str, SqlValue] = {"of_type": type, "of_id": id, "most": 1}
    gathering.settle(connection, type, id)
    row = _NEWEST_CONTENT.run_named(connection, values).fetchone()
    return None if row is None else row[0]


def history(
    connection: Connection,
    *,
    type: str | None = None,
    id: str | None = None,
    since: int | None = None,
    at: tuple[int, int] | None = None,
    count: int,
    before: HistoryCursor | None = None,
) -> HistoryPage:
    """Return versions of one resource, of a type or of all, the newest first, deletions among them.

    `since` and `at` (a range `[low, high)`) are microseconds since the epoch. R4 http.html#history:
    `_since` asks for "versions that were created at or after the given instant", `_at` for those
    "that were current at some point during the time period". NotFound where `id` never was.
    """
    if type is not None and id is not None and _current(connection, type, id) is None:
        raise NotFound(type, id)
    low, high = at or (None, None)
    last = before or HistoryCursor(0, 0, 0)
    values: dict[str, SqlValue] = {
        "of_type": type,
        "of_id": id,
        "since": since,
        "at_low": low,
        "at_high": high,
        "last_updated": last.last_updated,
        "rid": last.rid,
        "version": last.version,
        "most": count + 1,
    }
    asked = _Asked(type is not None, id is not None, since is not None, at is not None)
    rows = _history_page(asked, before is not None).run_named(connection, values).fetchall()
    page, more = rows[:count], len(rows) > count
    total = None
    if asked.id:
        total = _history_count(asked).run_named(connection, values).fetchone()[0]
    places = tuple(HistoryCursor(row[4], row[2], row[3]) for row in page)
    following = places[-1] if more and page else None
    return HistoryPage(tuple(_version(row) for row in page), total, following, places)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which of its restrictions a request for history has: one statement for each combination."""

    type: bool
    id: bool
    since: bool
    at: bool


@cache
def _history_page(asked: _Asked, resumes: bool) -> Prepared:
    by = (_VERSION.c.last_updated, _VERSION.c.rid, _VERSION.c.version)
    found = _restricted(
        select(
            _RESOURCE.c.type,
            _RESOURCE.c.id,
            _VERSION.c.rid,
            _VERSION.c.version,
            _VERSION.c.last_updated,
            _VERSION.c.deleted,
            _VERSION.c.body,
            _VERSION.c.method,
        ),
        asked,
    )
    if resumes:
        found = found.where(
            tuple_(*by) < tuple_(*(bindparam(name) for name in ("last_updated", "rid", "version")))
        )
    return Prepared(found.order_by(*(column.desc() for column in by)).limit(bindparam("most")))


@cache
def _history_count(asked: _Asked) -> Prepared:
    return Prepared(_restricted(select(func.count()), asked))


def _restricted(found: Select[Any], asked: _Asked) -> Select[Any]:
    found = found.join_from(_VERSION, _RESOURCE, _RESOURCE.c.rid == _VERSION.c.rid)
    if asked.id:
        found = found.where(_RESOURCE.c.type == bindparam("of_type"))
        found = found.where(_RESOURCE.c.id == bindparam("of_id"))
    elif asked.type:
        # The walk is along the versions by time: all resources of a type would have to be sorted.
        found = found.where(not_by_index(_RESOURCE.c.type) == bindparam("of_type"))
    if asked.since:
        found = found.where(_VERSION.c.last_updated >= bindparam("since"))
    if asked.at:
        following = _VERSION.alias("following")
        over_before = exists().where(
            following.c.rid == _VERSION.c.rid,
            following.c.version == _VERSION.c.version + 1,
            following.c.last_updated <= bindparam("at_low"),
        )
        found = found.where(_VERSION.c.last_updated < bindparam("at_high"), ~over_before)
    return found


def _version(row: tuple[str, str, int, int, int, int, bytes, Method]) -> Stored:
    type, id, _rid, version, at, deleted, body, method = row
    return Stored(type, id, version, moment(at), bool(deleted), body, version == 1, method)


def microseconds(at: datetime) -> int:
    """Return `at` (aware) in microseconds since the epoch, cut to the millisecond that is served.

    ValueError for a naive datetime: a zone is never guessed.
    """
    if at.tzinfo is None:
        raise ValueError("the time of a write needs a time zone")
    return (at - _EPOCH) // _MILLISECOND * 1000


def moment(at: int) -> datetime:
    """Return the datetime (UTC) of microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=at)


# All that one request writes has one time.
_moment_of_write = lru_cache(maxsize=16)(moment)


@lru_cache(maxsize=16)
def instant_text(at: datetime) -> str:
    """Return a time (UTC) as a FHIR instant, to the millisecond."""
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _current(connection: Connection, type: str, id: str) -> _Current | None:
    gathering.settle(connection, type, id)
    row = _FIND.run(connection, type, id).fetchone()
    return None if row is None else _Current(row[0], row[1], bool(row[2]), row[3])


def _check_version(type: str, id: str, current: _Current | None, expected: int | None) -> None:
    if expected is None:
        return
    # RFC 9110, 13.1.1: If-Match is false where there is no current representation.
    found = 0 if current is None else current.version
    if found != expected:
        raise VersionConflict(type, id, expected=expected, current=found)


def _stored(type: str, id: str, row: tuple[int, int, int, bytes, Method]) -> Stored:
    version, last_updated, deleted, body, method = row
    if deleted:
        raise Gone(type, id)
    return Stored(type, id, version, moment(last_updated), False, body, method=method)


def _deletion(type: str, id: str, version: int, at: int) -> Stored:
    return Stored(type, id, version, moment(at), True, b"", method="DELETE")


class _Written(msgspec.Struct, frozen=True):
    """A version that is being written: whose, which, when, how."""

    rid: int
    version: int
    at: int
    method: Method
    created: bool


def _store_new(
    connection: Connection, resource: JsonObject, now: datetime, method: Method
) -> Stored:
    at = horizon.later(connection, microseconds(now))
    rid = gathering.new_resource(connection, resource["resourceType"], resource["id"], at)
    return _store_version(connection, _Written(rid, 1, at, method, created=True), resource)


def _store_version(connection: Connection, written: _Written, resource: JsonObject) -> Stored:
    version, method = written.version, written.method
    last_updated = _moment_of_write(written.at)
    body = encode(_with_meta(resource, version, last_updated))
    type, id = resource["resourceType"], resource["id"]
    row = (written.rid, version, written.at, 0, body, method)
    gathering.new_version(connection, (type, id), row, size=len(body))
    indexing.add(connection, written.rid, resource)
    interaction: changes.Interaction = "create" if written.created else "update"
    changes.note(connection, Change(interaction, type, id, version, written.at, body))
    return Stored(type, id, version, last_updated, False, body, written.created, method)


def _with_meta(resource: JsonObject, version: int, last_updated: datetime) -> JsonObject:
    """Return a copy that leads with type, id and the server's `meta`; the rest keeps its order."""
    instant = instant_text(last_updated)
    meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": instant}
    return {
        "resourceType": resource["resourceType"],
        "id": resource["id"],
        "meta": meta,
        **{key: value for key, value in resource.items() if key not in _LEADING},
    }


_LEADING = frozenset({"resourceType", "id", "meta"})
