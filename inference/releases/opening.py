"""A verified release: whole, signed by who counts, of a definition that makes sense."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inference.contract import ModelDefinition
from inference.releases import (
    attributes_json,
    coherence,
    definition_json,
    manifest,
    package,
)
from inference.releases.manifest import Manifest
from inference.releases.refusal import ModelRefused
from inference.releases.trust import Signer, Trust


@dataclass(frozen=True, slots=True)
class Opened:
    """A verified release with all its bytes."""

    manifest: Manifest
    definition: ModelDefinition
    signer: Signer | None
    files: Mapping[str, bytes]

    @property
    def graph_digest(self) -> str:
        """The sha256 of the graph, which every answer names."""
        return self.manifest.files[manifest.GRAPH]


def open_release(path: Path, trust: Trust) -> Opened:
    """Read and verify a release; `ModelRefused` at the first fault. Its graph is not run."""
    files = package.read(path)
    found = verified(files, where=str(path))
    signature = files.get(manifest.SIGNATURE)
    signer = trust.signer(files[manifest.MANIFEST], signature, where=str(path))
    where = f"{path}/{manifest.DEFINITION}"
    definition = definition_json.decode(files[manifest.DEFINITION], where=where)
    manifest.check_named(found, definition.id, definition.version, where=str(path))
    coherence.check(definition, where=where)
    check_attributes(files, where=str(path))
    return Opened(found, definition, signer, files)


def check_attributes(files: Mapping[str, bytes], *, where: str) -> bool:
    """Read the source attributes; False for a release from before they were a part of releases.

    `ModelRefused` where they are not in their form or one says nothing.
    """
    written = files.get(manifest.ATTRIBUTES)
    if written is None:
        return False
    attributes_json.decode(written, where=f"{where}/{manifest.ATTRIBUTES}")
    return True


def verified(files: Mapping[str, bytes], *, where: str) -> Manifest:
    """Return the manifest of files that are those which it names; else `ModelRefused`."""
    written = files.get(manifest.MANIFEST)
    if written is None:
        raise ModelRefused(f"{where}: has no {manifest.MANIFEST}", f"{where}：没有清单文件")
    found = manifest.parse(written, where=f"{where}/{manifest.MANIFEST}")
    if found.created is None:
        raise ModelRefused(
            f"{where}: the manifest does not say when it was made",
            f"{where}：清单未写明创建时间",
        )
    own = {manifest.MANIFEST, manifest.SIGNATURE}
    sealed = {name: content for name, content in files.items() if name not in own}
    manifest.check_sums(found, sealed, where=where)
    return found
