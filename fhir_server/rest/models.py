"""The models over HTTP: which there are, what each needs and says, and its answer on sent data."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from cds_hooks.model_links import model_card_url
from cds_hooks.render.answer import answer_json
from cds_hooks.render.model import model_json, model_line
from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.rest.content import read_json_body
from fhir_server.rest.large_bodies import worked_on
from fhir_server.rest.model_desk import ModelDesk, desk_of
from fhir_server.rest.stated_inputs import stated_features
from inference.patient_documents import snapshot_of
from inference.prediction import Answer, Withheld
from inference.registry import LoadedModel

router = APIRouter(prefix="/models", tags=["Models"])

# A body or an answer holds a patient's data: no cache on the way may keep it.
_NO_STORE = {"Cache-Control": "no-store"}


class ModelFailed(FhirError):
    """500: the model gave no result; that is no answer, least of all a reassuring one."""

    def __init__(self, model: str) -> None:
        text = f"{model} gave no result. This does not mean that there is no risk."
        super().__init__(500, Issue("fatal", "exception", text))


@router.get("", summary="List the models")
async def list_models(request: Request) -> Response:
    """List the models with version, state, digest, name and task class."""
    models = desk_of(request).predictor.registry.current
    return _json({"models": [model_line(each, state=models.state(each)) for each in models]})


@router.get("/{id}", summary="A model's whole definition")
async def show_model(request: Request, id: str) -> Response:
    """Tell what a model needs, says, rests on and does not know."""
    desk = desk_of(request)
    model = desk.model(id)
    state = desk.predictor.registry.current.state(model)
    card = model_card_url(desk.public_url, model.definition)
    return _json(model_json(model, desk.predictor.catalogue, state=state) | {"card": card})


@router.post("/{id}/predict", summary="A model's answer on the data sent")
async def predict(request: Request, id: str) -> Response:
    """Answer on named values, on a Bundle or on a patient with lists; nothing of it is stored.

    200 with `withheld` and its reasons where the model makes no estimate: the request was right,
    and the answer is that there is no figure.
    """
    desk = desk_of(request)
    model = desk.model(id)
    raw = await read_json_body(request, limit=desk.body_limit)
    asked = request.query_params.get("impute")

    def work() -> Answer:
        body = decode(raw, unique_keys=True)
        return _answer(body, model, desk, impute=_imputes(body, asked))

    answer = await worked_on(len(raw), work)
    if isinstance(answer, Withheld) and answer.kind == "failed":
        raise ModelFailed(id)
    wording = desk.wording(request)
    found = answer_json(answer, digest=model.digest, wording=wording)
    return _json(
        found, {"Content-Language": wording.language, "Vary": "Accept-Language"} | _NO_STORE
    )


def _imputes(body: JsonObject, asked: str | None) -> bool:
    """Return whether to impute, and take the word out of the body; a Bundle has it in the URL."""
    if asked not in (None, "true", "false"):
        raise BadRequest("value", f"impute={str(asked)[:20]}: write true or false.")
    stated = body.pop("impute", None) if body.get("resourceType") != "Bundle" else None
    if not isinstance(stated, bool | None):
        raise BadRequest("value", "Write true or false.", "impute")
    if stated is not None and asked is not None and stated != (asked == "true"):
        raise BadRequest("value", "The URL and the body say different things.", "impute")
    return stated or asked == "true"


def _answer(body: JsonObject, model: LoadedModel, desk: ModelDesk, *, impute: bool) -> Answer:
    at = desk.clock()
    predictor = desk.predictor
    if body.get("resourceType") == "Bundle" or "patient" in body:
        return predictor.answer(model, snapshot_of(body, at=at), impute=impute)
    if "inputs" not in body:
        text = "Send a Bundle of one patient, or {inputs, states}, or {patient, observations, ...}."
        raise BadRequest("structure", text)
    stated = stated_features(body, model.definition, catalogue=predictor.catalogue, at=at)
    return predictor.answer_stated(model, stated, impute=impute)


def _json(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        msgspec.json.encode(document), media_type="application/json", headers=dict(headers or {})
    )
