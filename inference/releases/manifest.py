"""The manifest of a model: its id, its version and the sha256 of every file."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from inference.releases.refusal import ModelRefused

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
DEFINITION: Final = "definition.json"
GOLDEN: Final = "golden.json"
GRAPH: Final = "model.onnx"
ATTRIBUTES: Final = "attributes.json"
"""A shipped model has it; a release from before it was a part of releases has not."""
NEEDED: Final = frozenset({DEFINITION, GOLDEN, GRAPH})

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+]{0,31}")
_SUM = re.compile(r"[0-9a-f]{64}")


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a model's files are; `created` is the time of a release, None for a shipped model."""

    id: str
    version: str
    files: Mapping[str, str]
    created: str | None = None

    @property
    def name(self) -> str:
        """What a release of it is called: `id-version`."""
        return f"{self.id}-{self.version}"

    def render(self) -> bytes:
        """Return the only form in which it is written."""
        written: dict[str, Any] = {"id": self.id, "version": self.version}
        if self.created is not None:
            written["created"] = self.created
        written["files"] = dict(sorted(self.files.items()))
        return (json.dumps(written, indent=2) + "\n").encode()

    @property
    def digest(self) -> str:
        """The sha256 of the manifest: one value that stands for every byte of the model."""
        return sha256(self.render())


def sha256(content: bytes) -> str:
    """Return the sum in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def describe(
    id: str, version: str, files: Mapping[str, bytes], *, created: str | None = None
) -> Manifest:
    """Return the manifest of a model's files; `ModelRefused` where id or version is no name."""
    sums = {name: sha256(content) for name, content in files.items()}
    found = Manifest(id, version, sums, created)
    _check_names(found, MANIFEST)
    return found


def parse(written: bytes, *, where: str) -> Manifest:
    """Read a manifest; `ModelRefused` for any byte that `render` would not have written."""
    try:
        found = msgspec.json.decode(written, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ModelRefused(
            f"{where}: is no manifest: {error}", f"{where}：不是清单文件：{error}"
        ) from error
    if found.render() != written:
        raise ModelRefused(
            f"{where}: is not in the form in which manifests are written",
            f"{where}：不是清单的规范写法",
        )
    _check_names(found, where)
    return found


def check_sums(manifest: Manifest, files: Mapping[str, bytes], *, where: str) -> None:
    """Compare all files of a model with its manifest; `ModelRefused` at the first that differs."""
    for name in sorted(manifest.files.keys() | files.keys() | NEEDED):
        expected, content = manifest.files.get(name), files.get(name)
        if expected is None or content is None:
            lacking = "the manifest does not name it" if expected is None else "it is not there"
            lacks = "清单未列出该文件" if expected is None else "该文件不存在"
            raise ModelRefused(f"{where}/{name}: {lacking}", f"{where}/{name}：{lacks}")
        check_sum(content, expected, where=f"{where}/{name}")


def check_sum(content: bytes, expected: str, *, where: str) -> None:
    """Compare one file with its sum; `ModelRefused` where they differ."""
    if (found := sha256(content)) != expected:
        raise ModelRefused(
            f"{where}: sha256 is {found}, the manifest says {expected}; "
            "the file was changed after it was built",
            f"{where}：sha256 为 {found}，清单为 {expected}；文件在构建后被改动",
        )


def check_named(manifest: Manifest, id: str, version: str, *, where: str) -> None:
    """`ModelRefused` where the manifest and the definition are not of one model."""
    if (manifest.id, manifest.version) != (id, version):
        raise ModelRefused(
            f"{where}: names {manifest.id} {manifest.version}, the definition says {id} {version}",
            f"{where}：清单为 {manifest.id} {manifest.version}，定义为 {id} {version}",
        )


def _check_names(manifest: Manifest, where: str) -> None:
    sound = _ID.fullmatch(manifest.id) and _VERSION.fullmatch(manifest.version)
    if not sound or not all(_SUM.fullmatch(each) for each in manifest.files.values()):
        raise ModelRefused(
            f"{where}: holds an id, a version or a sum that is none",
            f"{where}：编号、版本或校验和的写法不正确",
        )
