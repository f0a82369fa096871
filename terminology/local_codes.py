"""A hospital's local codes, mapped to LOINC by FHIR R4 ConceptMap files that a person accepted."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from terminology.check_digits import is_loinc_code
from terminology.codings import LOINC, Coding

# R4 concept-map-equivalence: anything weaker (wider, inexact, relatedto ...) loses the meaning.
_ACCEPTED: Final = frozenset({"equal", "equivalent"})

_Key = tuple[str, str]


class LocalCodesError(ValueError):
    """A local-code table is refused; the text names the file, the place and the remedy."""


class LocalCodes:
    """The accepted mappings, by source system and code, compared exactly."""

    def __init__(self, mappings: Mapping[_Key, Coding]) -> None:
        self._mappings = dict(mappings)

    @classmethod
    def load(cls, path: Path) -> "LocalCodes":
        """Read one ConceptMap file, or every *.json of a folder; raises LocalCodesError.

        A table is taken whole or not at all: one doubtful row refuses the start, because a
        mapping that is silently absent looks like a result that never came.
        """
        if not path.exists():
            raise LocalCodesError(f"{path}: there is no such file or folder")
        paths = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not paths:
            raise LocalCodesError(f"{path}: the folder holds no *.json file")
        mappings: dict[_Key, Coding] = {}
        for file in paths:
            for place, key, target in _rows(file):
                known = mappings.setdefault(key, target)
                if known.code != target.code:
                    raise LocalCodesError(
                        f"{file}: {place}: {key[1]!r} of {key[0]} already maps to {known.code}; "
                        f"keep {known.code} or {target.code}"
                    )
        return cls(mappings)

    @classmethod
    def none(cls) -> "LocalCodes":
        """No mapping at all, for a hospital that sends LOINC."""
        return cls({})

    def before(self, others: "LocalCodes") -> "LocalCodes":
        """Return these mappings, and of `others` those of codes that are not mapped here."""
        return LocalCodes({**others._mappings, **self._mappings})

    def __len__(self) -> int:
        return len(self._mappings)

    def translate(self, system: str | None, code: str) -> tuple[Coding, ...]:
        """The LOINC codings that a local code equals; empty where nobody mapped it.

        A code without a system is nobody's code and maps to nothing.
        """
        found = self._mappings.get((system, code)) if system else None
        return (found,) if found else ()

    def codes_of(self, loinc: Collection[str]) -> frozenset[str]:
        """The local codes, of whichever system, that equal one of these LOINC codes."""
        found = (code for (_, code), target in self._mappings.items() if target.code in loinc)
        return frozenset(found)


def _rows(file: Path) -> Iterator[tuple[str, _Key, Coding]]:
    """Yield (place, (source system, source code), LOINC coding) of one file's mappings."""
    resource = _concept_map(file)
    for at, group in _entries(file, resource, "group", "ConceptMap"):
        source = _text(file, group, "source", at)
        if group.get("target") != LOINC:
            raise LocalCodesError(f"{file}: {at}.target must be {LOINC!r}")
        if "unmapped" in group:
            raise LocalCodesError(f"{file}: {at}.unmapped would map codes unseen; remove it")
        for place, element in _entries(file, group, "element", at):
            code = _text(file, element, "code", place)
            for target_place, target in _entries(file, element, "target", place):
                yield target_place, (source, code), _target(file, target, target_place)


def _concept_map(file: Path) -> Mapping[str, Any]:
    try:
        resource = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as fault:
        raise LocalCodesError(f"{file}: cannot be read as JSON in UTF-8: {fault}") from fault
    if not isinstance(resource, dict) or resource.get("resourceType") != "ConceptMap":
        raise LocalCodesError(f"{file}: resourceType must be ConceptMap")
    if resource.get("status") != "active":
        raise LocalCodesError(
            f"{file}: ConceptMap.status must be active (a person has accepted the mapping), "
            f"it is {resource.get('status')!r}"
        )
    return resource


def _entries(
    file: Path, parent: Mapping[str, Any], name: str, at: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    entries = parent.get(name, [])
    if not isinstance(entries, list):
        raise LocalCodesError(f"{file}: {at}.{name} must be an array")
    for number, entry in enumerate(entries):
        place = f"{at}.{name}[{number}]"
        if not isinstance(entry, dict):
            raise LocalCodesError(f"{file}: {place} must be an object")
        yield place, entry


def _text(file: Path, parent: Mapping[str, Any], name: str, at: str) -> str:
    text = parent.get(name)
    if not isinstance(text, str) or not text.strip():
        raise LocalCodesError(f"{file}: {at}.{name} is missing")
    return text


def _target(file: Path, target: Mapping[str, Any], at: str) -> Coding:
    code = _text(file, target, "code", at)
    equivalence = target.get("equivalence")
    if equivalence not in _ACCEPTED:
        raise LocalCodesError(
            f"{file}: {at}.equivalence is {equivalence!r}; only equal and equivalent are used, "
            "remove the row or map it to a code of the same meaning"
        )
    if target.get("dependsOn") or target.get("product"):
        raise LocalCodesError(f"{file}: {at} maps under a condition, which is not supported")
    if not is_loinc_code(code):
        raise LocalCodesError(f"{file}: {at}.code {code!r} is no LOINC code (form or check digit)")
    display = target.get("display")
    return Coding(LOINC, code, display if isinstance(display, str) else None)
