"""What the hook services need from the rooms above; wiring joins the adapters."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from cds_hooks.feedback import Feedback
from inference.snapshot import RecordList, Sourced


@dataclass(frozen=True, slots=True)
class StoredPatient:
    """A patient of this server's own store."""

    id: str
    resource: Sourced


class FhirReader(Protocol):
    """Reads one patient's resources out of this server's own store."""

    async def patient(self, patient_id: str) -> StoredPatient | None:
        """Return the patient of that id."""
        ...

    async def patients_identified(
        self, identifiers: Sequence[tuple[str, str]]
    ) -> tuple[StoredPatient, ...]:
        """Return all patients who carry any of the identifiers (system, value)."""
        ...

    async def observations(self, patient_id: str) -> RecordList:
        """Return the patient's Observations, newest first."""
        ...

    async def conditions(self, patient_id: str) -> RecordList:
        """Return the patient's Conditions."""
        ...

    async def medications(self, patient_id: str) -> RecordList:
        """Return the patient's MedicationRequests, and the Medications that they refer to."""
        ...

    async def statements(self, patient_id: str) -> RecordList:
        """Return the patient's MedicationStatements, and the Medications that they refer to."""
        ...

    async def family(self, patient_id: str) -> RecordList:
        """Return the patient's FamilyMemberHistories."""
        ...


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """A card that went out; feedback refers to it by `uuid`."""

    uuid: UUID
    service: str
    hook_instance: str
    risk_assessment_id: str | None


class PredictionRecord(Protocol):
    """Keeps what was said: durable before the card leaves."""

    async def keep(
        self, resources: Sequence[Mapping[str, Any]], cards: Sequence[IssuedCard]
    ) -> None:
        """Store the resources and the cards in one transaction."""
        ...


class Tracer(Protocol):
    """Times the steps of a call."""

    def span(self, name: str) -> AbstractContextManager[object]:
        """Return a context that is one named step."""
        ...


class FeedbackLog(Protocol):
    """Keeps what physicians did with the cards."""

    async def keep(self, service: str, entries: Sequence[Feedback]) -> None:
        """Store all entries or, where one names a card that `service` did not issue, none."""
        ...
