"""The models that this server holds, each verified against its manifest before it may speak."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inference import folders
from inference.contract import ModelDefinition
from inference.engine import Engine


class ModelRefused(RuntimeError):
    """A model folder that must not be served; the text says which and why."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A verified model: its definition, its graph's sha256 and the engine that runs it."""

    definition: ModelDefinition
    digest: str
    engine: Engine


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
    engine = Engine(graph, scales=[scale.id for scale in definition.scales])
    model = LoadedModel(definition, digest, engine)
    _self_test(model, folder / folders.GOLDEN)
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


def _self_test(model: LoadedModel, path: Path) -> None:
    """Run the worked examples: a graph that cannot repeat them must not be served."""
    names = [spec.name for spec in model.definition.inputs]
    outcomes = [outcome.id for outcome in model.definition.outcomes]
    for case in golden_cases(path):
        row = [float(case["inputs"].get(name, math.nan)) for name in names]
        estimate = model.engine.run(np.array([row], dtype=np.float64)).estimate[0]
        for outcome, expected in case["expected"].items():
            found = float(estimate[outcomes.index(outcome)])
            if not abs(found - expected) <= case["tolerance"]:
                raise ModelRefused(
                    f"{model.definition.id}: {outcome} of the worked example "
                    f"{case['source']!r} is {found!r}, expected {expected!r}"
                )
