"""What is known of one patient at one moment, and where each piece came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from inference.reasons import Reason
from terminology.code_relations import LISTED_ONLY, CodeRelations


@dataclass(frozen=True, slots=True)
class Sourced:
    """An R4 resource and the reference by which a record of this prediction cites it."""

    resource: Mapping[str, Any]
    reference: str


@dataclass(frozen=True, slots=True)
class RecordList:
    """All entries of one kind that could be had.

    Only a `complete` list lets the absence of an entry count as "the record does not say so".
    """

    entries: tuple[Sourced, ...]
    complete: bool


NOT_ASKED: Final = RecordList((), complete=False)
"""What is known of a kind of resource that nobody was asked for."""


@dataclass(frozen=True, slots=True)
class PatientSnapshot:
    """The resources of one patient that the models may look at, taken at `taken_at` (aware).

    `medications` are MedicationRequests and MedicationStatements, with the Medications that they
    refer to; `family` are FamilyMemberHistories. `cautions` are doubts about the whole snapshot;
    every answer carries them. `relations` is what is known of the codes in it.
    """

    patient: Sourced
    observations: tuple[Sourced, ...]
    conditions: RecordList
    medications: RecordList
    taken_at: datetime
    cautions: tuple[Reason, ...] = ()
    family: RecordList = NOT_ASKED
    relations: CodeRelations = LISTED_ONLY
