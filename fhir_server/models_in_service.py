"""The models that a deployment serves: opened by its settings, looked after while it runs."""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from fhir_server.settings import Settings
from inference.contract import ModelDefinition
from inference.prediction import Shadowed, Withheld
from inference.registry import ModelRegistry
from inference.releases.shelf import ModelShelf
from inference.releases.trust import Trust
from inference.releases.view import View

_LOG: Final = logging.getLogger(__name__)
# A rollback is seen within a second; making a session takes a part of it.
_EVERY_SECONDS: Final = 0.5


def open_shelf(settings: Settings) -> ModelShelf:
    """Return the models of a deployment; `ModelRefused` where one of them must not be served."""
    return ModelShelf(ModelRegistry.discover(), settings.models_folder, trust_of(settings))


def trust_of(settings: Settings) -> Trust:
    """Return whose signatures count; `ModelRefused` where a key file cannot be read."""
    production = settings.profile == "production"
    return Trust.of(settings.models_trusted_keys, production=production)


class Definitions:
    """The definitions of the models of now, each time it is iterated."""

    def __init__(self, shelf: ModelShelf) -> None:
        self._shelf = shelf

    def __iter__(self) -> Iterator[ModelDefinition]:
        return (model.definition for model in self._shelf.current)


class ModelMetrics:
    """What is counted of models; none of it is a patient's data."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._states = Gauge(
            "attending_model_state",
            "Versions of models by state; served says whether it runs",
            ("model", "version", "state", "served"),
            registry=registry,
        )
        self._refused = Gauge(
            "attending_models_refused",
            "Releases, versions and files of models that are not as they should be",
            registry=registry,
        )
        self._looks = Counter(
            "attending_models_changed", "Changes of the models folder", registry=registry
        )
        self._shadows = Counter(
            "attending_model_shadow_answers",
            "Answers of versions in shadow, by kind and whether the active version agrees",
            ("model", "version", "kind", "agrees"),
            registry=registry,
        )

    def see(self, view: View) -> None:
        """Set what is held now."""
        self._states.clear()
        for item in view.items:
            if item.state is not None:
                served = "yes" if item.serving else "no"
                self._states.labels(item.id, item.version, str(item.state), served).set(1)
        self._refused.set(len(view.refusals))

    def changed(self, view: View) -> None:
        """Count a change, and set what is held now."""
        self._looks.inc()
        self.see(view)

    def shadowed(self, said: Shadowed) -> None:
        """Count and log what a version in shadow would have said."""
        model = said.answer.model
        kind = said.answer.kind if isinstance(said.answer, Withheld) else "estimate"
        agrees = {True: "yes", False: "no", None: "alone"}[said.agrees]
        self._shadows.labels(model.id, model.version, kind, agrees).inc()
        named = {"model": model.id, "version": model.version, "digest": said.answer.digest}
        _LOG.info("shadow answer", extra=named | {"state": kind, "agrees": agrees})


class ModelWatch:
    """Looks at the folder of models again and again, off the event loop."""

    def __init__(self, shelf: ModelShelf) -> None:
        self._shelf = shelf
        self._worker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """End; a look under way is finished by its thread."""
        if self._worker is not None:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
            self._worker = None

    async def _work(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._shelf.refresh)
            except Exception:  # noqa: BLE001 (the worker loop: a look that fails is not the last)
                _LOG.exception("models not looked at")
            await asyncio.sleep(_EVERY_SECONDS)
