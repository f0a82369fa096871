"""What the FHIR routes work with; wiring puts it on `app.state.fhir`."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from fastapi import Request

from fhir_server.jobs.runner import JobRunner
from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import Issue
from fhir_server.r4.profiles import Profiles
from fhir_server.store.access import Access
from fhir_server.store.database import Database
from fhir_server.subscriptions.policy import Policy


@dataclass(frozen=True, slots=True)
class FhirLimits:
    """What one request may ask for; beyond it is refused, or, for `page_most`, cut and said so."""

    body_bytes: int = 5 * 1024 * 1024
    bundle_entries: int = 5000
    page_default: int = 50
    page_most: int = 1000
    included_most: int = 1000


def _now() -> datetime:
    return datetime.now(UTC)


# Where the boundary leaves the registered client of a request, in its scope.
CLIENT = "attending.client"


def _everything(_request: Request) -> Access:
    return Access()


def _no_advice(_resource: JsonObject) -> tuple[Issue, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class FhirServices:
    """The collaborators of the FHIR routes.

    `advise` returns warnings on a valid resource (a unit that cannot be converted), which an
    OperationOutcome carries where the client prefers one. `base_url` is the FHIR base that
    clients use, without a slash at its end; None takes it from each request. `access_of` says
    which patients' records the sender of a request may see; the default opens all of them.
    `profiles` are what the records of this deployment are held to, `subscriptions` what it allows
    its Subscriptions. `jobs` works on bulk jobs; None where there are none.
    """

    database: Database
    limits: FhirLimits = field(default_factory=FhirLimits)
    clock: Callable[[], datetime] = _now
    advise: Callable[[JsonObject], tuple[Issue, ...]] = _no_advice
    base_url: str | None = None
    access_of: Callable[[Request], Access] = _everything
    profiles: Profiles | None = None
    jobs: JobRunner | None = None
    subscriptions: Policy = field(default_factory=Policy)


def services_of(request: Request) -> FhirServices:
    """Return the services of the app that serves `request`."""
    services: FhirServices = request.app.state.fhir
    return services


def base_of(request: Request) -> str:
    """Return the FHIR base URL for links in the answer to `request`."""
    configured = services_of(request).base_url
    return configured or f"{request.url.scheme}://{request.url.netloc}/fhir"


def access_to(request: Request) -> Access:
    """Return what the sender of `request` may see; references below `base_of` count as local."""
    access = services_of(request).access_of(request)
    if access.patients is None or access.base_url is not None:
        return access
    return replace(access, base_url=base_of(request))


def client_of(request: Request) -> str | None:
    """Return the registered client that sent `request`, None where nobody has to say who he is."""
    client: str | None = request.scope.get(CLIENT)
    return client
