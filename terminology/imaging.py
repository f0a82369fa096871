"""What an imaging procedure is, by its LOINC code: modality, region, laterality, RadLex.

LOINC says it by the properties of the LOINC/RSNA Radiology Playbook, which a loaded LOINC release
has: http://hl7.org/fhir/R4/loinc.html, `rad-...`.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from fhir_server.r4.outcome import FhirError, Issue
from terminology import dicom, imaging_maps
from terminology.codings import LOINC, RADLEX, Coding
from terminology.service.code_system import CodeSystem
from terminology.service.concept import Concept
from terminology.service.lookup import unknown_code

_RAD: Final = "rad-"
# LOINC names the attribute `Rad.Modality.Modality Type`; older releases wrote it shorter.
_MODALITY: Final = ("rad-modality-modality-type", "rad-modality-type")
_REGION: Final = ("rad-anatomic-location-region-imaged",)
_FOCUS: Final = ("rad-anatomic-location-imaging-focus",)
_LATERALITY: Final = ("rad-anatomic-location-laterality",)
_EQUIVALENT: Final = frozenset(("equal", "equivalent", "wider"))


class ImagingProcedure(msgspec.Struct, frozen=True):
    """An imaging procedure; `modalities` to `lateralities` are LOINC parts, or texts without code.

    `radlex` are the RadLex concepts that the Playbook gives for them, in its order;
    `dicom_modalities` the codes of CID 29 that stand for these (several for one that DICOM divides
    by the detector). `missing` names what the release does not say of this procedure.
    """

    code: str
    name: str
    modalities: tuple[Coding, ...]
    regions: tuple[Coding, ...]
    focuses: tuple[Coding, ...]
    lateralities: tuple[Coding, ...]
    radlex: tuple[Coding, ...]
    dicom_modalities: tuple[Coding, ...]
    missing: tuple[str, ...]


def describe(system: CodeSystem, code: str) -> ImagingProcedure:
    """Return the imaging procedure of a LOINC code.

    FhirError 404 for a code that there is not, 422 for one that is no imaging procedure, and
    where only a part of LOINC is here: then nothing can be said of it.
    """
    if system.url != LOINC:
        raise _refused("invalid", f"{system.url} is not LOINC.")
    concept = system.get(code)
    if system.content != "complete" and (concept is None or not _is_imaging(concept)):
        text = (
            f"What LOINC {code[:20]} images is not known here: LOINC's radiology attributes come "
            "with a LOINC release (AccessoryFiles/LoincRsnaRadiologyPlaybook). Load one: attending "
            "terms load-loinc FILE."
        )
        raise _refused("incomplete", text)
    if concept is None:
        raise FhirError(404, Issue("error", "not-found", unknown_code(system, code)))
    if not _is_imaging(concept):
        text = f"LOINC {concept.code} ({concept.display}) has no radiology attribute: no imaging."
        raise _refused("invalid", text)
    return _described(concept)


def _described(concept: Concept) -> ImagingProcedure:
    found = {
        "modality": _parts(concept, _MODALITY),
        "region": _parts(concept, _REGION),
        "focus": _parts(concept, _FOCUS),
        "laterality": _parts(concept, _LATERALITY),
        "radlex": _parts(concept, ("RID",)),
    }
    radlex = tuple(each for each in found["radlex"] if each.system == RADLEX)
    return ImagingProcedure(
        code=concept.code,
        name=concept.display,
        modalities=found["modality"],
        regions=found["region"],
        focuses=found["focus"],
        lateralities=found["laterality"],
        radlex=radlex,
        dicom_modalities=tuple(_in_dicom(radlex)),
        missing=tuple(name for name, codings in found.items() if not codings),
    )


def _in_dicom(radlex: Iterable[Coding]) -> Iterable[Coding]:
    """Yield the modalities of DICOM that the shipped map has for RadLex concepts."""
    wanted = {each.code for each in radlex}
    for row in imaging_maps.rows():
        pair = (row.source_system, row.target_system)
        if pair == (dicom.DCM, RADLEX) and row.equivalence in _EQUIVALENT and row.target in wanted:
            yield Coding(dicom.DCM, row.source, row.source_name)


def _is_imaging(concept: Concept) -> bool:
    return any(each.code.startswith(_RAD) for each in concept.properties)


def _parts(concept: Concept, names: tuple[str, ...]) -> tuple[Coding, ...]:
    found = [_coding(each.value) for each in concept.properties if each.code in names]
    return tuple(dict.fromkeys(found))


def _coding(value: Any) -> Coding:
    """Return a part: a Coding, or a text without a code where the release has only that."""
    if isinstance(value, dict):
        return Coding(value.get("system"), str(value.get("code", "")), value.get("display"))
    return Coding(None, "", str(value))


def _refused(code: str, text: str) -> FhirError:
    return FhirError(422, Issue("error", code, text))
