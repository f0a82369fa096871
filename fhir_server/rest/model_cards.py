"""GET /models/{id}/card: what a model is for, rests on and does not know, as a page or as FHIR."""

import asyncio
from typing import Final, Literal

from fastapi import APIRouter, Request, Response

from cds_hooks.wording import LANGUAGES, choose_language
from fhir_server.r4.codec import encode
from fhir_server.r4.outcome import BadRequest, FhirError, Issue
from fhir_server.rest.content import preferred
from fhir_server.rest.errors import FHIR_JSON, NotAcceptable
from fhir_server.rest.headers import listed_header
from fhir_server.rest.model_desk import ModelDesk, UnknownModel, desk_of
from inference.contract import Language
from inference.registry import LoadedModel, ModelRefused

router = APIRouter(prefix="/models", tags=["Models"])

Form = Literal["html", "fhir"]

_KNOWN: Final = frozenset({"version", "language", "_format"})
_FORMATS: Final[dict[str, Form]] = {
    "html": "html",
    "text/html": "html",
    "fhir": "fhir",
    "json": "fhir",
    FHIR_JSON: "fhir",
    "application/fhir json": "fhir",  # "+" in a query reads as a space
    "application/json": "fhir",
}
# A browser names text/html first; who names nothing gets the page.
_ACCEPTED: Final = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/*": "html",
    "*/*": "html",
    FHIR_JSON: "fhir",
    "application/json": "fhir",
    "application/*": "fhir",
}
_HEADERS: Final = {
    "Cache-Control": "no-cache",  # state and region may change
    "Vary": "Accept, Accept-Language",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class CardNotReadable(FhirError):
    """500: a file of the model is not the one that was verified; nothing of it is shown."""

    def __init__(self, refused: ModelRefused) -> None:
        super().__init__(500, Issue("fatal", "integrity", str(refused)))


@router.get("/{id}/card", summary="A model's card")
async def show_card(request: Request, id: str) -> Response:
    """Tell people everything that is known of a model, and what is not; FHIR with `_format=fhir`.

    `version` names one, any state included; without it, the one that answers now. `language` is
    `zh-CN` or `en`, else Accept-Language decides.
    """
    unknown = sorted(set(request.query_params) - _KNOWN)
    if unknown:
        text = f"There is no parameter {unknown[0][:40]!r} here; there are {', '.join(_KNOWN)}."
        raise BadRequest("not-supported", text)
    form, language, desk = _form(request), _language(request), desk_of(request)
    # A retired release is read and tested again, and a card draws: neither belongs on the loop.
    content = await asyncio.to_thread(
        _card, desk, id, request.query_params.get("version"), form, language
    )
    headers = _HEADERS | {"Content-Language": language}
    if form == "fhir":
        return Response(content, media_type=FHIR_JSON, headers=headers)
    from fhir_server.model_cards.page import policy  # noqa: PLC0415 (loaded for a card only)

    headers["Content-Security-Policy"] = policy()
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


def _card(desk: ModelDesk, id: str, version: str | None, form: Form, language: Language) -> bytes:
    # Imported here: a server on which nobody opens a card does not hold what makes one.
    from fhir_server.model_cards.page import page  # noqa: PLC0415
    from fhir_server.model_cards.resource import document_reference  # noqa: PLC0415
    from fhir_server.model_cards.subject import Deployment, Subject  # noqa: PLC0415
    from fhir_server.model_cards.words import Words  # noqa: PLC0415

    predictor = desk.predictor
    deployment = Deployment(
        desk.public_url, predictor.region, predictor.validated, desk.software, predictor.catalogue
    )
    try:
        model = _model(desk, id, version)
        subject = Subject(model, desk.state(model), deployment)
        if form == "fhir":
            return encode(document_reference(subject, Words(language)))
        return page(subject, Words(language)).encode()
    except ModelRefused as refused:
        raise CardNotReadable(refused) from refused


def _model(desk: ModelDesk, id: str, version: str | None) -> LoadedModel:
    if version is None:
        return desk.model(id)
    found = desk.held(id, version)
    if found is None:
        raise UnknownModel(
            f"{id} {version}", [each.definition.id for each in desk.predictor.registry]
        )
    return found


def _form(request: Request) -> Form:
    asked = request.query_params.getlist("_format")
    if asked:
        forms = {_FORMATS.get(each.partition(";")[0].strip().lower()) for each in asked}
        found = forms.pop()
        if forms or found is None:
            raise NotAcceptable(", ".join(asked))
        return found
    accepted = listed_header(request, "Accept") or "*/*"
    return "html" if preferred(accepted, _ACCEPTED) == "html" else "fhir"


def _language(request: Request) -> Language:
    asked = request.query_params.get("language")
    if asked is None:
        default = desk_of(request).language
        return choose_language(request.headers.get("accept-language"), default)
    for language in LANGUAGES:
        if asked.lower() == language.lower():
            return language
    raise BadRequest("value", f"language={asked[:20]}: write {' or '.join(LANGUAGES)}.")
