"""Terminology in published FHIR packages (npm, `.tgz`): what stands in them, read one by one.

Source: https://hl7.org/fhir/packages.html. A package is read where it lies and never unpacked: no
name in it becomes a path.
"""

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import FhirError
from terminology.service.code_system import canonical_of

TYPES: Final = ("CodeSystem", "ValueSet", "ConceptMap")
# What stands beside the definitions in a package.
_BESIDE: Final = frozenset(("example", "examples", "openapi", "other", "xml", "tests"))
# The largest code system of HL7's own packages is of 12 MB.
_LONGEST: Final = 256 * 1024 * 1024
_FAULTS: Final = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError)


class PackageRefused(ValueError):
    """A file is no package of R4, or is damaged; the text says which and why."""


class Found(msgspec.Struct, frozen=True):
    """A file of a package: its resource, or why it is none (`fault`)."""

    name: str
    resource: JsonObject | None
    fault: str = ""


class Package:
    """One package file; `label` is `name#version`, `size` the bytes of all that it holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        about, self.size = self._about()
        listed: Any = about.get("fhirVersions") or about.get("fhir-version-list") or ()
        versions = [str(each) for each in listed]
        if versions and not any(each.startswith("4.0") for each in versions):
            raise PackageRefused(f"{path}: it is of FHIR {', '.join(versions)}, not of R4 (4.0.1).")
        self.label = f"{about.get('name', path.name)}#{about.get('version', '')}"

    def found(self) -> Iterator[tuple[int, Found | None]]:
        """Yield how many bytes are read so far and each CodeSystem, ValueSet and ConceptMap.

        None for what is something else. PackageRefused where the file is damaged.
        """
        read = 0
        for name, size, body in _members(self._path, wanted=_is_definition):
            read += size
            yield read, None if body is None else _found(name, body)

    def _about(self) -> tuple[JsonObject, int]:
        about: JsonObject | None = None
        whole = 0
        for _, size, body in _members(self._path, wanted=lambda n: n == "package/package.json"):
            whole += size
            if body is not None:
                about = decode(body)
        if about is None:
            raise PackageRefused(f"{self._path}: there is no package/package.json in it.")
        return about, whole


def stored_name(resource: JsonObject) -> str:
    """Return what tells versions of a resource apart, also those of other packages."""
    return canonical_of(resource) or str(resource.get("id", ""))


def _members(
    path: Path, *, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, int, bytes | None]]:
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                body = None
                if member.isfile() and wanted(member.name):
                    if member.size > _LONGEST:
                        raise PackageRefused(f"{path}: {member.name} is of {member.size} bytes.")
                    opened = archive.extractfile(member)
                    body = b"" if opened is None else opened.read()
                yield member.name, member.size, body
    except _FAULTS as error:
        raise PackageRefused(f"{path}: it is no package, or damaged ({error}).") from None


def _is_definition(name: str) -> bool:
    folder, *deeper = name.split("/")
    inside = folder == "package" and not _BESIDE.intersection(deeper[:-1])
    return inside and name.endswith(".json") and not deeper[-1].startswith((".", "package.json"))


def _found(name: str, body: bytes) -> Found | None:
    if not any(each.encode() in body for each in TYPES):
        return None
    try:
        resource = decode(body, unique_keys=True)
    except FhirError as error:
        return Found(name, None, str(error))
    return Found(name, resource) if resource.get("resourceType") in TYPES else None
