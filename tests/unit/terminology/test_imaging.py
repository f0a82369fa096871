"""An imaging procedure by its LOINC code, with a made-up release in the form of a real one."""

import pytest

from fhir_server.r4.outcome import FhirError
from terminology import dicom
from terminology.codings import LOINC, RADLEX, SNOMED, Coding
from terminology.imaging import describe
from terminology.releases.form import About, Body
from terminology.releases.release import Release
from terminology.releases.writing import ReleaseWriter
from terminology.service.built_in import WithBuiltIn
from terminology.service.code_system import ListedCodeSystem
from terminology.service.library import code_system
from tests.unit.terminology.code_systems import Shelf

# Made up, but for their form: none of these is a term of LOINC.
KNEE, HEAD, CHEST, SODIUM, BARE = "90001-7", "90002-5", "90003-3", "90004-1", "90005-8"


def part(name: str, code: str, display: str) -> tuple[str, str, dict[str, str]]:
    return name, "valueCoding", {"system": LOINC, "code": code, "display": display}


def rid(code: str, display: str) -> tuple[str, str, dict[str, str]]:
    return "RID", "valueCoding", {"system": RADLEX, "code": code, "display": display}


TERMS = {
    KNEE: (
        "XR Knee - left 2 Views",
        part("rad-modality-modality-type", "LP200001-1", "XR"),
        part("rad-anatomic-location-region-imaged", "LP200002-9", "Lower extremity"),
        part("rad-anatomic-location-imaging-focus", "LP200003-7", "Knee"),
        part("rad-anatomic-location-laterality", "LP200004-5", "Left"),
        part("rad-anatomic-location-laterality-presence", "LP200005-2", "True"),
        rid("RID10345", "projection radiography"),
        rid("RID2743", "knee"),
        rid("RID5824", "LEFT"),
    ),
    HEAD: (
        "MR Head WO contrast",
        part("rad-modality-modality-type", "LP200006-0", "MR"),
        part("rad-anatomic-location-region-imaged", "LP200007-8", "Head"),
        rid("RID10312", "Magnetic resonance imaging"),
        rid("RID9080", "head"),
    ),
    # As a release without part codes has it.
    CHEST: (
        "CT Chest",
        ("rad-modality-type", "valueString", "CT"),
        ("rad-anatomic-location-region-imaged", "valueString", "Chest"),
    ),
    SODIUM: ("Sodium [Moles/volume] in Serum or Plasma", ("CLASS", "valueString", "CHEM")),
    BARE: ("PET+CT Whole body", part("rad-modality-modality-type", "LP200008-6", "PT+CT")),
}


@pytest.fixture(scope="module")
def loinc(tmp_path_factory: pytest.TempPathFactory) -> Release:
    writer = ReleaseWriter(tmp_path_factory.mktemp("loinc"))
    for code, (name, *properties) in TERMS.items():
        writer.add(code, Body(display=name, properties=tuple(properties)))
    head = {"resourceType": "CodeSystem", "url": LOINC, "version": "2.99", "content": "complete"}
    return Release(writer.finish(About(url=LOINC, version="2.99", head=head)))


def test_a_radiograph_of_the_left_knee(loinc: Release) -> None:
    found = describe(loinc, KNEE)
    assert found.name == "XR Knee - left 2 Views"
    assert found.modalities == (Coding(LOINC, "LP200001-1", "XR"),)
    assert found.regions == (Coding(LOINC, "LP200002-9", "Lower extremity"),)
    assert found.focuses == (Coding(LOINC, "LP200003-7", "Knee"),)
    # Whether a side is named at all (`laterality-presence`) is no side.
    assert found.lateralities == (Coding(LOINC, "LP200004-5", "Left"),)
    assert [each.code for each in found.radlex] == ["RID10345", "RID2743", "RID5824"]
    assert found.missing == ()


def test_its_modality_in_dicom_is_each_that_the_detector_may_make_it(loinc: Release) -> None:
    assert {each.code for each in describe(loinc, KNEE).dicom_modalities} == {"CR", "DX", "RG"}
    (modality,) = describe(loinc, HEAD).dicom_modalities
    assert modality == Coding(dicom.DCM, "MR", "Magnetic Resonance")


def test_what_the_release_does_not_say_is_named(loinc: Release) -> None:
    assert describe(loinc, HEAD).missing == ("focus", "laterality")
    found = describe(loinc, BARE)
    assert found.missing == ("region", "focus", "laterality", "radlex")
    assert (found.dicom_modalities, found.lateralities) == ((), ())


def test_a_text_without_a_part_code_stays_a_text(loinc: Release) -> None:
    found = describe(loinc, CHEST)
    assert found.modalities == (Coding(None, "", "CT"),)
    assert found.regions == (Coding(None, "", "Chest"),)
    assert "radlex" in found.missing


def test_what_is_no_imaging_is_refused(loinc: Release) -> None:
    with pytest.raises(FhirError, match="no imaging"):
        describe(loinc, SODIUM)
    with pytest.raises(FhirError, match="Unknown code") as unknown:
        describe(loinc, "90006-6")
    assert unknown.value.status == 404
    with pytest.raises(FhirError, match="is not LOINC"):
        describe(ListedCodeSystem({"url": SNOMED, "concept": []}), "77477000")


@pytest.mark.parametrize("code", ["24627-2", "2951-2"])
def test_without_a_loinc_release_the_answer_says_what_is_missing(code: str) -> None:
    with pytest.raises(FhirError, match="attending terms load-loinc") as refused:
        describe(code_system(WithBuiltIn(Shelf()), LOINC, None), code)
    assert refused.value.status == 422
