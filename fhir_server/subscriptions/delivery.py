"""What is to be sent now, and what its outcome makes of the Subscription: jobs of the writer.

Whoever sends holds the lease of the Subscription: of several servers on one database one sends at a
time, and the outcome of one whose lease was lost (it was away too long, or a client has written
the Subscription anew) does not count. So a notification may come twice, never out of order.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from fhir_server.store.resources import microseconds
from fhir_server.subscriptions import events, records, resource, states
from fhir_server.subscriptions.events import Event
from fhir_server.subscriptions.policy import Policy, refusal
from fhir_server.subscriptions.records import Known
from fhir_server.subscriptions.states import Kind

# Beside the time that the endpoint has: to read, to write, to be paused.
_LEASE_MARGIN = 5.0
_MOST_BYTES = 4 * 1024 * 1024
_ENDED = "its end has come"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification that is to be sent by who holds the lease `by`."""

    known: Known
    by: str
    kind: Kind
    found: tuple[Event, ...] = ()
    bodies: tuple[bytes, ...] = ()

    @property
    def through(self) -> int:
        """The number of its last event; what was taken before where it has none."""
        return self.found[-1].number if self.found else self.known.progress.delivered


def claim(
    connection: Connection, id: str, by: str, *, policy: Policy, now: datetime
) -> Delivery | None:
    """Return what is to be sent for `id`, leased to `by`; None where there is nothing."""
    at = microseconds(now)
    known = records.find(connection, id)
    if known is None or not _leased(connection, known, by, at):
        return None
    if (stopped := _stopped(known, policy, at)) is not None:
        _move(connection, known, stopped, now)
        return None
    kind = states.wanted(known.progress, heartbeat=known.terms.heartbeat, now=at)
    if kind is None:
        _move(connection, known, known.progress, now)
        return None
    if kind != "event-notification":
        return Delivery(known, by, kind)
    return _of_events(connection, known, by, now)


def _leased(connection: Connection, known: Known, by: str, at: int) -> bool:
    seconds = known.terms.timeout + _LEASE_MARGIN
    return records.lease(connection, known.id, by, now=at, seconds=seconds)


def _stopped(known: Known, policy: Policy, at: int) -> states.Progress | None:
    """Return what becomes of one that must not be sent for any more."""
    if known.terms.ends and known.terms.ends <= at:
        return states.off(known.progress, _ENDED)
    if (why := refusal(known.terms.endpoint, policy)) is not None:
        reason = f"Nothing can be sent to the endpoint any more: {why}."
        return states.in_error(known.progress, reason, now=at)
    return None


def _of_events(connection: Connection, known: Known, by: str, now: datetime) -> Delivery | None:
    progress = known.progress
    waiting = events.between(
        connection, known.id, first=progress.delivered + 1, last=progress.events,
        most=known.terms.max_count,
    )  # fmt: skip
    # Of a full portion more may wait behind it; of any other, nothing.
    last = waiting[-1].number if len(waiting) == known.terms.max_count else progress.events
    waiting = tuple(event for event in waiting if events.is_open(connection, event, known.access))
    if not waiting:  # they have expired, or tell of what the client may no longer see
        _move(connection, known, replace(progress, delivered=last), now)
        return None
    if known.terms.content != "full-resource":
        return Delivery(known, by, "event-notification", waiting)
    bodies = tuple(events.bodies(connection, waiting, most_bytes=_MOST_BYTES))
    return Delivery(known, by, "event-notification", waiting[: len(bodies)], bodies)


def taken(connection: Connection, delivery: Delivery, *, now: datetime) -> bool:
    """Record that the receiver took it; False where the lease was lost and it does not count."""
    current = _held(connection, delivery)
    if current is None:
        return False
    at = microseconds(now)
    progress = states.taken(current.progress, delivery.kind, through=delivery.through, now=at)
    _move(connection, current, progress, now)
    return True


def refused(
    connection: Connection,
    delivery: Delivery,
    reason: str,
    *,
    policy: Policy,
    spread: float,
    now: datetime,
) -> states.Status | None:
    """Record a failed attempt; return the status after it, None where the lease was lost."""
    current = _held(connection, delivery)
    if current is None:
        return None
    progress = states.refused(
        current.progress, delivery.kind, reason,
        attempts=policy.attempts, now=microseconds(now), spread=spread,
    )  # fmt: skip
    _move(connection, current, progress, now)
    return progress.status


def expire(connection: Connection, *, policy: Policy, now: datetime) -> int:
    """Remove events that need not be kept, end what has long been in error; return how many ended.

    What waits for a Subscription that is requested or active is never removed by its age.
    """
    ended = 0
    before = microseconds(now - policy.retention)
    events.discard_of_off(connection, before=before)
    for known in records.watching(connection):
        progress = known.progress
        if progress.status == "error" and progress.failed < before:
            reason = f"In error for {policy.retention.days} days: {progress.reason}"
            events.discard(connection, known.id, last=progress.events)
            emptied = replace(progress, delivered=progress.events)
            _move(connection, known, states.off(emptied, reason), now)
            ended += 1
            continue
        last = progress.events if progress.status == "error" else progress.delivered
        old = events.last_before(connection, known.id, last=last, before=before)
        old = max(old, progress.events - policy.most_events)
        if old > 0:
            events.discard(connection, known.id, last=old)
    return ended


def _held(connection: Connection, delivery: Delivery) -> Known | None:
    """Return the Subscription as it is now: events were counted while the notification went out."""
    if not records.holds(connection, delivery.known.id, delivery.by):
        return None
    return records.find(connection, delivery.known.id)


def _move(connection: Connection, known: Known, progress: states.Progress, now: datetime) -> None:
    resource.settle(connection, known, progress, now=now)
