"""The files of a release as they were delivered: a zip file or a folder."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias

Read: TypeAlias = Callable[[int], None]
_BOM: Final = "\ufeff"
# So many characters of a file between two words on how far it is read.
_OFTEN: Final = 1 << 20


class SourceRefused(ValueError):
    """What was given is no release of the kind that was asked for; the text says why."""


class Source(Protocol):
    """A set of named files; `label` is the name of the file or folder that they came in."""

    @property
    def label(self) -> str:
        """Return it without what stands above it."""

    def names(self) -> list[str]:
        """Return the names with their folders, `/` between them, sorted."""

    def size(self, name: str) -> int:
        """Return how many bytes a file has."""

    def lines(self, name: str, encoding: str = "utf-8") -> Iterator[str]:
        """Yield the lines of a file without their ends; SourceRefused for bytes that are none."""


class _Folder:
    def __init__(self, path: Path, read: Read) -> None:
        self._path, self._read = path, read
        self.label = path.resolve().name

    def names(self) -> list[str]:
        found = (each for each in self._path.rglob("*") if each.is_file())
        return sorted(each.relative_to(self._path).as_posix() for each in found)

    def size(self, name: str) -> int:
        return (self._path / name).stat().st_size

    def lines(self, name: str, encoding: str = "utf-8") -> Iterator[str]:
        with (self._path / name).open("rb") as opened:
            yield from _lines(opened, name, encoding, self._read)


class _Zip:
    def __init__(self, path: Path, read: Read) -> None:
        self._read = read
        self.label = path.name
        try:
            self._archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise SourceRefused(f"{path}: it is no zip file, or damaged ({error}).") from None

    def names(self) -> list[str]:
        return sorted(each for each in self._archive.namelist() if not each.endswith("/"))

    def size(self, name: str) -> int:
        return self._archive.getinfo(name).file_size

    def lines(self, name: str, encoding: str = "utf-8") -> Iterator[str]:
        try:
            with self._archive.open(name) as opened:
                yield from _lines(opened, name, encoding, self._read)
        except zipfile.BadZipFile as error:
            raise SourceRefused(f"{name}: it is damaged ({error}).") from None


class _Single:
    """One file that is no archive."""

    def __init__(self, path: Path, read: Read) -> None:
        self._path, self._read = path, read
        self.label = path.name

    def names(self) -> list[str]:
        return [self._path.name]

    def size(self, name: str) -> int:
        return self._path.stat().st_size

    def lines(self, name: str, encoding: str = "utf-8") -> Iterator[str]:
        with self._path.open("rb") as opened:
            yield from _lines(opened, name, encoding, self._read)


def source_of(path: Path, read: Read = lambda size: None) -> Source:
    """Return the files of a path; `read` is told how many characters were read, now and then.

    SourceRefused where there is none.
    """
    if path.is_dir():
        return _Folder(path, read)
    if zipfile.is_zipfile(path):
        return _Zip(path, read)
    if not path.exists():
        raise SourceRefused(f"{path}: there is no such file or folder.")
    return _Single(path, read)


def _lines(opened: IO[bytes], name: str, encoding: str, read: Read) -> Iterator[str]:
    size = 0
    try:
        with io.TextIOWrapper(opened, encoding=encoding, newline="\n") as text:
            for number, line in enumerate(text):
                size += len(line)
                if size > _OFTEN:
                    read(size)
                    size = 0
                bare = line.rstrip("\r\n")
                yield bare.removeprefix(_BOM) if number == 0 else bare
    except UnicodeDecodeError as error:
        where = f"{name}: it is not in {encoding} ({error.reason} at byte {error.start})."
        raise SourceRefused(where) from None
    read(size)
