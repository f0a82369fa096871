"""The only place that joins ports to adapters."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from cds_hooks import discovery
from cds_hooks.evaluate import Evaluation
from cds_hooks.wording import LANGUAGES, Wording
from fhir_server import telemetry as telemetry_room
from fhir_server.hl7v2.intake import Intake
from fhir_server.rest.boundary import Gate
from fhir_server.rest.cds_services import CdsServices
from fhir_server.rest.services import FhirServices
from fhir_server.settings import Settings
from fhir_server.store.cards import StoredFeedback, StoredPredictions
from fhir_server.store.database import Database
from fhir_server.store.patient_records import PatientRecords
from fhir_server.telemetry import Telemetry
from inference.predictor import Predictor
from inference.registry import ModelRegistry
from security.client_authentication import ClientAuthenticator
from security.clients import load_clients
from security.replay import MemoryReplayStore
from terminology import catalogue as catalogue_room
from terminology.local_codes import LocalCodes

VERSION = version("attending")


@dataclass(frozen=True, slots=True)
class House:
    """Everything that one server runs."""

    settings: Settings
    telemetry: Telemetry
    database: Database
    fhir: FhirServices
    cds: CdsServices
    intake: Intake
    gate: Gate | None
