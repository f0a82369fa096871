"""A stored patient evaluated on request: the snapshot of then, and each answer as FHIR."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final
from uuid import uuid4

from cds_hooks.gather import with_statements
from cds_hooks.model_links import model_card_url
from cds_hooks.notice import Notice
from cds_hooks.ports import FhirReader, StoredPatient
from cds_hooks.record import (
    MODEL_SYSTEM,
    QUESTION_SYSTEM,
    RecordContext,
    provenance,
    risk_assessment,
)
from cds_hooks.render.answer import withheld_reasons
from cds_hooks.wording import Wording
from inference.prediction import Answer, Unanswered, Withheld
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.measurement import effective_time

Resource = dict[str, Any]

# The clock of who asks is not this machine's.
CLOCKS_APART: Final = timedelta(minutes=5)
# R4 severity and issue type by why a model made no estimate.
_ISSUES: Final = {
    "missing": ("warning", "required"),
    "not-applicable": ("warning", "business-rule"),
    "failed": ("error", "exception"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as a resource, and what must be kept before it leaves."""

    answer: Resource
    kept: tuple[Resource, ...]


async def stored_snapshot(
    reader: FhirReader, patient: StoredPatient, *, at: datetime, now: datetime, zone: tzinfo
) -> PatientSnapshot:
    """Return what is stored of the patient; of results only those that were there at `at`.

    What is no result has no history here: today's lists stand for those of then, and every answer
    says so.
    """
    results = (await reader.observations(patient.id)).entries
    past = at < now - CLOCKS_APART
    if past:
        times = [effective_time(entry.resource, zone=zone) for entry in results]
        pairs = zip(results, times, strict=True)
        results = tuple(entry for entry, time in pairs if time is None or time <= at)
    date = at.astimezone(zone).date().isoformat()
    return PatientSnapshot(
        patient.resource,
        results,
        await reader.conditions(patient.id),
        with_statements(await reader.medications(patient.id), await reader.statements(patient.id)),
        at,
        (Reason("as-of-past", {"date": date}),) if past else (),
        await reader.family(patient.id),
    )


def written_answer(
    answer: Answer, patient: StoredPatient, *, public_url: str, software: str, wording: Wording
) -> Written:
    """Return a RiskAssessment to be kept with its Provenance, or an OperationOutcome."""
    if isinstance(answer, Withheld):
        return Written(_outcome(answer, wording), ())
    context = RecordContext(
        id=str(uuid4()),
        provenance_id=str(uuid4()),
        card=uuid4(),
        subject={"reference": f"Patient/{patient.id}"},
        notice=Notice(wording.language).text,
        software=software,
        model_card=model_card_url(public_url, answer.model),
    )
    assessment = risk_assessment(answer, context, wording)
    return Written(assessment, (assessment, provenance(answer, context)))


def unanswered_part(unanswered: Unanswered, wording: Wording) -> Resource:
    """Return a question that nobody was asked of this patient, as a parameter."""
    coding = {"system": QUESTION_SYSTEM, "code": unanswered.question.id}
    named = {"coding": [coding], "text": wording.text(unanswered.question.name)}
    return {
        "name": "unanswered",
        "part": [
            {"name": "question", "valueCodeableConcept": named},
            {"name": "reason", "valueString": wording.reason(unanswered.reason)},
        ],
    }


def _outcome(withheld: Withheld, wording: Wording) -> Resource:
    """Return why there is no estimate; `details` names the model of each issue."""
    severity, code = _ISSUES[withheld.kind]
    model = withheld.model
    details = {
        "coding": [{"system": MODEL_SYSTEM, "version": model.version, "code": model.id}],
        "text": wording.say("detail.withheld-by", model=wording.text(model.name)),
    }
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": severity, "code": code, "details": details, "diagnostics": said}
            for said in _said(withheld_reasons(withheld, wording))
        ],
    }


def _said(reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{reason['label']}: {reason['text']}" if "label" in reason else str(reason["text"])
        for reason in reasons
    ]
