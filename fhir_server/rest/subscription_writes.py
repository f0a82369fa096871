"""A write of a Subscription: what it asks for is checked and watched for; other types pass."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject
from fhir_server.rest.context import Context
from fhir_server.rest.search_request import parse_search
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits
from fhir_server.store.database import Database
from fhir_server.store.resources import Stored
from fhir_server.store.search_query import SearchQuery
from fhir_server.subscriptions import resource as subscription
from fhir_server.subscriptions.filters import ReadSearch
from fhir_server.subscriptions.policy import Policy
from fhir_server.subscriptions.recording import Recorder
from fhir_server.subscriptions.resource import Desk

_LIMITS, _POLICY = FhirLimits(), Policy()


def read_search(place: Place, limits: FhirLimits) -> ReadSearch:
    """Return the reader of filters: that of searches, which refuses what it does not know."""

    def read(type: str, pairs: Sequence[tuple[str, str]]) -> SearchQuery:
        return parse_search(type, pairs, lenient=False, place=place, limits=limits).query

    return read


def watch(
    database: Database,
    base_url: str,
    clock: Callable[[], datetime],
    *,
    limits: FhirLimits = _LIMITS,
    policy: Policy = _POLICY,
    on_events: Callable[[], None] = lambda: None,
) -> None:
    """Let every write to `database` be told to whom a Subscription says so.

    Whoever writes to a store does this: an event that is not counted with its write is lost.
    """
    read = read_search(Place(database.zone, base_url), limits)
    database.watch(Recorder(read=read, policy=policy, clock=clock, on_events=on_events))


def kept(
    connection: Connection,
    resource: JsonObject,
    context: Context,
    store: Callable[[JsonObject], Stored],
) -> Stored:
    """Let `store` store what a client wrote, and serve it where it is a Subscription."""
    if resource["resourceType"] != subscription.TYPE:
        return store(resource)
    read = read_search(context.place, context.limits)
    desk = Desk(context.subscriptions, read, context.access)
    return subscription.keep(connection, resource, store, desk)


def no_longer_kept(connection: Connection, type: str, id: str) -> None:
    """End what was served for a resource that is deleted now."""
    if type == subscription.TYPE:
        subscription.deleted(connection, id)
