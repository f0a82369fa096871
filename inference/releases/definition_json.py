"""A model's definition as JSON, in the form of `canonical_json`."""

from inference.contract import ModelDefinition, Text
from inference.releases import canonical_json

_WHAT = Text("模型定义", "model definition")


def encode(definition: ModelDefinition) -> bytes:
    """Return the canonical JSON; `ModelRefused` where a number is not finite."""
    return canonical_json.encode(definition)


def decode(written: bytes, *, where: str) -> ModelDefinition:
    """Read a definition; `ModelRefused` for any byte that `encode` would not have written."""
    return canonical_json.decode(written, ModelDefinition, what=_WHAT, where=where)
