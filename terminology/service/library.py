"""Which version of a code system is meant, and what supplements are used with it."""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import FhirError, Issue
from terminology.service.code_system import CodeSystem, canonical_of, with_supplements
from terminology.service.versions import Versions

# http://hl7.org/fhir/R4/valueset-codesystem-content-mode.html; an example's codes are no content.
WITH_CODES = frozenset(("complete", "fragment"))
_PARTS = re.compile(r"[0-9]+|[A-Za-z]+")


class Library(Protocol):
    """Where code systems are looked for."""

    def code_systems(self, url: str) -> Sequence[CodeSystem]:
        """Return every version of a code system that is held, in any order."""

    def supplements(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a supplement (a CodeSystem resource), in any order."""

    def value_sets(self, url: str) -> Sequence[JsonObject]:
        """Return every version of a ValueSet that is held, in any order."""


def code_system(library: Library, url: str, version: str | None) -> CodeSystem:
    """Return the version that is asked for, the newest where none is.

    FhirError 404 where there is none, or only its name; with the versions that there are: another
    one is no substitute, for the meaning of a code may have changed.
    """
    held = library.code_systems(url)
    found = [each for each in held if each.content in WITH_CODES]
    if held and not found:
        text = f"Of the code system {url!r} this server holds no codes (content={held[0].content})"
        raise _missing(f"{text}; load it first.")
    if not version:
        if found:
            return max(found, key=lambda each: version_key(each.version))
        raise _missing(f"The code system {url!r} is not on this server; load it first.")
    for each in found:
        if each.version == version:
            return each
    there = ", ".join(sorted(each.version or "without a version" for each in found))
    what = f"it holds {there}" if found else "it holds no version of it"
    raise _missing(f"The code system {url!r} in version {version!r} is not on this server; {what}.")


def value_set(library: Library, canonical: str, versions: Versions) -> JsonObject:
    """Return the ValueSet of `url` or `url|version`, the newest where no version is named.

    FhirError 404 where there is none, with the versions that there are.
    """
    url, _, named = canonical.partition("|")
    wanted = versions.of(url, named or None)
    held = library.value_sets(url)
    found = [each for each in held if not wanted or str(each.get("version", "")) == wanted]
    if found:
        return max(found, key=lambda each: version_key(str(each.get("version", ""))))
    if not held:
        raise _missing(f"The value set {url!r} is not on this server; load it first.")
    there = ", ".join(sorted(str(each.get("version", "without a version")) for each in held))
    what = f"The value set {url!r} in version {wanted!r} is not on this server"
    raise _missing(f"{what}; it holds {there}.")


def supplemented(
    library: Library, system: CodeSystem, canonicals: Iterable[str]
) -> tuple[CodeSystem, tuple[str, ...]]:
    """Return the code system with the supplements asked for, and their canonicals.

    FhirError 404 where one is not held, 422 where one supplements another code system.
    """
    chosen: list[JsonObject] = []
    for canonical in canonicals:
        url, _, version = canonical.partition("|")
        held = [
            each
            for each in library.supplements(url)
            if not version or each.get("version") == version
        ]
        if not held:
            raise _missing(f"The supplement {canonical!r} is not on this server; load it first.")
        newest = max(held, key=lambda each: version_key(str(each.get("version", ""))))
        of_url, _, of_version = str(newest.get("supplements", "")).partition("|")
        if of_url != system.url or (of_version and of_version != system.version):
            text = f"{canonical_of(newest)} supplements {newest.get('supplements')}, "
            raise FhirError(422, Issue("error", "business-rule", text + f"not {system.canonical}."))
        chosen.append(newest)
    if not chosen:
        return system, ()
    return with_supplements(system, chosen), tuple(canonical_of(each) for each in chosen)


def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return what orders versions: numbers by their value, so that 2.10 is newer than 2.9."""
    return tuple(
        (1, int(part), "") if part.isdecimal() else (0, 0, part.lower())
        for part in _PARTS.findall(version)
    )


def _missing(text: str) -> FhirError:
    return FhirError(404, Issue("error", "not-found", text))
