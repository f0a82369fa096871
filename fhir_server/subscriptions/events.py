"""The events of Subscriptions: numbered, kept with the version that each tells of, and expired."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select

from fhir_server.r4.outcome import FhirError
from fhir_server.store import resources
from fhir_server.store.access import Access, visible
from fhir_server.store.changes import Change, Interaction
from fhir_server.store.statements import Prepared, SqlValue, adding
from fhir_server.store.tables import table

_TABLE = table("subscription_event")
_COLUMNS = ("number", "interaction", "type", "focus", "version", "at")

_ADD = Prepared(adding(_TABLE))
_BETWEEN = Prepared(
    select(*(_TABLE.c[name] for name in _COLUMNS))
    .where(_TABLE.c.subscription == bindparam("of_id"))
    .where(_TABLE.c.number >= bindparam("first"))
    .where(_TABLE.c.number <= bindparam("last"))
    .order_by(_TABLE.c.number)
    .limit(bindparam("most"))
)
_LAST_BEFORE = Prepared(
    select(func.coalesce(func.max(_TABLE.c.number), 0))
    .where(_TABLE.c.subscription == bindparam("of_id"))
    .where(_TABLE.c.number <= bindparam("last"))
    .where(_TABLE.c.at < bindparam("before"))
)
_DISCARD = Prepared(
    delete(_TABLE)
    .where(_TABLE.c.subscription == bindparam("of_id"))
    .where(_TABLE.c.number <= bindparam("last"))
)
_OFF = select(table("subscription").c.id).where(table("subscription").c.status == "off")
_DISCARD_OF_OFF = Prepared(
    delete(_TABLE).where(_TABLE.c.subscription.in_(_OFF)).where(_TABLE.c.at < bindparam("before"))
)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a Subscription; `at` in microseconds since the epoch."""

    number: int
    interaction: Interaction
    type: str
    focus: str
    version: int
    at: int


def add(connection: Connection, id: str, found: Sequence[Change], *, last: int) -> None:
    """Write events whose last number is `last`, in the order of `found`."""
    first = last - len(found) + 1
    rows = [
        (id, number, change.interaction, change.type, change.id, change.version, change.at)
        for number, change in enumerate(found, first)
    ]
    _ADD.run_many(connection, rows)


def between(
    connection: Connection, id: str, *, first: int, last: int, most: int
) -> tuple[Event, ...]:
    """Return the events with numbers from `first` to `last`, the oldest `most` of them."""
    values: dict[str, SqlValue] = {"of_id": id, "first": first, "last": last, "most": most}
    return tuple(Event(*row) for row in _BETWEEN.run_named(connection, values).fetchall())


def is_open(connection: Connection, event: Event, access: Access) -> bool:
    """Return whether its resource may be seen now: as it was then or, if it is gone, before.

    What was filed under the wrong patient and then moved is told of to nobody who may not see it
    where it is.
    """
    if access.patients is None:
        return True
    version = event.version - 1 if event.interaction == "delete" else event.version
    try:
        stored = resources.read_version(connection, event.type, event.focus, version)
    except FhirError:
        return False
    return visible(connection, stored, access)


def bodies(connection: Connection, found: Sequence[Event], *, most_bytes: int) -> Iterator[bytes]:
    """Yield the resource of each event as it was written, empty for a deletion.

    It ends before the bodies together are longer than `most_bytes`, but never before the first.
    """
    left = most_bytes
    for index, event in enumerate(found):
        body = b""
        if event.interaction != "delete":
            stored = resources.read_version(connection, event.type, event.focus, event.version)
            body = stored.body
        left -= len(body)
        if left < 0 and index:
            return
        yield body


def last_before(connection: Connection, id: str, *, last: int, before: int) -> int:
    """Return the number of the latest event up to `last` that is older than `before`, or 0."""
    values: dict[str, SqlValue] = {"of_id": id, "last": last, "before": before}
    found: int = _LAST_BEFORE.run_named(connection, values).fetchone()[0]
    return found


def discard(connection: Connection, id: str, *, last: int) -> None:
    """Remove the events up to `last`."""
    _DISCARD.run_named(connection, {"of_id": id, "last": last})


def discard_of_off(connection: Connection, *, before: int) -> None:
    """Remove the events older than `before` of all that are off: nobody waits for them."""
    _DISCARD_OF_OFF.run_named(connection, {"before": before})
