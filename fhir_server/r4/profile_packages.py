"""Profiles as they are published: unpacked npm FHIR packages, or single JSON files, in a folder."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import FhirError

_WANTED = ("StructureDefinition", "ValueSet", "CodeSystem")
# What stands beside the definitions in a package: https://confluence.hl7.org, "NPM Package
# Specification".
_NOT_DEFINITIONS = frozenset({"example", "examples", "openapi", "other", "xml", "tests"})


class ProfilesRefused(RuntimeError):
    """The folder of profiles cannot be used; the text says which file and how to mend it."""


@dataclass(frozen=True, slots=True)
class Publication:
    """The definitions of a folder by canonical URL; one that comes twice keeps its last version."""

    structures: dict[str, list[JsonObject]] = field(default_factory=dict)
    value_sets: dict[str, JsonObject] = field(default_factory=dict)
    code_systems: dict[str, JsonObject] = field(default_factory=dict)


def read_publication(folder: Path) -> Publication:
    """Return every StructureDefinition, ValueSet and CodeSystem below `folder`.

    ProfilesRefused where the folder is none, a file is no JSON, or a profile lacks its snapshot.
    """
    if not folder.is_dir():
        raise ProfilesRefused(f"{folder} is no folder; name one with FHIR packages or JSON files.")
    found = Publication()
    for path in sorted(folder.rglob("*.json")):
        if _NOT_DEFINITIONS.intersection(path.relative_to(folder).parts[:-1]):
            continue
        for resource in _definitions(path):
            _add(found, resource, path)
    return found


def _definitions(path: Path) -> Iterator[JsonObject]:
    body = path.read_bytes()
    if not any(name.encode() in body for name in _WANTED):
        return
    try:
        read = decode(body)
    except FhirError as error:
        raise ProfilesRefused(f"{path}: {error}") from None
    entries: Any = read.get("entry", ()) if read.get("resourceType") == "Bundle" else ()
    for resource in [read, *(entry.get("resource", {}) for entry in entries)]:
        if resource.get("resourceType") in _WANTED and isinstance(resource.get("url"), str):
            yield resource


def _add(found: Publication, resource: JsonObject, path: Path) -> None:
    url = resource["url"]
    if resource["resourceType"] == "ValueSet":
        found.value_sets[url] = resource
    elif resource["resourceType"] == "CodeSystem":
        found.code_systems[url] = resource
    elif resource.get("derivation") == "constraint" and _is_for_r4(resource):
        if "snapshot" not in resource:
            raise ProfilesRefused(
                f"{path}: {url} has no snapshot; load the published package, which has one."
            )
        found.structures.setdefault(url, []).append(resource)


def _is_for_r4(resource: JsonObject) -> bool:
    return str(resource.get("fhirVersion", "4.0.1")).startswith("4.0")
