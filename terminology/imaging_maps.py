"""Modality, laterality and body part between DICOM, SNOMED CT and RadLex: maps that ship.

`data/imaging_maps.csv` has a row for each pair, with where it was read. What no source says is not
there. The two code systems of DICOM's own terms (body part, laterality) are made of the same rows.
"""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from fhir_server.r4.codec import JsonObject
from terminology import codings, dicom

# DICOM has defined terms, not coded ones, in Body Part Examined (0018,0015) and Image Laterality
# (0020,0062). The first has a code system in DICOM's terminology for FHIR (WG-06, draft).
BODY_PART: Final = (
    "https://www.dicomstandard.org/terminology/fhir/uv/CodeSystem/"
    "dicom-code-system-body-part-examined"
)
LATERALITY: Final = "https://attending.org/fhir/CodeSystem/dicom-image-laterality"
_MAPS: Final = "https://attending.org/fhir/ConceptMap"
_VERSION: Final = "1"
_SYSTEMS: Final = {
    "DCM": dicom.DCM,
    "BPE": BODY_PART,
    "LAT": LATERALITY,
    "SCT": codings.SNOMED,
    "RADLEX": codings.RADLEX,
}
_TITLES: Final = {
    "modality": "Acquisition modality (DICOM CID 29), SNOMED CT and RadLex",
    "laterality": "Laterality (DICOM), SNOMED CT and RadLex",
    "body-part": "Body Part Examined (DICOM PS3.16 Annex L), SNOMED CT and RadLex",
}
_OWN: Final = {
    "BPE": ("BodyPartExamined", "Body Part Examined: defined terms of DICOM PS3.16 Annex L"),
    "LAT": ("ImageLaterality", "Image Laterality (0020,0062): DICOM PS3.3"),
}
_NOTICE: Final = (
    "DICOM® is the registered trademark of the National Electrical Manufacturers Association. "
    "SNOMED CT® is used in DICOM by agreement with SNOMED International. RadLex® is a registered "
    "trademark of the Radiological Society of North America (RSNA); RadLex content is © RSNA."
)


class Row(msgspec.Struct, frozen=True):
    """A pair; `equivalence` is R4's, read from the target; `target` is "" where there is none.

    `basis` says where it was read.
    """

    map: str
    source_system: str
    source: str
    source_name: str
    equivalence: str
    target_system: str
    target: str
    target_name: str
    basis: str


@cache
def rows() -> tuple[Row, ...]:
    """Return every pair, with the systems by their urls."""
    text = files("terminology").joinpath("data", "imaging_maps.csv").read_text(encoding="utf-8")
    return tuple(
        msgspec.structs.replace(
            row,
            source_system=_SYSTEMS[row.source_system],
            target_system=_SYSTEMS[row.target_system],
        )
        for row in (Row(**each) for each in csv.DictReader(text.splitlines()))
    )


def concept_map(url: str) -> JsonObject | None:
    """Return the ConceptMap of a url, None where none ships; not to be changed."""
    return _concept_maps().get(url)


def maps_of(system: str, *, as_target: bool) -> Sequence[JsonObject]:
    """Return the maps from a code system, or to it."""
    side = "target" if as_target else "source"
    return [
        each
        for each in _concept_maps().values()
        if any(group[side] == system for group in each["group"])
    ]


@cache
def code_system(url: str) -> JsonObject | None:
    """Return DICOM's defined terms for body part or laterality; not to be changed."""
    scheme = next((each for each in _OWN if _SYSTEMS[each] == url), None)
    if scheme is None:
        return None
    names = {row.source: row.source_name for row in rows() if row.source_system == url}
    return {
        **_own_head(scheme),
        "concept": [{"code": code, "display": name} for code, name in names.items()],
    }


def heads() -> list[JsonObject]:
    """Return the two code systems without their codes."""
    return [_own_head(each) for each in _OWN]


def _own_head(scheme: str) -> JsonObject:
    name, title = _OWN[scheme]
    return {
        "resourceType": "CodeSystem",
        "url": _SYSTEMS[scheme],
        "version": _VERSION,
        "name": name,
        "title": title,
        "status": "active",
        "caseSensitive": True,
        "language": "en",
        # Of Annex L those terms are there whose SNOMED CT code two sources agree on.
        "content": "fragment" if scheme == "BPE" else "complete",
        "copyright": _NOTICE,
    }


@cache
def _concept_maps() -> Mapping[str, JsonObject]:
    return {f"{_MAPS}/imaging-{name}": _concept_map(name) for name in _TITLES}


def _concept_map(name: str) -> JsonObject:
    groups: dict[tuple[str, str], dict[str, JsonObject]] = {}
    for row in rows():
        if row.map == name:
            elements = groups.setdefault((row.source_system, row.target_system), {})
            element = elements.setdefault(
                row.source, {"code": row.source, "display": row.source_name, "target": []}
            )
            element["target"].append(_target(row))
    return {
        "resourceType": "ConceptMap",
        "url": f"{_MAPS}/imaging-{name}",
        "version": _VERSION,
        "name": f"Imaging_{name.replace('-', '_')}",
        "title": _TITLES[name],
        "status": "active",
        "copyright": _NOTICE,
        "group": [
            {"source": source, "target": target, "element": list(elements.values())}
            for (source, target), elements in groups.items()
        ],
    }


def _target(row: Row) -> JsonObject:
    coded = {"code": row.target, "display": row.target_name} if row.target else {}
    return {**coded, "equivalence": row.equivalence, "comment": row.basis}
