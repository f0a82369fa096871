"""Patient/[id]/$evaluate-risk: the models' answers on a stored patient, kept before they leave.

An operation of this product: docs/reference/models-rest.md.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from fastapi import Response

from cds_hooks.notice import Notice
from cds_hooks.ports import StoredPatient
from cds_hooks.record import MODEL_SYSTEM, RecordContext, provenance, risk_assessment
from cds_hooks.render.answer import withheld_reasons
from cds_hooks.wording import Wording
from fhir_server.r4.codec import JsonObject, encode
from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.rest.content import answer_type
from fhir_server.rest.model_desk import ModelDesk, desk_of
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, services_of
from fhir_server.store.resources import moment
from inference.prediction import Answer, Prediction, Withheld
from inference.predictor import Predictor
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot
from terminology.measurement import effective_time

_PARAMETERS: Final = ("model", "at", "region")
_COUNTRY: Final = re.compile("[A-Z]{2}")
# The clock of who asks is not this machine's.
_NOW: Final = timedelta(minutes=5)
# R4 issue types by why a model made no estimate.
_ISSUES: Final = {
    "missing": ("warning", "required"),
    "not-applicable": ("warning", "business-rule"),
    "failed": ("error", "exception"),
}


async def evaluate_risk(call: Call) -> Response:
    """Return a Parameters with a `return` for each model asked: its RiskAssessment, or why none.

    Each RiskAssessment is stored with its Provenance before the answer leaves.
    """
    call.check_known(*_PARAMETERS)
    media_type = answer_type(call.request)
    desk = desk_of(call.request)
    predictor = _predictor(call, desk.predictor)
    models = [desk.model(id) for id in dict.fromkeys(call.texts("model"))]
    now = desk.clock()
    at = _instant(call, predictor, now)
    patient = await _patient(call, desk)
    snapshot = await _snapshot(desk, patient, at, now)
    if models:
        answers: Sequence[Answer] = [predictor.answer(model, snapshot) for model in models]
    else:
        answers = predictor.answer_all(snapshot)
    wording = desk.wording(call.request)
    written = [_written(answer, patient, desk, wording) for answer in answers]
    kept = [resource for each in written if _is_kept(each) for resource in each]
    if kept:
        await desk.record.keep(kept, ())
    parts = [{"name": "return", "resource": each[0]} for each in written]
    body = encode({"resourceType": "Parameters", "parameter": parts})
    return Response(body, media_type=media_type)


def _predictor(call: Call, predictor: Predictor) -> Predictor:
    region = call.text("region")
    if region is None:
        return predictor
    if not _COUNTRY.fullmatch(region):
        raise BadRequest("value", f"region={region[:20]}: write an ISO 3166 country such as CN.")
    return replace(predictor, region=region)


def _instant(call: Call, predictor: Predictor, now: datetime) -> datetime:
    """Return the instant asked for: the end of a day that is named, and never after now."""
    text = call.text("at")
    if text is None:
        return now
    try:
        low, high = instant_range(text.replace(" ", "+"), default_zone=predictor.zone)
    except ValueError as error:
        raise BadRequest("value", f"at={text[:60]}: {error}.") from None
    if len(text) < len("2026-05-11") or moment(low) > now + _NOW:
        text = f"at={text[:60]}: write a day or an instant that is not in the future."
        raise BadRequest("value", text)
    return min(moment(high), now)


async def _patient(call: Call, desk: ModelDesk) -> StoredPatient:
    """Return the patient's record; of one that was merged, the survivor's, if it may be seen."""
    id, access = str(call.id), access_to(call.request)
    database = services_of(call.request).database
    await database.look_up(lambda c: read_current(c, "Patient", id, access))
    found = await desk.reader.patient(id)
    if found is None:
        text = f"The links of Patient/{id[:64]} do not say which record is used; mend them first."
        raise FhirError(409, Issue("error", "conflict", text))
    if found.id != id:
        await database.look_up(lambda c: read_current(c, "Patient", found.id, access))
    return found


async def _snapshot(
    desk: ModelDesk, patient: StoredPatient, at: datetime, now: datetime
) -> PatientSnapshot:
    """Return what is stored of the patient; of results only those that were there at `at`."""
    reader, zone = desk.reader, desk.predictor.zone
    results = (await reader.observations(patient.id)).entries
    past = at < now - _NOW
    if past:
        times = [effective_time(entry.resource, zone=zone) for entry in results]
        results = tuple(
            entry for entry, time in zip(results, times, strict=True) if time is None or time <= at
        )
    # What is no result has no history here: today's lists stand for those of then, and it is said.
    date = at.astimezone(zone).date().isoformat()
    cautions = (Reason("as-of-past", {"date": date}),) if past else ()
    return PatientSnapshot(
        patient.resource,
        results,
        await reader.conditions(patient.id),
        await reader.medications(patient.id),
        at,
        cautions,
    )


def _written(
    answer: Answer, patient: StoredPatient, desk: ModelDesk, wording: Wording
) -> list[JsonObject]:
    """Return RiskAssessment and Provenance, or the one OperationOutcome of what was withheld."""
    if isinstance(answer, Withheld):
        return [_outcome(answer, wording)]
    return _record(answer, patient, desk, wording)


def _is_kept(written: list[JsonObject]) -> bool:
    return bool(written[0]["resourceType"] != "OperationOutcome")


def _record(
    answer: Prediction, patient: StoredPatient, desk: ModelDesk, wording: Wording
) -> list[JsonObject]:
    context = RecordContext(
        id=str(uuid4()),
        provenance_id=str(uuid4()),
        card=uuid4(),
        subject={"reference": f"Patient/{patient.id}"},
        notice=Notice(wording.language).text,
        software=desk.software,
    )
    return [risk_assessment(answer, context, wording), provenance(answer, context)]


def _outcome(withheld: Withheld, wording: Wording) -> JsonObject:
    """Return why there is no estimate; `details` names the model of each issue."""
    severity, code = _ISSUES[withheld.kind]
    model = withheld.model
    coding = {"system": MODEL_SYSTEM, "version": model.version, "code": model.id}
    reasons = withheld_reasons(withheld, wording)
    issues: list[dict[str, Any]] = [
        {
            "severity": severity,
            "code": code,
            "details": {
                "coding": [coding],
                "text": wording.say("detail.withheld-by", model=wording.text(model.name)),
            },
            "diagnostics": _said(reason),
        }
        for reason in reasons
    ]
    return {"resourceType": "OperationOutcome", "issue": issues}


def _said(reason: dict[str, Any]) -> str:
    label = reason.get("label")
    return f"{label}: {reason['text']}" if label else str(reason["text"])


OPERATION = Operation(
    name="evaluate-risk",
    definition="https://attending.org/fhir/OperationDefinition/Patient-evaluate-risk",
    levels=("instance",),
    answer=evaluate_risk,
    types=("Patient",),
    affects_state=True,
    documentation="Parameters model (repeating; without one, every model that speaks unasked), at "
    "and region. A Parameters with one `return` for each model: a RiskAssessment, which is stored, "
    "or an OperationOutcome that says why there is none.",
)
