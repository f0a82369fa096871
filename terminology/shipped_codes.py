"""Code systems of which this server knows a part without loading anything: LOINC, DICOM's codes.

Each is a `fragment`: that a code is not in it does not make it wrong. As soon as somebody has
loaded a code system, in whatever version, that one is used.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Final

from fhir_server.r4.codec import JsonObject
from terminology import catalogue, codings, dicom

_LOINC_NOTICE: Final = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © "
    "Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) "
    "Committee and is available at no cost under the license at http://loinc.org/license. LOINC® "
    "is a registered United States trademark of Regenstrief Institute, Inc."
)
_DICOM_NOTICE: Final = (
    "Codes and meanings of DICOM PS3.16, as the package pydicom carries them. DICOM® is the "
    "registered trademark of the National Electrical Manufacturers Association."
)
_SNOMED_NOTICE: Final = (
    f"{_DICOM_NOTICE} SNOMED CT® was originally created by the College of American Pathologists; "
    "these codes are used in DICOM by agreement with SNOMED International. Use beyond it needs a "
    "licence: https://www.snomed.org/get-snomed."
)
_RADLEX_NOTICE: Final = (
    f"{_DICOM_NOTICE} RadLex® is a registered trademark of the Radiological Society of North "
    "America (RSNA); RadLex content is © RSNA and is used under RSNA's RadLex licence."
)
_LAB: Final = "attending-lab"
# Of ICD-10, NDC and RxNorm PS3.16 has a handful of codes, and of LOINC none of the laboratory:
# a code that is not among them would look as if it had been looked at.
_SCHEMES: Final = (
    *("DCM", "SCT", "RADLEX", "MDC", "NCIt", "UMLS", "MSH", "FMA", "NEU", "IBSI"),
    *("PUBCHEM_CID", "ITIS_TSN", "BARI"),
)


def is_of_dicom(url: str) -> bool:
    """Whether a code system is read from pydicom, which takes most of a second the first time."""
    return url in _FROM_DICOM


def heads() -> Iterator[JsonObject]:
    """Yield the code systems without their codes."""
    yield _lab_head()
    for scheme in _SCHEMES:
        yield _dicom_head(scheme)


@lru_cache(maxsize=32)
def fragment(url: str) -> JsonObject | None:
    """Return the CodeSystem of which a part is known, None of any other; not to be changed."""
    read = _BY_URL.get(url)
    return None if read is None else read()


def _lab() -> JsonObject:
    """Return the LOINC codes of the lab catalogue with LOINC's names, and the Chinese ones."""
    concepts = [
        {
            "code": code.code,
            "display": code.names[0],
            "designation": [
                *({"language": "en", "value": each} for each in code.names[1:]),
                {"language": "zh-CN", "value": analyte.name_zh},
            ],
            "property": [
                {"code": "PROPERTY", "valueString": code.property},
                {"code": "analyte", "valueString": analyte.id},
                *([{"code": "unit", "valueString": code.unit}] if code.unit else []),
            ],
        }
        for analyte in catalogue.load().analytes
        for code in analyte.codes
    ]
    return {**_lab_head(), "concept": concepts}


def _lab_head() -> JsonObject:
    return {
        **_head(codings.LOINC, _LAB, "LOINC", "LOINC codes of the lab catalogue", _LOINC_NOTICE),
        "property": [
            {"code": "PROPERTY", "uri": "http://loinc.org/property/PROPERTY", "type": "string"},
            {"code": "analyte", "description": "of the lab catalogue", "type": "string"},
            {"code": "unit", "description": "a UCUM unit of this property", "type": "string"},
        ],
    }


def _of_scheme(scheme: str) -> JsonObject:
    concepts: list[dict[str, Any]] = []
    for term in dicom.terms(scheme):
        first, *others = term.meanings
        concept: dict[str, Any] = {"code": term.code, "display": first}
        if others:
            concept["designation"] = [{"language": "en", "value": each} for each in others]
        concepts.append(concept)
    return {**_dicom_head(scheme), "concept": concepts}


def _dicom_head(scheme: str) -> JsonObject:
    notices = {"SCT": _SNOMED_NOTICE, "RADLEX": _RADLEX_NOTICE}
    title = f"Codes of {scheme} in DICOM PS3.16"
    version = dicom.EDITION if scheme == "DCM" else f"dicom-{dicom.EDITION}"
    notice = notices.get(scheme, _DICOM_NOTICE)
    return _head(dicom.SYSTEMS[scheme], version, scheme, title, notice)


def _head(url: str, version: str, name: str, title: str, notice: str) -> JsonObject:
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "version": version,
        "name": name,
        "title": title,
        "status": "active",
        "caseSensitive": True,
        "language": "en",
        "content": "fragment",
        "copyright": notice,
    }


_FROM_DICOM: Final = frozenset(dicom.SYSTEMS[scheme] for scheme in _SCHEMES)
_BY_URL: Final[Mapping[str, Callable[[], JsonObject]]] = {
    codings.LOINC: _lab,
    **{dicom.SYSTEMS[scheme]: partial(_of_scheme, scheme) for scheme in _SCHEMES},
}
