"""$status and $events of topic-based Subscriptions.

Sources: http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/, under
backport-subscription-status and backport-subscription-events.
"""

from uuid import uuid4

from fastapi import Response
from sqlalchemy import Connection

from fhir_server.r4.outcome import BadRequest, Gone, NotFound
from fhir_server.rest.content import answer_type
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, base_of, services_of
from fhir_server.store.access import Access
from fhir_server.subscriptions import events, records, topics
from fhir_server.subscriptions.notifications import Place, notification, statuses
from fhir_server.subscriptions.records import Known
from fhir_server.subscriptions.resource import TYPE
from fhir_server.subscriptions.terms import CONTENTS

_STATUSES = ("requested", "active", "error", "off")
_MOST_EVENTS = 1000
_MOST_BYTES = 16 * 1024 * 1024


async def status(call: Call) -> Response:
    """Return how Subscriptions stand: the one of the address, those named, or all."""
    call.check_known("id", "status")
    services = services_of(call.request)
    access = access_to(call.request)
    media_type = answer_type(call.request)
    wanted = call.texts("status") if call.id is None else ()
    for name in wanted:
        if name not in _STATUSES:
            raise BadRequest("value", f"status={name[:40]}: write one of {', '.join(_STATUSES)}.")
    # "At the Instance level, this parameter is ignored."
    ids = call.texts("id") if call.id is None else (call.id,)

    def job(connection: Connection) -> list[Known]:
        if call.id is not None:
            return [_known(connection, call.id, access)]
        found = (
            [records.find(connection, id) for id in dict.fromkeys(ids)]
            if ids
            else list(records.every(connection))
        )
        return [
            known
            for known in found
            if known is not None
            and (not wanted or known.progress.status in wanted)
            and _is_seen(connection, known.id, access)
        ]

    found = await services.database.read(job)
    place = Place(base_of(call.request), services.clock())
    return Response(statuses(found, place), media_type=media_type)


async def past_events(call: Call) -> Response:
    """Return the events of a Subscription that are still kept, as one notification Bundle."""
    call.check_known("eventsSinceNumber", "eventsUntilNumber", "content")
    services = services_of(call.request)
    access = access_to(call.request)
    media_type = answer_type(call.request)
    first = call.number("eventsSinceNumber", least=0) or 0
    last = call.number("eventsUntilNumber", least=0)
    content = call.text("content")
    if content is not None and content not in CONTENTS:
        raise BadRequest("value", f"content={content[:40]}: write one of {', '.join(CONTENTS)}.")
    place = Place(base_of(call.request), services.clock())

    def job(connection: Connection) -> bytes:
        known = _known(connection, str(call.id), access)
        until = known.progress.events if last is None else last
        found = events.between(connection, known.id, first=first, last=until, most=_MOST_EVENTS + 1)
        found = tuple(event for event in found if events.is_open(connection, event, access))
        bodies = tuple(events.bodies(connection, found, most_bytes=_MOST_BYTES))
        if len(found) > _MOST_EVENTS or len(bodies) < len(found):
            text = (
                f"That is more than fits one answer; from event {max(first, 1)} on, ask for "
                f"{min(len(bodies), _MOST_EVENTS)} at a time with eventsUntilNumber."
            )
            raise BadRequest("too-costly", text)
        return notification(
            known, "query-event", place, id=uuid4(), found=found, bodies=bodies, content=content
        )

    return Response(await services.database.read(job), media_type=media_type)


def _known(connection: Connection, id: str, access: Access) -> Known:
    """Return a Subscription that may be seen; NotFound (404), or Gone (410) after its deletion."""
    read_current(connection, TYPE, id, access)
    known = records.find(connection, id)
    if known is None:  # stored before this server served Subscriptions
        raise NotFound(TYPE, id)
    return known


def _is_seen(connection: Connection, id: str, access: Access) -> bool:
    try:
        read_current(connection, TYPE, id, access)
    except (NotFound, Gone):
        return False
    return True


OPERATIONS = (
    Operation("status", topics.STATUS_OPERATION, ("type", "instance"), status, types=(TYPE,)),
    Operation("events", topics.EVENTS_OPERATION, ("instance",), past_events, types=(TYPE,)),
)
