"""The life of a Subscription as pure functions: requested, active, error, off.

    requested --handshake taken--> active --every attempt failed--> error
        |                            |                                |
        +--handshake failed--> error |   (the client writes `requested`: again from the start)
    off: by the client, at its end, or after a long error; nothing is counted any more.

Sources: http://hl7.org/fhir/R4/subscription.html; Subscriptions R5 Backport, "REST-Hook" (a failed
handshake is an error) and "Handling Errors as a Server" (events go on being counted in error, and
it is the client that asks for another start).
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["requested", "active", "error", "off"]
Kind: TypeAlias = Literal["handshake", "heartbeat", "event-notification"]

_SECOND = 1_000_000
_FIRST_PAUSE = 2 * _SECOND
_LONGEST_PAUSE = 300 * _SECOND


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a Subscription stands; times in microseconds since the epoch, 0 for never.

    `events` were counted since its creation, up to `delivered` they were taken; `attempts` have
    failed since the last that did not. Nothing is sent before `due`, and of many the earliest goes
    first. `sent` is the last notification that was taken, `failed` the begin of an error, `reason`
    why.
    """

    status: Status
    events: int = 0
    delivered: int = 0
    attempts: int = 0
    due: int = 0
    sent: int = 0
    failed: int = 0
    reason: str = ""


def requested(before: Progress | None, asked: Status) -> Progress:
    """Return what a client's write makes of it: a new start, or off. Numbers are never reused."""
    known = before or Progress("requested")
    status: Status = "off" if asked == "off" else "requested"
    return Progress(status, known.events, known.delivered)


def wanted(progress: Progress, *, heartbeat: int, now: int) -> Kind | None:
    """Return what is to be sent now; `heartbeat` in seconds, 0 for none."""
    if progress.due > now:
        return None
    if progress.status == "requested":
        return "handshake"
    if progress.status != "active":
        return None
    if progress.events > progress.delivered:
        return "event-notification"
    if heartbeat and progress.sent + heartbeat * _SECOND <= now:
        return "heartbeat"
    return None


def taken(progress: Progress, kind: Kind, *, through: int, now: int) -> Progress:
    """Return the progress after the receiver took a notification of events up to `through`."""
    return replace(
        progress,
        status="active" if kind == "handshake" else progress.status,
        delivered=max(progress.delivered, through) if kind == "event-notification" else
        progress.delivered,
        attempts=0,
        # Behind all that have waited since before: nobody with much to send holds up the others.
        due=now,
        sent=now,
        reason="",
    )  # fmt: skip


def refused(
    progress: Progress, kind: Kind, reason: str, *, attempts: int, now: int, spread: float
) -> Progress:
    """Return the progress after a failed attempt: a longer pause, or error after `attempts`.

    `spread` in [0, 1) spreads the pauses of many Subscriptions over half of their length.
    """
    failed = progress.attempts + 1
    if kind == "handshake" or failed >= attempts:
        return in_error(replace(progress, attempts=failed), reason, now=now)
    return replace(progress, attempts=failed, due=now + pause(failed, spread), reason=reason)


def pause(attempts: int, spread: float) -> int:
    """Return how long to wait after so many failed attempts (1 and more), in microseconds."""
    longest = min(_FIRST_PAUSE << min(attempts - 1, 20), _LONGEST_PAUSE)
    return longest - int(spread * longest / 2)


def in_error(progress: Progress, reason: str, *, now: int) -> Progress:
    """Return the progress of one that cannot go on; `reason` is what the client reads."""
    return replace(progress, status="error", due=0, failed=now, reason=reason)


def off(progress: Progress, reason: str) -> Progress:
    """Return the progress of one that has ended."""
    return replace(progress, status="off", due=0, failed=0, reason=reason)
