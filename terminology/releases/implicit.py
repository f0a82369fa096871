"""Value sets that a code system implies by its own urls, as definitions.

Sources: http://hl7.org/fhir/R4/snomedct.html#implicit, http://hl7.org/fhir/R4/loinc.html#implicit.
"""

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import unquote

from fhir_server.r4.codec import JsonObject
from terminology.releases.release import Release
from terminology.releases.shelf import Shelf

_SNOMED: Final = "http://snomed.info/sct"
_LOINC: Final = "http://loinc.org"
_LOINC_SETS: Final = f"{_LOINC}/vs"


def implicit_value_sets(url: str, shelf: Shelf) -> list[JsonObject]:
    """Return the definitions of the value set that a url stands for, one for each release.

    None where no release of the code system is here, or where it does not imply this url.
    """
    if url.startswith(_SNOMED) and "?fhir_vs" in url:
        edition, _, asked = url.partition("?fhir_vs")
        found = [
            _snomed(url, release, unquote(asked.removeprefix("=")))
            for release in _meant(shelf.of(_SNOMED))
            if edition in (_SNOMED, release.version) or release.version.startswith(f"{edition}/")
        ]
    elif url == _LOINC_SETS or url.startswith(f"{_LOINC_SETS}/"):
        asked = url[len(_LOINC_SETS) :].strip("/")
        found = [_loinc(url, release, asked) for release in _meant(shelf.of(_LOINC))]
    else:
        return []
    return [each for each in found if each is not None]


def _meant(releases: Sequence[Release]) -> Sequence[Release]:
    """Return the releases with all codes, the others where there is none."""
    return [each for each in releases if each.content == "complete"] or releases


def _snomed(url: str, release: Release, asked: str) -> JsonObject | None:
    kind, _, value = asked.partition("/")
    reader = _SNOMED_KINDS.get(kind)
    include = None if reader is None else reader(release, value)
    return None if include is None else _value_set(url, release, asked or "all", include)


def _all(_release: Release, value: str) -> JsonObject | None:
    return None if value else {}


def _is_a(_release: Release, value: str) -> JsonObject:
    return _filter("concept", "is-a", value)


def _refset(release: Release, value: str) -> JsonObject:
    if value:
        return _filter("concept", "in", value)
    return {"concept": [{"code": code} for code in release.codes(release.refsets)]}


def _constraint(_release: Release, value: str) -> JsonObject:
    return _filter("constraint", "=", value)


_SNOMED_KINDS: Final[dict[str, Callable[[Release, str], JsonObject | None]]] = {
    "": _all,
    "isa": _is_a,
    "refset": _refset,
    "ecl": _constraint,
}


def _loinc(url: str, release: Release, asked: str) -> JsonObject | None:
    if not asked:
        return _value_set(url, release, "all", {})
    members = release.value_set(url)
    if members is not None:
        listed = [{"code": code} for code in release.codes(members)]
        return _value_set(url, release, asked, {"concept": listed})
    if asked.startswith("LP") and release.position(asked) is not None:
        return _value_set(url, release, asked, _filter("concept", "is-a", asked))
    return None


def _filter(property: str, op: str, value: str) -> JsonObject:
    return {"filter": [{"property": property, "op": op, "value": value}]}


def _value_set(url: str, release: Release, name: str, include: JsonObject) -> JsonObject:
    own = {"system": release.url, "version": release.version, **include}
    return {
        "resourceType": "ValueSet",
        "url": url,
        "version": release.version,
        "name": f"{release.name}: {name}"[:200],
        "status": "active",
        "compose": {"include": [own]},
    }
