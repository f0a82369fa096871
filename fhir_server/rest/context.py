"""The circumstances in which an interaction is carried out."""

from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request

from fhir_server.r4.profiles import Profiles
from fhir_server.rest.content import Preferences, preferences
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits, access_to, base_of, services_of
from fhir_server.store.access import Access
from fhir_server.subscriptions.policy import Policy


@dataclass(frozen=True, slots=True)
class Context:
    """One instant, where searches are read, the client's preferences and access, the rules.

    `request` is the one that is answered: what stands in a Bundle is called by it.
    """

    now: datetime
    place: Place
    limits: FhirLimits
    preferences: Preferences
    access: Access
    request: Request
    profiles: Profiles | None = None
    subscriptions: Policy = field(default_factory=Policy)


def context_of(request: Request) -> Context:
    """Return the circumstances of `request`."""
    services = services_of(request)
    return Context(
        services.clock(),
        Place(services.database.zone, base_of(request), services.clock),
        services.limits,
        preferences(request),
        access_to(request),
        request,
        services.profiles,
        services.subscriptions,
    )
