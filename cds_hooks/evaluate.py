"""One hook call from request to cards: gather, predict, write the cards, keep the record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from cds_hooks import prefetch
from cds_hooks.cards import Card
from cds_hooks.gather import Gathered, gather
from cds_hooks.model_links import model_card_url
from cds_hooks.notice import Notice
from cds_hooks.ports import FhirReader, IssuedCard, PredictionRecord, Tracer
from cds_hooks.protocol import HookRequest
from cds_hooks.record import RecordContext, provenance, risk_assessment
from cds_hooks.render.card import CardIdentity, prediction_card, withheld_card
from cds_hooks.service import HookService
from cds_hooks.wording import Wording
from inference.prediction import Answer, Answers, Prediction, Unanswered, Withheld
from inference.predictor import Predictor

# What a resource that is no R4 raises where its parts are read.
_READING_FAILED: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class CardSet:
    """The cards of one call, and the questions that have none."""

    cards: tuple[Card, ...]
    unanswered: tuple[Unanswered, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The collaborators of every hook call; `public_url` is this server's address."""

    predictor: Predictor
    reader: FhirReader
    record: PredictionRecord
    tracer: Tracer
    public_url: str
    software: str

    @property
    def own_fhir_url(self) -> str:
        """This server's FHIR base."""
        return f"{self.public_url}/fhir"

    async def cards(
        self, service: HookService, request: HookRequest, *, wording: Wording, at: datetime
    ) -> CardSet:
        """Return one card per question; each prediction is kept durably before its card leaves."""
        service.check(request)
        try:
            gathered, answers = await self._answers(request, at)
        except _READING_FAILED:
            prefetch.require_r4(request)
            raise
        with self.tracer.span("card"):
            written = [
                self._write(answer, gathered, request, wording)
                for answer in sorted(answers.given, key=_rank)
            ]
        resources = [resource for _, kept in written for resource in kept]
        issued = [
            IssuedCard(card.uuid, service.id, request.hook_instance, _assessment_id(kept))
            for card, kept in written
        ]
        with self.tracer.span("store"):
            await self.record.keep(resources, issued)
        return CardSet(tuple(card for card, _ in written), answers.unanswered)

    async def _answers(self, request: HookRequest, at: datetime) -> tuple[Gathered, Answers]:
        with self.tracer.span("prefetch"):
            gathered = await gather(
                request, reader=self.reader, own_fhir_url=self.own_fhir_url, at=at
            )
        return gathered, self.predictor.answer_all(gathered.snapshot, span=self.tracer.span)

    def _write(
        self, answer: Answer, gathered: Gathered, request: HookRequest, wording: Wording
    ) -> tuple[Card, list[dict[str, Any]]]:
        if isinstance(answer, Withheld):
            identity = CardIdentity(uuid4(), answer.digest, self._model_card(answer))
            return withheld_card(answer, identity, wording), []
        return self._write_prediction(answer, gathered, request, wording)

    def _model_card(self, answer: Answer) -> str:
        return model_card_url(self.public_url, answer.model)

    def _write_prediction(
        self, answer: Prediction, gathered: Gathered, request: HookRequest, wording: Wording
    ) -> tuple[Card, list[dict[str, Any]]]:
        card_id, assessment_id = uuid4(), str(uuid4())
        url = f"{self.own_fhir_url}/RiskAssessment/{assessment_id}"
        model_card = self._model_card(answer)
        identity = CardIdentity(card_id, answer.digest, model_card, url)
        card = prediction_card(answer, identity, wording)
        context = RecordContext(
            id=assessment_id,
            provenance_id=str(uuid4()),
            card=card_id,
            subject=subject(request, gathered),
            notice=Notice(wording.language).text,
            software=self.software,
            model_card=model_card,
        )
        return card, [risk_assessment(answer, context, wording), provenance(answer, context)]


def _rank(answer: Answer) -> int:
    """Estimates go first, then failures, then what is missing: a panel shows few cards at once."""
    if isinstance(answer, Prediction):
        return 0 if answer.needs_attention else 1
    return {"failed": 2, "missing": 3, "not-applicable": 4}[answer.kind]


def subject(request: HookRequest, gathered: Gathered) -> Mapping[str, Any]:
    """Return the reference to the patient: a local id only where the store knows this patient."""
    if gathered.stored_patient_id is not None:
        return {"reference": f"Patient/{gathered.stored_patient_id}"}
    if request.fhir_server is not None:
        return {"reference": f"{request.fhir_server}/Patient/{request.patient_id}"}
    identifiers = gathered.snapshot.patient.resource.get("identifier", ())
    named = [i for i in identifiers if i.get("system") and i.get("value")]
    identifier = (
        {"system": named[0]["system"], "value": named[0]["value"]}
        if named
        else {"value": request.patient_id}
    )
    return {"type": "Patient", "identifier": identifier}


def _assessment_id(kept: list[dict[str, Any]]) -> str | None:
    return str(kept[0]["id"]) if kept else None
