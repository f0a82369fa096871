"""The releases of a folder: each file read and verified once, as long as it does not change."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inference.contract import ModelDefinition, Text
from inference.releases import package
from inference.releases.opening import Opened, open_release
from inference.releases.refusal import ModelRefused
from inference.releases.trust import Signer, Trust

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A release of the folder without its bytes; `refusal` says why it is none.

    `passing` marks a refusal that the file may not be to blame for: it is looked at again.
    """

    name: str
    path: Path
    id: str = ""
    version: str = ""
    definition: ModelDefinition | None = None
    digest: str = ""
    manifest_digest: str = ""
    signer: Signer | None = None
    refusal: Text | None = None
    passing: bool = False


class Stock:
    """Sees what lies in a folder; not safe for several threads at once."""

    def __init__(self, folder: Path, trust: Trust) -> None:
        self.folder = folder
        self.trust = trust
        self._known: dict[Path, tuple[Stamp, Found]] = {}

    def look(self) -> tuple[Found, ...]:
        """Return every release, sound or not; what has changed is verified again."""
        known: dict[Path, tuple[Stamp, Found]] = {}
        for path in paths(self.folder):
            stamp = stamp_of(path)
            before = self._known.get(path)
            same = before is not None and before[0] == stamp and not before[1].passing
            known[path] = before if before and same else (stamp, self._verify(path))
        self._known = known
        return tuple(found for _, found in known.values())

    def open(self, found: Found) -> Opened:
        """Return a release with its bytes, verified anew: they are what is about to run."""
        opened = open_release(found.path, self.trust)
        if opened.manifest.digest != found.manifest_digest:
            raise ModelRefused(
                f"{found.path}: was changed while it was read", f"{found.path}：读取时被改动"
            )
        return opened

    def _verify(self, path: Path) -> Found:
        name = path.name.removesuffix(package.SUFFIX)
        try:
            opened = open_release(path, self.trust)
            if opened.manifest.name != name:
                raise ModelRefused(
                    f"{path}: holds {opened.manifest.name}",
                    f"{path}：内容为 {opened.manifest.name}",
                )
        except ModelRefused as refused:
            passing = isinstance(refused.__cause__, OSError)
            return Found(name, path, refusal=refused.said, passing=passing)
        return Found(
            name,
            path,
            opened.manifest.id,
            opened.manifest.version,
            opened.definition,
            opened.graph_digest,
            opened.manifest.digest,
            opened.signer,
        )


def paths(folder: Path) -> tuple[Path, ...]:
    """Return what may be a release: folders and zip files."""
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return ()
    return tuple(path for path in entries if not path.name.startswith(".") and _may_be(path))


def _may_be(path: Path) -> bool:
    return path.suffix == package.SUFFIX or path.is_dir()


def stamp_of(path: Path) -> Stamp:
    """Return what changes whenever a file of `path` does; no program can set the time of change."""
    return tuple(_stamps(path))


def _stamps(path: Path) -> Iterator[tuple[str, int, int, int]]:
    try:
        found = path.stat()
        yield path.name, found.st_ino, found.st_ctime_ns, found.st_size
        if path.is_dir():
            for entry in sorted(os.scandir(path), key=lambda each: each.name):
                held = entry.stat()
                yield entry.name, held.st_ino, held.st_ctime_ns, held.st_size
    except FileNotFoundError:
        yield path.name, 0, 0, 0
