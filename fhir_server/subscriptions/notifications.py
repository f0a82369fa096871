"""Notifications and status answers as R4 Bundles, put together from the bytes that are stored.

Source: http://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html: a history Bundle
whose first entry is a Parameters resource with the status; its request is the one for `$status`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias
from uuid import UUID

from fhir_server.r4.codec import encode
from fhir_server.store.resources import instant_text, moment
from fhir_server.subscriptions import topics
from fhir_server.subscriptions.events import Event
from fhir_server.subscriptions.records import Known

NotificationType: TypeAlias = Literal[
    "handshake", "heartbeat", "event-notification", "query-status", "query-event"
]
_METHODS = {"create": "POST", "update": "PUT", "delete": "DELETE"}
_STATUSES = {"create": "201", "update": "200", "delete": "204"}


@dataclass(frozen=True, slots=True)
class Place:
    """This server's FHIR base, and the instant of the message."""

    base_url: str
    now: datetime


def notification(
    known: Known,
    type: NotificationType,
    place: Place,
    *,
    id: UUID,
    found: Sequence[Event] = (),
    bodies: Sequence[bytes] = (),
    content: str | None = None,
) -> bytes:
    """Return the history Bundle of `found` with as much of them as `content` says.

    `content` is the Subscription's own where None; `bodies` are the resources of `found` (empty
    for a deletion), needed for full-resource only.
    """
    level = content or known.terms.content
    status = encode(_status(known, type, place, found=found, content=level))
    entries = [
        b'{"fullUrl":"urn:uuid:%s","resource":%s,"request":%s,"response":{"status":"200"}}'
        % (
            str(id).encode(),
            status,
            encode({"method": "GET", "url": f"Subscription/{known.id}/$status"}),
        )
    ]
    if level != "empty":
        given = bodies if level == "full-resource" else [b""] * len(found)
        entries += [_entry(event, body, place) for event, body in zip(found, given, strict=True)]
    head = {
        "resourceType": "Bundle",
        "id": str(id),
        "meta": {"profile": [topics.NOTIFICATION_PROFILE]},
        "type": "history",
        "timestamp": instant_text(place.now),
    }
    return encode(head)[:-1] + b',"entry":[' + b",".join(entries) + b"]}"


def statuses(found: Sequence[Known], place: Place) -> bytes:
    """Return the searchset Bundle of the answer to `$status`, one entry for each Subscription."""
    entries = [
        {
            "fullUrl": f"{place.base_url}/Subscription/{known.id}/$status",
            "resource": _status(known, "query-status", place),
            "search": {"mode": "match"},
        }
        for known in found
    ]
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
    if entries:
        bundle["entry"] = entries
    return encode(bundle)


def _status(
    known: Known,
    type: NotificationType,
    place: Place,
    *,
    found: Sequence[Event] = (),
    content: str | None = None,
) -> dict[str, Any]:
    progress = known.progress
    content = content or known.terms.content
    # "inclusive of this notification": the last event in it. Those that still wait would look to
    # the receiver like events that it has missed.
    counted = found[-1].number if type == "event-notification" and found else progress.events
    parameters: list[dict[str, Any]] = [
        {
            "name": "subscription",
            "valueReference": {"reference": f"{place.base_url}/Subscription/{known.id}"},
        },
        {"name": "status", "valueCode": progress.status},
        {"name": "type", "valueCode": type},
        {"name": "events-since-subscription-start", "valueString": str(counted)},
    ]
    if content != "empty":  # "This value SHOULD NOT be present when using empty payloads"
        topic = topics.topic_of(known.terms.type)
        parameters.insert(1, {"name": "topic", "valueCanonical": topic})
    if type in ("event-notification", "query-event"):
        parameters += [_event(event, place, content) for event in found]
    if progress.status == "error":
        parameters.append({"name": "error", "valueCodeableConcept": _error(progress.reason)})
    return {
        "resourceType": "Parameters",
        "meta": {"profile": [topics.STATUS_PROFILE]},
        "parameter": parameters,
    }


def _error(reason: str) -> dict[str, Any]:
    # The reason is in words; of the codes only this one is sure of a delivery that failed.
    return {"coding": [{"system": topics.ERRORS, "code": "no-response"}], "text": reason}


def _event(event: Event, place: Place, content: str) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [
        {"name": "event-number", "valueString": str(event.number)},
        {"name": "timestamp", "valueInstant": instant_text(moment(event.at))},
    ]
    # "When the content type is empty ... focus SHALL NOT be present."
    if content != "empty":
        focus = {"reference": f"{place.base_url}/{event.type}/{event.focus}", "type": event.type}
        parts.append({"name": "focus", "valueReference": focus})
    return {"name": "notification-event", "part": parts}


def _entry(event: Event, body: bytes, place: Place) -> bytes:
    # R4 bundle.html#history, bdl-3 and bdl-4: each entry says by which request it came about.
    address = f"{event.type}/{event.focus}"
    entry = encode(
        {
            "fullUrl": f"{place.base_url}/{address}",
            "request": {
                "method": _METHODS[event.interaction],
                "url": event.type if event.interaction == "create" else address,
            },
            "response": {
                "status": _STATUSES[event.interaction],
                "etag": f'W/"{event.version}"',
                "lastModified": instant_text(moment(event.at)),
            },
        }
    )
    return entry[:-1] + b',"resource":' + body + b"}" if body else entry
