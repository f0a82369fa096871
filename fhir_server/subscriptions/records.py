"""The rows of Subscriptions: what each asks for, how far it is, who is sending.

Every function works inside the caller's transaction; those that write need a writer's.
"""

from dataclasses import astuple, dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from fhir_server.store import changes
from fhir_server.store.access import Access
from fhir_server.store.statements import Prepared, SqlValue, adding
from fhir_server.store.tables import table
from fhir_server.subscriptions.states import Progress
from fhir_server.subscriptions.terms import Terms

_TABLE = table("subscription")
_SECOND = 1_000_000
# What a row says beside its id and revision, in the order of the table.
_TERMS = ("type", "filters", "access", "endpoint", "headers", "content", "media_type",
          "heartbeat", "timeout", "max_count", "ends")  # fmt: skip
_PROGRESS = ("status", "events", "delivered", "attempts", "due", "sent", "failed", "reason")
_ALL = select(_TABLE.c.id, *(_TABLE.c[name] for name in (*_TERMS, *_PROGRESS)))

_FIND = Prepared(_ALL.where(_TABLE.c.id == bindparam("of_id")))
_REVISION = Prepared(select(func.coalesce(func.max(_TABLE.c.revision), 0)))
_COUNT = Prepared(select(func.count()).select_from(_TABLE).where(_TABLE.c.status != "off"))
_WATCHING = Prepared(_ALL.where(_TABLE.c.status != "off").order_by(_TABLE.c.id))
_EVERY = Prepared(_ALL.order_by(_TABLE.c.id))
_ADD = Prepared(adding(_TABLE))
_SET = Prepared(
    update(_TABLE)
    .values(dict.fromkeys(("revision", *_TERMS, *_PROGRESS)))
    .values(lease="", leased_until=0)
    .where(_TABLE.c.id == bindparam("of_id"))
)
_MOVE = Prepared(
    update(_TABLE)
    .values(dict.fromkeys(("revision", *_PROGRESS)))
    .values(lease="", leased_until=0)
    .where(_TABLE.c.id == bindparam("of_id"))
)
_COUNT_EVENTS = Prepared(
    update(_TABLE)
    .values(events=_TABLE.c.events + bindparam("more"))
    .where(_TABLE.c.id == bindparam("of_id"))
    .returning(_TABLE.c.events, _TABLE.c.delivered)
)
_ALIVE = or_(_TABLE.c.status == "requested", _TABLE.c.status == "active")
_FREE = and_(_TABLE.c.due <= bindparam("now"), _TABLE.c.leased_until <= bindparam("now"))
_DUE = Prepared(
    select(_TABLE.c.id)
    .where(_ALIVE)
    .where(_FREE)
    .where(
        or_(
            _TABLE.c.status == "requested",
            _TABLE.c.events > _TABLE.c.delivered,
            and_(
                _TABLE.c.heartbeat > 0,
                _TABLE.c.sent + _TABLE.c.heartbeat * _SECOND <= bindparam("now"),
            ),
            and_(_TABLE.c.ends > 0, _TABLE.c.ends <= bindparam("now")),
        )
    )
    .order_by(_TABLE.c.due, _TABLE.c.id)
    .limit(bindparam("most"))
)
_LEASE = Prepared(
    update(_TABLE)
    .values(dict.fromkeys(("lease", "leased_until")))
    .where(_TABLE.c.id == bindparam("of_id"))
    .where(_FREE)
    .where(_ALIVE)
    .returning(_TABLE.c.id)
)
_HOLDS = Prepared(
    select(_TABLE.c.id)
    .where(_TABLE.c.id == bindparam("of_id"))
    .where(_TABLE.c.lease == bindparam("of_lease"))
)
_RELEASE_ALL = Prepared(update(_TABLE).values(lease="", leased_until=0))


@dataclass(frozen=True, slots=True)
class Known:
    """One Subscription as the server knows it; `access` is that of the client who wrote it."""

    id: str
    terms: Terms
    access: Access
    progress: Progress


def find(connection: Connection, id: str) -> Known | None:
    """Return one Subscription, also one that is off or was deleted; None where there was none."""
    row = _FIND.run(connection, id).fetchone()
    return None if row is None else _known(row)


