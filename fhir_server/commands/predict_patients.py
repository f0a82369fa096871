"""`attending predict MODEL FILE` on NDJSON: a Bundle, or a patient with lists, on each line."""

import argparse
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from cds_hooks.render.answer import answer_json, withheld_reasons
from cds_hooks.wording import Wording
from fhir_server.commands.deployment import deployed
from fhir_server.commands.predict_texts import Tally
from fhir_server.commands.progress import steps
from fhir_server.commands.storage import utc_now
from fhir_server.r4.codec import decode
from fhir_server.r4.outcome import FhirError
from fhir_server.settings import Settings
from inference.batch.errors import BatchRefused
from inference.batch.results import json_lines
from inference.patient_documents import snapshot_of
from inference.prediction import Withheld
from inference.predictor import Predictor
from inference.registry import LoadedModel, ModelRegistry

Json = dict[str, Any]


class Places(Protocol):
    """Where the results and the refusals go."""

    @property
    def results(self) -> Path:
        """The answers."""
        ...

    @property
    def refused(self) -> Path:
        """What got none."""
        ...


def predict_patients(
    settings: Settings,
    registry: ModelRegistry,
    model: LoadedModel,
    path: Path,
    places: Places,
    options: argparse.Namespace,
) -> Tally:
    """Answer for each line; a line that is no one patient, and one withheld, is listed with why."""
    at = _instant(options.at, settings)
    predictor = deployed(settings, registry)
    wording = Wording(settings.language, [each.definition for each in registry])
    tally, shown, whole = Tally(settings.language), steps(), path.stat().st_size
    with json_lines(places.results) as answer, json_lines(places.refused) as refuse:
        for number, line, done in _lines(path):
            found = _answered(line, predictor, model, wording, at, options)
            reasons = found.get("reasons")
            tally.count(reasons[0]["code"] if reasons else None)
            (refuse if reasons else answer)({"row": number, **found})
            shown(done, whole)
    return tally


def _answered(
    line: bytes,
    predictor: Predictor,
    model: LoadedModel,
    wording: Wording,
    at: datetime,
    options: argparse.Namespace,
) -> Json:
    """Return the answer, or `reasons` where there is none."""
    try:
        snapshot = snapshot_of(decode(line, unique_keys=True), at=at, complete=options.complete)
    except FhirError as refused:
        return {
            "reasons": [
                {"code": issue.code, "where": list(issue.expression), "text": issue.diagnostics}
                for issue in refused.issues
            ]
        }
    id = {"id": str(snapshot.patient.resource.get("id", ""))}
    answer = predictor.answer(model, snapshot, impute=options.impute)
    if isinstance(answer, Withheld):
        reasons = withheld_reasons(answer, wording)
        return {**id, "withheld": answer.kind, "reasons": reasons}
    return id | answer_json(answer, digest=model.digest, wording=wording)


def _lines(path: Path) -> Iterator[tuple[int, bytes, int]]:
    """Yield number, content and end of each line that is not empty."""
    done = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            done += len(line)
            if line.strip():
                yield number, line, done


def _instant(text: str | None, settings: Settings) -> datetime:
    if text is None:
        return utc_now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BatchRefused("at", at=text) from None
    return found if found.tzinfo else found.replace(tzinfo=settings.zone)
