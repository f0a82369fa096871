"""Discovery of model folders: one folder of `inference/models` is one model."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from inference import models
from inference.contract import ModelDefinition
from inference.releases import manifest

GRAPH = manifest.GRAPH
MANIFEST = manifest.MANIFEST
GOLDEN = manifest.GOLDEN
ATTRIBUTES = manifest.ATTRIBUTES


def names() -> Iterator[str]:
    """Yield the folder names in alphabetical order."""
    for module in sorted(pkgutil.iter_modules(models.__path__), key=lambda found: found.name):
        if module.ispkg:
            yield module.name


def path(name: str) -> Path:
    """Return the folder of a model."""
    return Path(models.__path__[0]) / name


def definition(name: str) -> ModelDefinition:
    """Return what the folder's `definition.py` declares as `MODEL`."""
    found = importlib.import_module(f"{models.__name__}.{name}.definition").MODEL
    if not isinstance(found, ModelDefinition):
        raise TypeError(f"inference/models/{name}/definition.py: MODEL is not a ModelDefinition")
    return found