def revision(connection: Connection) -> int:
    """Return the number that grows with every change of what is watched for."""
    found: int = _REVISION.run_named(connection, {}).fetchone()[0]
    return found


def watching(connection: Connection) -> list[Known]:
    """Return those whose events are counted: all that are not off."""
    return [_known(row) for row in _WATCHING.run_named(connection, {}).fetchall()]


def every(connection: Connection) -> list[Known]:
    """Return all that ever were, deleted ones among them."""
    return [_known(row) for row in _EVERY.run(connection).fetchall()]


def count(connection: Connection) -> int:
    """Return how many are not off."""
    found: int = _COUNT.run_named(connection, {}).fetchone()[0]
    return found


def keep(connection: Connection, known: Known) -> None:
    """Write what a client asked for; a delivery that is under way no longer counts."""
    named = {
        "revision": revision(connection) + 1,
        **_written_terms(known),
        **_written_progress(known.progress),
    }
    if find(connection, known.id) is None:
        _ADD.run_named(connection, {"id": known.id, **named, "lease": "", "leased_until": 0})
    else:
        _SET.run_named(connection, {"of_id": known.id, **named})
    changes.stale(connection)


def move(connection: Connection, id: str, progress: Progress) -> None:
    """Write how far a Subscription is and give its lease back."""
    before = find(connection, id)
    number = revision(connection)
    if before is None or before.progress.status != progress.status:
        number += 1
        changes.stale(connection)
    named = {"of_id": id, "revision": number, **_written_progress(progress)}
    _MOVE.run_named(connection, named)


def count_events(connection: Connection, id: str, more: int) -> tuple[int, int]:
    """Count `more` events; return how many there are now, and up to which they were taken."""
    row = _COUNT_EVENTS.run_named(connection, {"of_id": id, "more": more}).fetchone()
    return row[0], row[1]


def due(connection: Connection, *, now: int, most: int) -> list[str]:
    """Return the ids of those that have something to send and that nobody is sending for."""
    return [row[0] for row in _DUE.run_named(connection, {"now": now, "most": most}).fetchall()]


def lease(connection: Connection, id: str, by: str, *, now: int, seconds: float) -> bool:
    """Take the right to send for `id`; False where another has it, or there is nothing to do."""
    until = now + int(seconds * _SECOND)
    values: dict[str, SqlValue] = {"of_id": id, "lease": by, "leased_until": until, "now": now}
    return _LEASE.run_named(connection, values).fetchone() is not None


def holds(connection: Connection, id: str, by: str) -> bool:
    """Whether `by` still has the right to send: no other took it, no client wrote since."""
    return _HOLDS.run(connection, id, by).fetchone() is not None


def release_all(connection: Connection) -> None:
    """Give every lease back: of a file's one server, whoever held them is gone."""
    _RELEASE_ALL.run_named(connection, {})


def _written_terms(known: Known) -> dict[str, SqlValue]:
    terms = known.terms
    return {
        "type": terms.type,
        "filters": _json(terms.filters),
        "access": _json(known.access),
        "endpoint": terms.endpoint,
        "headers": _json(terms.headers),
        "content": terms.content,
        "media_type": terms.media_type,
        "heartbeat": terms.heartbeat,
        "timeout": terms.timeout,
        "max_count": terms.max_count,
        "ends": terms.ends,
    }


def _written_progress(progress: Progress) -> dict[str, SqlValue]:
    return dict(zip(_PROGRESS, astuple(progress), strict=True))


def _known(row: tuple[Any, ...]) -> Known:
    named: dict[str, Any] = dict(zip(("id", *_TERMS, *_PROGRESS), row, strict=True))
    terms = Terms(
        **{name: named[name] for name in _TERMS if name not in ("filters", "access", "headers")},
        filters=msgspec.json.decode(named["filters"], type=tuple[str, ...]),
        headers=msgspec.json.decode(named["headers"], type=tuple[tuple[str, str], ...]),
    )
    access = msgspec.json.decode(named["access"], type=Access)
    return Known(named["id"], terms, access, Progress(*(named[n] for n in _PROGRESS)))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
