"""The circumstances in which a Bundle's operations are prepared and carried out."""

from dataclasses import dataclass
from datetime import datetime

from fhir_server.rest.content import Preferences
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits


@dataclass(frozen=True, slots=True)
class BundleContext:
    """One instant for every entry, where searches are read, and what the client prefers."""

    now: datetime
    place: Place
    limits: FhirLimits
    preferences: Preferences
