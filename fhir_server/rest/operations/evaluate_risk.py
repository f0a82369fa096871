"""Patient/[id]/$evaluate-risk: the models' answers on a stored patient, kept before they leave.

An operation of this product: docs/reference/models-rest.md.
"""

import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from fastapi import Response

from cds_hooks.assessment import (
    CLOCKS_APART,
    Resource,
    stored_snapshot,
    unanswered_part,
    written_answer,
)
from cds_hooks.ports import StoredPatient
from fhir_server.r4.codec import encode
from fhir_server.r4.dates import instant_range
from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.rest.content import answer_type
from fhir_server.rest.model_desk import ModelDesk, desk_of
from fhir_server.rest.operations.call import Call, Operation
from fhir_server.rest.read import read_current
from fhir_server.rest.services import access_to, services_of
from fhir_server.store.resources import moment
from inference.prediction import Answers
from inference.predictor import Predictor
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot

_PARAMETERS: Final = ("model", "at", "region", "impute")
_COUNTRY: Final = re.compile("[A-Z]{2}")


async def evaluate_risk(call: Call) -> Response:
    """Return a Parameters with a `return` for each model asked: its RiskAssessment, or why none.

    Each RiskAssessment is stored with its Provenance before the answer leaves.
    """
    call.check_known(*_PARAMETERS)
    media_type = answer_type(call.request)
    desk = desk_of(call.request)
    predictor = _predictor(call, desk.predictor)
    impute = call.flag("impute") or False
    if impute and predictor.region != desk.predictor.region:
        # What evidence counts may be asked for; whom the patients here are like may not.
        text = f"impute goes with the region of this deployment, {desk.predictor.region}, only."
        raise BadRequest("value", text)
    models = [desk.model(id) for id in dict.fromkeys(call.texts("model"))]
    now = desk.clock()
    at = _instant(call, predictor, now)
    patient = await _patient(call, desk)
    snapshot = await stored_snapshot(desk.reader, patient, at=at, now=now, zone=predictor.zone)
    if predictor.region != desk.predictor.region:
        snapshot = _asked_elsewhere(snapshot, predictor.region, here=desk.predictor.region)
    if models:
        answers = Answers(predictor.answer_named(models, snapshot, impute=impute), ())
    else:
        answers = predictor.answer_all(snapshot, impute=impute)
    wording = desk.wording(call.request)
    written = [
        written_answer(
            answer,
            patient,
            public_url=desk.public_url,
            software=desk.software,
            wording=wording,
        )
        for answer in answers.given
    ]
    kept = [resource for each in written for resource in each.kept]
    if kept:
        await desk.record.keep(kept, ())
    parts: list[Resource] = [{"name": "return", "resource": each.answer} for each in written]
    parts += [unanswered_part(each, wording) for each in answers.unanswered]
    body = encode({"resourceType": "Parameters", "parameter": parts})
    return Response(body, media_type=media_type)


def _predictor(call: Call, predictor: Predictor) -> Predictor:
    region = call.text("region")
    if region is None:
        return predictor
    if not _COUNTRY.fullmatch(region):
        raise BadRequest("value", f"region={region[:20]}: write an ISO 3166 country such as CN.")
    return replace(predictor, region=region)


def _asked_elsewhere(snapshot: PatientSnapshot, region: str, *, here: str) -> PatientSnapshot:
    """Let every answer say that it is one for another country: who speaks, and which baseline."""
    asked = Reason("region-asked", {"region": region, "here": here})
    return replace(snapshot, cautions=(*snapshot.cautions, asked))


def _instant(call: Call, predictor: Predictor, now: datetime) -> datetime:
    """Return the instant asked for: the end of a day that is named, and never after now."""
    text = call.text("at")
    if text is None:
        return now
    try:
        low, high = instant_range(text.replace(" ", "+"), default_zone=predictor.zone)
    except ValueError as error:
        raise BadRequest("value", f"at={text[:60]}: {error}.") from None
    if len(text) < len("2026-05-11") or moment(low) > now + CLOCKS_APART:
        text = f"at={text[:60]}: write a day or an instant that is not in the future."
        raise BadRequest("value", text)
    return min(moment(high - 1), now)  # a range has its end outside


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


OPERATION = Operation(
    name="evaluate-risk",
    definition="https://attending.org/fhir/OperationDefinition/Patient-evaluate-risk",
    levels=("instance",),
    answer=evaluate_risk,
    types=("Patient",),
    affects_state=True,
    documentation="Parameters model (repeating; without one, the model that answers each question "
    "unasked), at, region and impute (true: up to two values that were not measured come from a "
    "survey's distribution, and are marked). A Parameters with one `return` for each model: a "
    "RiskAssessment, which is stored, or an OperationOutcome that says why there is none; and an "
    "`unanswered` for each question that was not raised of this patient or that no model answers "
    "in the region.",
)
