"""The models that this server holds, each verified against its manifest before it may speak."""

import hashlib
import json
import math
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from inference import folders
from inference.contract import ModelDefinition, Voice
from inference.engine import Engine


class ModelRefused(RuntimeError):
    """A model folder that must not be served; the text says which and why."""


class LoadedModel:
    """A verified model: its definition, its graph's sha256 and the engine that runs it."""

    def __init__(
        self, definition: ModelDefinition, digest: str, graph: bytes, folder: Path
    ) -> None:
        self.definition: Final = definition
        self.digest: Final = digest
        self._graph = graph
        self._folder = folder
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The graph, ready to run; made and tested when it is first wanted.

        ModelRefused where it does not repeat its worked examples.
        """
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    scales = [scale.id for scale in self.definition.scales]
                    engine = Engine(self._graph, scales=scales)
                    _self_test(self.definition, engine, self._folder / folders.GOLDEN)
                    self._engine = engine
        return self._engine


class ModelRegistry:
    """Verified models by id, in the order in which they are to be run."""

    def __init__(self, loaded: Iterable[LoadedModel]) -> None:
        self._by_id: dict[str, LoadedModel] = {}
        for model in loaded:
            if model.definition.id in self._by_id:
                raise ModelRefused(f"two model folders declare the id {model.definition.id!r}")
            self._by_id[model.definition.id] = model

    def __iter__(self) -> Iterator[LoadedModel]:
        return iter(self._by_id.values())

    def get(self, model_id: str) -> LoadedModel | None:
        """Return the model, or None where this server holds none of that id."""
        return self._by_id.get(model_id)

    @classmethod
    def discover(cls) -> "ModelRegistry":
        """Load every folder of `inference/models`; `ModelRefused` where one fails its checks."""
        return cls(load(name, folders.path(name)) for name in folders.names())


def load(name: str, folder: Path) -> LoadedModel:
    """Verify and load the model folder `name` whose files lie in `folder`."""
    definition = folders.definition(name)
    graph = (folder / folders.GRAPH).read_bytes()
    digest = hashlib.sha256(graph).hexdigest()
    _check_manifest(definition, digest, folder / folders.MANIFEST)
    model = LoadedModel(definition, digest, graph, folder)
    if definition.voice is Voice.UNASKED:
        # A model that nobody may ever ask for costs the start its definition only.
        _ = model.engine
    return model


def _check_manifest(definition: ModelDefinition, digest: str, path: Path) -> None:
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if (manifest["id"], manifest["version"]) != (definition.id, definition.version):
        raise ModelRefused(
            f"{path}: names {manifest['id']} {manifest['version']}, "
            f"the definition says {definition.id} {definition.version}"
        )
    expected = manifest["files"][folders.GRAPH]
    if expected != digest:
        raise ModelRefused(
            f"{path.with_name(folders.GRAPH)}: sha256 is {digest}, the manifest says {expected}; "
            "the graph was changed after it was built"
        )


def golden_cases(path: Path) -> list[dict[str, Any]]:
    """Return the worked examples kept beside a model."""
    cases: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return cases


def _self_test(definition: ModelDefinition, engine: Engine, path: Path) -> None:
    """Run the worked examples: a graph that cannot repeat them must not be served."""
    names = [spec.name for spec in definition.inputs]
    outcomes = [outcome.id for outcome in definition.outcomes]
    for case in golden_cases(path):
        row = [float(case["inputs"].get(name, math.nan)) for name in names]
        estimate = engine.run(np.array([row], dtype=np.float64)).estimate[0]
        for outcome, expected in case["expected"].items():
            found = float(estimate[outcomes.index(outcome)])
            if not abs(found - expected) <= case["tolerance"]:
                raise ModelRefused(
                    f"{definition.id}: {outcome} of the worked example "
                    f"{case['source']!r} is {found!r}, expected {expected!r}"
                )
