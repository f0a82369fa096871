"""The files of a release as they were delivered: a zip file or a folder."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

_BOM: Final = "\ufeff"


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
    def __init__(self, path: Path) -> None:
        self._path = path
        self.label = path.resolve().name

    def names(self) -> list[str]:
        found = (each for each in self._path.rglob("*") if each.is_file())
        return sorted(each.relative_to(self._path).as_posix() for each in found)

    def size(self, name: str) -> int:
        return (self._path / name).stat().st_size

    def lines(self, name: str, encoding: str = "utf-8") -> Iterator[str]:
        with (self._path / name).open("rb") as opened:
            yield from _lines(opened, name, encoding)


class _Zip:
    def __init__(self, path: Path) -> None:
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
                yield from _lines(opened, name, encoding)
        except zipfile.BadZipFile as error:
            raise SourceRefused(f"{name}: it is damaged ({error}).") from None


class _Single:
    """One file that is no archive."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.label = path.name

    def names(self) -> list[str]:
        return [self._path.name]

    def size(self, name: str) -> int:
        return self._path.stat().st_size

    def lines(self, name: str, encoding: str = "utf-8") -> Iterator[str]:
        with self._path.open("rb") as opened:
            yield from _lines(opened, name, encoding)


def source_of(path: Path) -> Source:
    """Return the files of a path; FileNotFoundError where there is none."""
    if path.is_dir():
        return _Folder(path)
    if zipfile.is_zipfile(path):
        return _Zip(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file or folder.")
    return _Single(path)


def _lines(opened: Iterable[bytes], name: str, encoding: str) -> Iterator[str]:
    # Closed here too where the reader goes away after the first line.
    with io.TextIOWrapper(opened, encoding=encoding, newline="\n") as text:  # type: ignore[type-var]
        try:
            for number, line in enumerate(text):
                bare = line.rstrip("\r\n")
                yield bare.removeprefix(_BOM) if number == 0 else bare
        except UnicodeDecodeError as error:
            text_ = f"{name}: it is not in {encoding} ({error.reason} at byte {error.start})."
            raise SourceRefused(text_) from None
