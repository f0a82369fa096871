"""The files of bulk jobs: a private folder for each job, a file visible only once it is whole.

Patient data: folders are 0700, files 0600. A file is written under a name that nobody serves,
synced and then renamed.
"""

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_PART = ".part"
_NAME = re.compile(r"[A-Za-z]{1,64}(?:\.deleted|\.errors)?\.[0-9]{1,6}\.ndjson")
_BUFFER = 1 << 20
_LARGEST = 256 << 20


class JobFolder:
    """The folder of one job below `root`."""

    def __init__(self, root: Path, id: str) -> None:
        self._path = root / id

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    def make(self) -> None:
        """Create the folder, empty or as it was left."""
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear(self) -> None:
        """Make it empty: what a process that died has left is no export."""
        self.remove()
        self.make()

    def remove(self) -> None:
        """Remove it with everything in it; there may be nothing."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._path)

    def whole(self, name: str) -> Path | None:
        """Return the path of a whole file, None where `name` is none of this job."""
        if not _NAME.fullmatch(name):
            return None
        path = self._path / name
        return path if path.is_file() else None

    def publish(self, names: Iterator[str]) -> None:
        """Give files that are written and synced the names under which they are served."""
        for name in names:
            (self._path / f"{name}{_PART}").replace(self._path / name)
        sync_folder(self._path)

    def part(self, name: str) -> Path:
        """Return the path under which a file is written before it is whole."""
        return self._path / f"{name}{_PART}"


class LineFiles:
    """Lines of one kind (`Observation`, `Patient.deleted`), in files of a size that downloads take.

    Not opened before the first line: an empty kind has no file.
    """

    def __init__(self, folder: JobFolder, kind: str, *, largest: int = _LARGEST) -> None:
        self._folder = folder
        self._kind = kind
        self._largest = largest
        self._file: BinaryIO | None = None
        self._size = 0
        self.counts: dict[str, int] = {}

    def add(self, line: bytes) -> None:
        """Write one resource."""
        if self._file is None or self._size >= self._largest:
            self._open()
        # JSON as the store writes it has no line breaks; between its parts one means nothing.
        whole = line.replace(b"\n", b" ") + b"\n"
        assert self._file is not None  # noqa: S101 (opened above)
        self._file.write(whole)
        self._size += len(whole)
        self.counts[self._name] += 1

    def close(self) -> None:
        """Sync and close what is open."""
        if self._file is not None:
            close_synced(self._file)
            self._file = None

    @property
    def _name(self) -> str:
        return f"{self._kind}.{len(self.counts)}.ndjson"

    def _open(self) -> None:
        self.close()
        self.counts[f"{self._kind}.{len(self.counts) + 1}.ndjson"] = 0
        self._file = open_private(self._folder.part(self._name))
        self._size = 0


def open_private(path: Path, *, append: bool = False) -> BinaryIO:
    """Open a new file (or, to `append`, one that is there) that nobody else can read."""
    flags = os.O_RDWR | os.O_CREAT | (0 if append else os.O_TRUNC)
    return os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=_BUFFER)


def close_synced(file: BinaryIO) -> None:
    """Close a file whose content survives a power cut from now on."""
    with file:
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder_names(root: Path) -> tuple[str, ...]:
    """Return the ids of the jobs that have a folder below `root`."""
    return tuple(path.name for path in root.iterdir() if path.is_dir())


def server_id(root: Path) -> str:
    """Return the id of the server whose jobs lie below `root`, made at its first start.

    Servers that share a database do not share their files; each works on its own jobs.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    path = root / "server-id"
    with contextlib.suppress(FileNotFoundError):
        found = path.read_text(encoding="ascii").strip()
        if found:
            return found
    made = secrets.token_hex(8)
    with open_private(root / "server-id.part") as file:
        file.write(made.encode())
    (root / "server-id.part").replace(path)
    return made
