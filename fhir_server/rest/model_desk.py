"""What the routes of the models work with; wiring puts it on `app.state.models`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from cds_hooks.ports import FhirReader, PredictionRecord
from cds_hooks.wording import Wording, choose_language
from fhir_server.r4.outcome import FhirError, Issue
from inference.contract import Language
from inference.predictor import Predictor
from inference.registry import LoadedModel
from inference.releases.shelf import ModelShelf


@dataclass(frozen=True, slots=True)
class ModelDesk:
    """The models of one server, and where their answers on stored patients are kept."""

    predictor: Predictor
    reader: FhirReader
    record: PredictionRecord
    software: str
    wordings: Mapping[Language, Wording]
    clock: Callable[[], datetime]
    language: Language
    body_limit: int
    public_url: str
    shelf: ModelShelf

    def model(self, id: str) -> LoadedModel:
        """Return the model of that id; `UnknownModel` (404) where there is none."""
        found = self.predictor.registry.get(id)
        if found is None:
            raise UnknownModel(id, [each.definition.id for each in self.predictor.registry])
        return found

    def held(self, id: str, version: str) -> LoadedModel | None:
        """Return exactly that version, whatever its state; reading a retired release takes time."""
        return self.shelf.held(id, version)

    def state(self, model: LoadedModel) -> str:
        """Return the state of a version that is held."""
        definition = model.definition
        items = self.shelf.view.items_of(definition.id)
        found = (item.state for item in items if item.version == definition.version)
        return str(next(found, None) or self.predictor.registry.current.state(model))

    def wording(self, request: Request) -> Wording:
        """Return the words of the language that the client prefers."""
        return self.wordings[choose_language(request.headers.get("accept-language"), self.language)]


class UnknownModel(FhirError):
    """404: no model of that id; names those that there are."""

    def __init__(self, id: str, known: list[str]) -> None:
        text = f"There is no model {id[:64]!r}; there are {', '.join(known)}."
        super().__init__(404, Issue("error", "not-found", text))


def desk_of(request: Request) -> ModelDesk:
    """Return the desk of the app that serves `request`."""
    desk: ModelDesk = request.app.state.models
    return desk
