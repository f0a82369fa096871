"""A write of a Subscription: what it asks for is checked and watched for; other types pass."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject
from fhir_server.rest.context import Context
from fhir_server.rest.search_request import parse_search
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits
from fhir_server.store.resources import Stored
from fhir_server.store.search_query import SearchQuery
from fhir_server.subscriptions import resource as subscription
from fhir_server.subscriptions.filters import ReadSearch
from fhir_server.subscriptions.resource import Desk


def read_search(place: Place, limits: FhirLimits) -> ReadSearch:
    """Return the reader of filters: that of searches, which refuses what it does not know."""

    def read(type: str, pairs: Sequence[tuple[str, str]]) -> SearchQuery:
        return parse_search(type, pairs, lenient=False, place=place, limits=limits).query

    return read


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
