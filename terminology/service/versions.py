"""Which version of a code system or value set is used where the value set names none.

Source: http://hl7.org/fhir/R4/valueset-operation-expand.html, system-version,
check-system-version and force-system-version; canonicals `url|version`. A version may have
wildcards: `1.x` is any version that begins with 1.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from fhir_server.r4.outcome import BadRequest

_PARTS: Final = re.compile(r"[0-9]+|[A-Za-z]+")
_SNOMED: Final = "http://snomed.info/sct/"
_WILDCARDS: Final = frozenset(("x", "X", "*"))


class Versions(msgspec.Struct, frozen=True):
    """The version by url: `default` where none is named, `forced` always, `checked` must agree."""

    default: Mapping[str, str] = {}
    checked: Mapping[str, str] = {}
    forced: Mapping[str, str] = {}

    def of(self, url: str, named: str | None) -> str | None:
        """Return the version to use, perhaps with wildcards; None: the newest."""
        return self.forced.get(url) or named or self.default.get(url) or self.checked.get(url)

    def refused(self, url: str, version: str) -> str:
        """Return why a version may not be used, "" where it may."""
        wanted = self.checked.get(url)
        if wanted is None or url in self.forced or is_version(version, wanted):
            return ""
        return (
            f"The version '{version}' is not allowed for system '{url}': "
            f"required to be '{wanted}' by a version-check parameter"
        )


def read_versions(
    default: Iterable[str], checked: Iterable[str], forced: Iterable[str]
) -> Versions:
    """Return the versions of three lists of `url|version`; BadRequest where one has no version."""
    return Versions(_by_url(default), _by_url(checked), _by_url(forced))


def is_version(version: str, wanted: str) -> bool:
    """Whether a version is the one that is wanted, or one of those that its wildcards stand for."""
    if version == wanted:
        return True
    if wanted.startswith(_SNOMED):
        # http://hl7.org/fhir/R4/snomedct.html: an edition without a date is any release of it.
        return version.startswith(f"{wanted}/version/")
    parts, given = wanted.split("."), version.split(".")
    if not _WILDCARDS.intersection(parts) or len(given) < len(parts) - 1:
        return False
    pairs = zip(parts, given, strict=False)
    fits = all(part in _WILDCARDS or part == own for part, own in pairs)
    return fits and (len(given) <= len(parts) or parts[-1] in _WILDCARDS)


@lru_cache(maxsize=256)
def version_key(version: str) -> tuple[tuple[int, int, str], ...]:
    """Return what orders versions: numbers by their value, so that 2.10 is newer than 2.9."""
    return tuple(
        (1, int(part), "") if part.isdecimal() else (0, 0, part.lower())
        for part in _PARTS.findall(version)
    )


def _by_url(canonicals: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for canonical in canonicals:
        url, _, version = canonical.partition("|")
        if not url or not version:
            raise BadRequest("value", f"{canonical[:200]!r}: write system|version.")
        found[url] = version
    return found
