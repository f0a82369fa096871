"""The models that this server holds, each verified against its manifest before it may speak."""

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from inference import folders
from inference.contract import ModelDefinition
from inference.engine import Engine
from inference.releases import definition_json, manifest, self_test
from inference.releases.manifest import Manifest
from inference.releases.refusal import ModelRefused

if TYPE_CHECKING:
    from inference.source_attributes import WrittenAttributes


def _nothing(_name: str) -> None:
    """Hold no file beside the graph."""


class LoadedModel:
    """A verified model: its definition, its graph's sha256 and the engine that runs it.

    `manifest_digest` is the sha256 of its manifest, which covers the definition, the worked
    examples and the attributes too. `beside` fetches one of its files when it is asked for: no
    patient's answer needs them.
    """

    def __init__(
        self,
        definition: ModelDefinition,
        digest: str,
        graph: bytes,
        golden: bytes,
        manifest_digest: str = "",
        beside: Callable[[str], bytes | None] = _nothing,
    ) -> None:
        self.definition: Final = definition
        self.digest: Final = digest
        self.manifest_digest: Final = manifest_digest
        self._untested = (graph, golden)
        self._beside = beside
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The graph, ready to run; made and tested when it is first wanted.

        ModelRefused where it does not repeat its worked examples.
        """
        engine = self._engine
        if engine is None:
            with self._lock:
                engine = self._engine or self._tested()
        return engine

    def written_attributes(self) -> "WrittenAttributes | None":
        """Return what people wrote of it; None for a release that has nothing of the kind.

        ModelRefused where it is not what the manifest names.
        """
        from inference.releases import attributes_json  # noqa: PLC0415 (only for a model card)

        written = self._beside(manifest.ATTRIBUTES)
        if written is None:
            return None
        where = f"{self.definition.id} {self.definition.version}/{manifest.ATTRIBUTES}"
        return attributes_json.decode(written, where=where)

    def worked_examples(self) -> list[dict[str, Any]]:
        """Return the worked examples that it repeats; ModelRefused where the file has changed."""
        written = self._beside(manifest.GOLDEN)
        return [] if written is None else self_test.golden_cases(written)

    def _tested(self) -> Engine:
        self._engine = self_test.tested_engine(self.definition, *self._untested)
        self._untested = (b"", b"")  # the runtime has its own copy
        return self._engine


class Models(Protocol):
    """Where the models of now come from: a registry, or a shelf whose registry is exchanged."""

    @property
    def current(self) -> "ModelRegistry":
        """The registry of this moment; who answers takes it once."""
        ...

    def __iter__(self) -> Iterator[LoadedModel]: ...

    def get(self, model_id: str, version: str | None = None) -> LoadedModel | None:
        """Return the model that answers to a name now."""
        ...


class ModelRegistry:
    """The models of one moment; it never changes.

    `loaded` are active, one version of each id; `restricted` answer only where they are named;
    `shadows` run beside the active ones and are not heard. It is iterated in the order in which
    models are to be run, one version of each id: the active one, else the restricted one.
    """

    def __init__(
        self,
        loaded: Iterable[LoadedModel],
        *,
        restricted: Iterable[LoadedModel] = (),
        shadows: Iterable[LoadedModel] = (),
    ) -> None:
        active = tuple(loaded)
        self._by_id: dict[str, LoadedModel] = {}
        for model in active:
            if model.definition.id in self._by_id:
                raise ModelRefused(
                    f"two model folders declare the id {model.definition.id!r}",
                    f"两个模型目录使用同一编号 {model.definition.id!r}",
                )
            self._by_id[model.definition.id] = model
        named = tuple(restricted)
        for model in named:
            self._by_id.setdefault(model.definition.id, model)
        self._by_version = {
            (model.definition.id, model.definition.version): model for model in (*active, *named)
        }
        self.active: Final = active
        self.shadows: Final = tuple(shadows)

    @property
    def current(self) -> "ModelRegistry":
        """The registry itself: it is always the one of now."""
        return self

    def __iter__(self) -> Iterator[LoadedModel]:
        return iter(self._by_id.values())

    def get(self, model_id: str, version: str | None = None) -> LoadedModel | None:
        """Return the model that answers to a name; None where this server holds none of that id."""
        if version is not None:
            return self._by_version.get((model_id, version))
        return self._by_id.get(model_id)

    def state(self, model: LoadedModel) -> Literal["active", "restricted"]:
        """Return the state in which a model answers by name."""
        return "active" if model in self.active else "restricted"

    def held(self, model_id: str, version: str) -> LoadedModel | None:
        """Return exactly that version, whatever its state, to compute what it said again."""
        shadowed = (m for m in self.shadows if m.definition.id == model_id)
        return self.get(model_id, version) or next(
            (m for m in shadowed if m.definition.version == version), None
        )

    @classmethod
    def discover(cls) -> "ModelRegistry":
        """Load every folder of `inference/models`; `ModelRefused` where one fails its checks."""
        return cls(load(name, folders.path(name)) for name in folders.names())


def load(name: str, folder: Path) -> LoadedModel:
    """Verify and load the model folder `name` whose files lie in `folder`."""
    definition = folders.definition(name)
    files = shipped_files(definition, folder)
    where = str(folder)
    written = (folder / manifest.MANIFEST).read_bytes()
    found = manifest.parse(written, where=f"{where}/{manifest.MANIFEST}")
    manifest.check_named(found, definition.id, definition.version, where=where)
    manifest.check_sums(found, files, where=where)
    graph, golden = files[manifest.GRAPH], files[manifest.GOLDEN]
    model = LoadedModel(
        definition,
        found.files[manifest.GRAPH],
        graph,
        golden,
        found.digest,
        partial(_sealed, folder, found),
    )
    if definition.speaks is not None:
        # A model that nobody may ever ask for costs the start its definition only.
        _ = model.engine
    return model


def _sealed(folder: Path, sums: Manifest, name: str) -> bytes:
    """Return a file that was not kept at the start; `ModelRefused` where it has changed."""
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelRefused(f"{path}: {error}", f"{path}：{error}") from error
    manifest.check_sum(content, sums.files[name], where=str(path))
    return content


def shipped_files(definition: ModelDefinition, folder: Path) -> dict[str, bytes]:
    """Return what the manifest of a shipped model covers; the definition as its canonical JSON."""
    return {
        manifest.ATTRIBUTES: (folder / folders.ATTRIBUTES).read_bytes(),
        manifest.DEFINITION: definition_json.encode(definition),
        manifest.GOLDEN: (folder / folders.GOLDEN).read_bytes(),
        manifest.GRAPH: (folder / folders.GRAPH).read_bytes(),
    }


def golden_cases(path: Path) -> list[dict[str, Any]]:
    """Return the worked examples kept beside a model."""
    return self_test.golden_cases(path.read_bytes())


__all__ = [
    "LoadedModel",
    "ModelRefused",
    "ModelRegistry",
    "Models",
    "golden_cases",
    "load",
    "shipped_files",
]
