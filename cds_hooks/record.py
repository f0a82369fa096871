"""A prediction as FHIR: a RiskAssessment that can be computed again, and its Provenance."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from cds_hooks.prefetch import CLIENT_ONLY
from cds_hooks.render import choice
from cds_hooks.wording import Wording
from inference.confidence import IMPUTED
from inference.prediction import Confidence, Estimate, ImputedValue, Placement, Prediction

SYSTEM = "https://attending.org/fhir"
MODEL_SYSTEM = f"{SYSTEM}/models"
QUESTION_SYSTEM = f"{MODEL_SYSTEM}/questions"
ESTIMATE_EXTENSION = f"{SYSTEM}/StructureDefinition/estimate"
CONFIDENCE_EXTENSION = f"{SYSTEM}/StructureDefinition/confidence"
CHOICE_EXTENSION = f"{SYSTEM}/StructureDefinition/model-choice"
MODEL_CARD_EXTENSION = f"{SYSTEM}/StructureDefinition/model-card"
POSSIBLE_EXTENSION = f"{SYSTEM}/StructureDefinition/possible-range"
INTERVAL_EXTENSION = f"{SYSTEM}/StructureDefinition/input-interval"
DIGEST_SYSTEM = f"{SYSTEM}/model-digest"
INPUT_HASH_SYSTEM = f"{SYSTEM}/input-hash"
SOFTWARE_SYSTEM = f"{SYSTEM}/software"
NOT_KNOWN = "not-known"
INPUTS_ID = "inputs"
IMPUTED_PARTS = ("imputed", "low", "high")
POPULATION_PART = "population"

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordContext:
    """What a record needs beside the prediction; `subject` is a whole FHIR Reference.

    `model_card` is the absolute address of the card of the version that speaks.
    """

    id: str
    provenance_id: str
    card: UUID
    subject: Mapping[str, Any]
    notice: str
    software: str
    model_card: str


def risk_assessment(prediction: Prediction, context: RecordContext, wording: Wording) -> Resource:
    """Return the RiskAssessment; its contained Parameters hold the row that the graph read."""
    return {
        "resourceType": "RiskAssessment",
        "id": context.id,
        "contained": [_inputs(prediction)],
        "extension": [
            _confidence(prediction.confidence, wording),
            *_choice(prediction, wording),
            {"url": MODEL_CARD_EXTENSION, "valueUrl": context.model_card},
        ],
        "identifier": [
            {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{context.card}"},
        ],
        "status": "final",
        "method": {
            "coding": [
                {
                    "system": MODEL_SYSTEM,
                    "version": prediction.model.version,
                    "code": prediction.model.id,
                    "display": prediction.model.name.en,
                }
            ]
        },
        "subject": dict(context.subject),
        "occurrenceDateTime": prediction.at.isoformat(timespec="milliseconds"),
        "basis": [*_basis(prediction), *_not_measured(prediction, wording)],
        "prediction": [
            _outcome(estimate, prediction.placements_of(estimate.outcome), wording)
            for estimate in prediction.estimates
        ],
        "note": [
            {"text": context.notice},
            *({"text": each["display"]} for each in _not_measured(prediction, wording)),
        ],
    }


def _confidence(confidence: Confidence, wording: Wording) -> Resource:
    """Return how far to trust the answer: whoever reads the record sees what the card said."""
    parts: list[Resource] = [{"url": "level", "valueCode": confidence.level}]
    if confidence.probability is not None:
        parts.append({"url": "probability", "valueDecimal": exact(confidence.probability)})
    parts += [
        {"url": "reason", "valueString": wording.reason(reason)} for reason in confidence.reasons
    ]
    return {"url": CONFIDENCE_EXTENSION, "extension": parts}


def _choice(prediction: Prediction, wording: Wording) -> Iterator[Resource]:
    """Yield the question that was answered and why by this model; two may answer it otherwise."""
    if prediction.choice is None:
        return
    said = [{"url": "reason", "valueString": line} for line in choice.lines(prediction, wording)]
    question = {"url": "question", "valueCode": prediction.model.question.id}
    yield {"url": CHOICE_EXTENSION, "extension": [question, *said]}


def provenance(prediction: Prediction, context: RecordContext) -> Resource:
    """Return the Provenance: model digest, input hash and the software that computed it."""
    at = prediction.at.isoformat(timespec="milliseconds")
    return {
        "resourceType": "Provenance",
        "id": context.provenance_id,
        "target": [{"reference": f"RiskAssessment/{context.id}"}],
        "occurredDateTime": at,
        "recorded": at,
        "agent": [
            {
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/"
                            "provenance-participant-type",
                            "code": "assembler",
                        }
                    ]
                },
                "who": {
                    "type": "Device",
                    "identifier": {"system": SOFTWARE_SYSTEM, "value": context.software},
                    "display": context.software,
                },
            }
        ],
        "entity": [
            _entity(DIGEST_SYSTEM, f"sha256:{prediction.digest}"),
            _entity(INPUT_HASH_SYSTEM, f"sha256:{prediction.input_hash}"),
            _model_card(prediction, context),
        ],
    }


def _model_card(prediction: Prediction, context: RecordContext) -> Resource:
    """Name the model card, as AI Transparency on FHIR has it; it lies outside the store."""
    model = prediction.model
    return {
        "role": "derivation",
        "what": {
            "type": "DocumentReference",
            "identifier": {"system": "urn:ietf:rfc:3986", "value": context.model_card},
            "display": f"{model.name.en} {model.version}",
        },
    }


def _entity(system: str, value: str) -> Resource:
    return {"role": "source", "what": {"identifier": {"system": system, "value": value}}}


def _inputs(prediction: Prediction) -> Resource:
    return {
        "resourceType": "Parameters",
        "id": INPUTS_ID,
        "parameter": [
            _imputed(name, prediction.imputed[name])
            if name in prediction.imputed
            else _parameter(name, value)
            for name, value in prediction.inputs.items()
        ],
    }


def _imputed(name: str, found: ImputedValue) -> Resource:
    # Parts, and no value beside the name: whoever reads values reads none that was not measured.
    figures = zip(IMPUTED_PARTS, (found.value, found.low, found.high), strict=True)
    parts: list[Resource] = [{"name": p, "valueDecimal": exact(value)} for p, value in figures]
    parts.append({"name": POPULATION_PART, "valueCode": found.population})
    return {"name": name, "part": parts}


def _parameter(name: str, value: float) -> Resource:
    # FHIR JSON has no NaN: an input that was not known is a code.
    if math.isnan(value):
        return {"name": name, "valueCode": NOT_KNOWN}
    return {"name": name, "valueDecimal": exact(value)}


def exact(value: float) -> Decimal:
    """Return the shortest decimal that reads back as the same float64."""
    return Decimal(repr(value))


def _basis(prediction: Prediction) -> Iterator[Resource]:
    yield {"reference": f"#{INPUTS_ID}"}
    sources: Sequence[str] = tuple(
        dict.fromkeys(s for f in prediction.features.values() for s in f.sources)
    )
    for source in sources:
        if source.startswith(CLIENT_ONLY):
            local = source.removeprefix(CLIENT_ONLY)
            yield {"type": local.split("/")[0], "display": local}
        else:
            yield {"reference": source}


def _not_measured(prediction: Prediction, wording: Wording) -> Iterator[Resource]:
    """Yield a basis without a source for each imputed value: a sentence, no reference."""
    for reason in prediction.confidence.reasons:
        if reason.code == IMPUTED:
            yield {"display": wording.reason(reason)}


def _outcome(estimate: Estimate, placements: Sequence[Placement], wording: Wording) -> Resource:
    outcome = estimate.outcome
    found: Resource = {
        "extension": [
            {
                "url": ESTIMATE_EXTENSION,
                "valueQuantity": _quantity(estimate.value, outcome.unit),
            },
            _range(INTERVAL_EXTENSION, (estimate.low, estimate.high), outcome.unit),
            *_possible(estimate),
        ],
        "outcome": {
            "coding": [{"system": f"{MODEL_SYSTEM}/outcomes", "code": outcome.id}],
            "text": wording.text(outcome.name),
        },
    }
    if outcome.unit == "1":
        found |= _probability(estimate)
    known = [step for placed in placements for step in _codings(placed)]
    if known:
        found["qualitativeRisk"] = {"coding": known}
    if outcome.horizon_years is not None:
        years = {"value": outcome.horizon_years, "unit": "a", "code": "a"}
        found["whenRange"] = {"high": {"system": "http://unitsofmeasure.org"} | years}
    return found


def _possible(estimate: Estimate) -> Iterator[Resource]:
    """Yield the span that unknown inputs leave: a score has no probability to say it with."""
    if estimate.possible is not None:
        yield _range(POSSIBLE_EXTENSION, estimate.possible, estimate.outcome.unit)


def _range(url: str, ends: tuple[float, float], unit: str) -> Resource:
    low, high = (_quantity(end, unit) for end in ends)
    return {"url": url, "valueRange": {"low": low, "high": high}}


def _probability(estimate: Estimate) -> Resource:
    """R4 RiskAssessment.prediction.probability[x]: a percentage, or the range that is possible."""
    if estimate.possible is None:
        return {"probabilityDecimal": exact(100 * estimate.value)}
    low, high = estimate.possible
    return {
        "probabilityRange": {
            "low": _quantity(100 * low, "%"),
            "high": _quantity(100 * high, "%"),
        }
    }


def _codings(placement: Placement) -> list[Resource]:
    system = f"{MODEL_SYSTEM}/scales/{placement.scale.id}"
    return [
        {"system": system, "code": step.id, "display": step.name.en} for step in placement.steps
    ]


def _quantity(value: float, unit: str) -> Resource:
    return {
        "value": exact(value),
        "unit": unit,
        "system": "http://unitsofmeasure.org",
        "code": unit,
    }
