"""In-memory ports of the hook services."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cds_hooks.feedback import Feedback, UnknownCard
from cds_hooks.ports import IssuedCard, StoredPatient
from inference.snapshot import RecordList, Sourced


def _subject(resource: Mapping[str, Any]) -> str:
    named: Mapping[str, str] = resource.get("subject") or resource["patient"]
    return named["reference"]


@dataclass
class FakeReader:
    """A store of whole resources."""

    resources: list[dict[str, Any]] = field(default_factory=list)

    def _of(self, type: str, patient_id: str) -> RecordList:
        found = [
            Sourced(r, f"{type}/{r['id']}/_history/1")
            for r in self.resources
            if r["resourceType"] == type and _subject(r) == f"Patient/{patient_id}"
        ]
        return RecordList(tuple(found), complete=True)

    def _patients(self) -> list[StoredPatient]:
        return [
            StoredPatient(r["id"], Sourced(r, f"Patient/{r['id']}/_history/1"))
            for r in self.resources
            if r["resourceType"] == "Patient"
        ]

    async def patient(self, patient_id: str) -> StoredPatient | None:
        return next((p for p in self._patients() if p.id == patient_id), None)

    async def patients_identified(
        self, identifiers: Sequence[tuple[str, str]]
    ) -> tuple[StoredPatient, ...]:
        wanted = set(identifiers)
        return tuple(
            p
            for p in self._patients()
            if wanted
            & {(i["system"], i["value"]) for i in p.resource.resource.get("identifier", ())}
        )

    async def observations(self, patient_id: str) -> RecordList:
        return self._of("Observation", patient_id)

    async def conditions(self, patient_id: str) -> RecordList:
        return self._of("Condition", patient_id)

    async def medications(self, patient_id: str) -> RecordList:
        return self._of("MedicationRequest", patient_id)

    async def statements(self, patient_id: str) -> RecordList:
        return self._of("MedicationStatement", patient_id)

    async def family(self, patient_id: str) -> RecordList:
        return self._of("FamilyMemberHistory", patient_id)


@dataclass
class FakeRecord:
    """Remembers what was kept."""

    resources: list[Mapping[str, Any]] = field(default_factory=list)
    cards: list[IssuedCard] = field(default_factory=list)

    async def keep(
        self, resources: Sequence[Mapping[str, Any]], cards: Sequence[IssuedCard]
    ) -> None:
        self.resources += resources
        self.cards += cards


@dataclass
class FakeFeedback:
    """Knows the cards of one record."""

    record: FakeRecord
    entries: list[Feedback] = field(default_factory=list)

    async def keep(self, service: str, entries: Sequence[Feedback]) -> None:
        for index, entry in enumerate(entries):
            issued = {(card.uuid, card.service) for card in self.record.cards}
            if (entry.card, service) not in issued:
                raise UnknownCard(index)
        self.entries += entries


class FakeTracer:
    """Remembers the steps."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    @contextmanager
    def span(self, name: str) -> Iterator[None]:
        self.steps.append(name)
        yield
