"""DICOM's codes and context groups are known without loading, and only read when asked for."""

import subprocess
import sys
import tracemalloc

import pytest

from terminology import dicom
from terminology.check_digits import is_loinc_code, is_sctid
from terminology.codings import LOINC, RADLEX, SNOMED, UCUM
from terminology.service.built_in import WithBuiltIn, own_heads
from terminology.service.code_checks import ValidateCode
from terminology.service.code_findings import Coded
from terminology.service.code_system import CodeSystem
from terminology.service.library import code_system, value_set
from terminology.service.membership import Membership
from terminology.service.validate_code import validate_code
from terminology.service.value_set import Composition, TakesLonger
from terminology.service.versions import Versions
from tests.unit.terminology.code_systems import Shelf

PART_16 = "http://dicom.nema.org/medical/dicom/current/output/chtml/part16"
MODALITY = f"{PART_16}/sect_CID_29.html"
REGION = f"{PART_16}/sect_CID_4031.html"
LATERALITY = f"{PART_16}/sect_CID_244.html"
FRESH = WithBuiltIn(Shelf())


def listed(url: str, library: WithBuiltIn = FRESH) -> dict[tuple[str, str], str]:
    found = Composition(library, Versions()).members(value_set(library, url, Versions()))
    return {(key[0], key[2]): each.display for key, each in found.items()}


def checked(url: str, system: str, code: str, display: str = "") -> dict[str, object]:
    resource = value_set(FRESH, url, Versions())
    membership = Membership(Composition(FRESH, Versions(), is_strict=False), FRESH, resource)
    asked = ValidateCode((Coded(code, system, display=display),))
    answer = validate_code(membership, asked)
    return {each["name"]: next(v for k, v in each.items() if k != "name")
            for each in answer["parameter"]}  # fmt: skip


def test_pydicom_is_of_the_edition_that_is_told() -> None:
    import pydicom

    assert pydicom.__concepts_version__ == dicom.EDITION


def test_the_acquisition_modalities_are_those_of_cid_29() -> None:
    found = listed(MODALITY)
    assert len(found) == 51
    assert found[dicom.DCM, "CT"] == "Computed Tomography"
    assert found[dicom.DCM, "MR"] == "Magnetic Resonance"
    # Not acquired: a report, a presentation state, a segmentation.
    assert not {(dicom.DCM, code) for code in ("SR", "PR", "SEG", "KO")} & found.keys()


def test_the_common_anatomic_regions_have_dicoms_meanings() -> None:
    found = listed(REGION)
    assert len(found) == 114
    assert found[SNOMED, "818981001"] == "Abdomen"
    assert found[SNOMED, "69536005"] == "Head"
    assert listed(LATERALITY) == {
        (SNOMED, "24028007"): "Right", (SNOMED, "7771000"): "Left",
        (SNOMED, "51440002"): "Bilateral", (SNOMED, "66459002"): "Unilateral",
    }  # fmt: skip


def test_a_code_of_a_context_group_is_right_and_another_is_not() -> None:
    assert checked(REGION, SNOMED, "818981001", "Abdomen")["result"] is True
    wrong_name = checked(REGION, SNOMED, "818981001", "Thorax")
    assert (wrong_name["result"], "Wrong Display" in str(wrong_name["message"])) == (False, True)
    other = checked(REGION, SNOMED, "22298006")
    assert (other["result"], "was not found" in str(other["message"])) == (False, True)


def test_a_mistyped_snomed_code_is_not_excused_by_the_fragment() -> None:
    found = checked(REGION, SNOMED, "818981002")
    assert found["result"] is False
    assert "may be valid in some other fragment" not in str(found["message"])


def test_a_code_of_a_system_that_is_not_here_is_listed_but_not_called_right() -> None:
    psa = f"{PART_16}/sect_CID_6327.html"
    icd = "http://hl7.org/fhir/sid/icd-10"
    assert (icd, "R97.20") in listed(psa)
    found = checked(psa, icd, "R97.20")
    assert found["result"] is False
    assert "could not be found" in str(found["message"])
    assert "was not found in the value set" not in str(found["message"])


def test_codes_are_looked_up_with_older_meanings() -> None:
    found = code_system(FRESH, dicom.DCM, None).get("LS")
    assert found is not None
    assert found.display == "Laser Scan"
    assert [each.value for each in found.designations] == ["Laser Surface Scan"]
    assert code_system(FRESH, dicom.DCM, None).content == "fragment"


def test_where_snomed_ct_is_loaded_the_codes_are_held_to_it() -> None:
    """A release that knows only the right side: the other codes are no codes of it."""
    loaded = Shelf(
        {
            "resourceType": "CodeSystem",
            "url": SNOMED,
            "version": "http://snomed.info/sct/900000000000207008/version/20260901",
            "content": "complete",
            "concept": [{"code": "24028007", "display": "Right (loaded)"}],
        }
    )
    assert listed(LATERALITY, WithBuiltIn(loaded)) == {(SNOMED, "24028007"): "Right"}


def test_a_fragment_that_was_loaded_shortens_no_context_group() -> None:
    loaded = Shelf(
        {
            "resourceType": "CodeSystem",
            "url": SNOMED,
            "version": "gps-1",
            "content": "fragment",
            "concept": [{"code": "24028007"}],
        }
    )
    assert len(listed(LATERALITY, WithBuiltIn(loaded))) == 4


def test_no_code_of_snomed_ct_or_loinc_has_a_wrong_check_digit() -> None:
    assert all(is_sctid(each.code) for each in dicom.terms("SCT"))
    assert all(is_loinc_code(each.code) for each in dicom.terms("LN"))
    assert len(dicom.terms("SCT")) > 8000
    assert len(dicom.terms("DCM")) > 4500


def test_every_coding_scheme_that_pydicom_has_has_its_uri() -> None:
    from pydicom.sr.codedict import CONCEPTS

    assert set(CONCEPTS) == set(dicom.SYSTEMS)
    assert dicom.SYSTEMS["RADLEX"] == RADLEX
    assert (dicom.SYSTEMS["LN"], dicom.SYSTEMS["UCUM"]) == (LOINC, UCUM)


def test_every_context_group_can_be_expanded() -> None:
    """Every fifth; each has every code that pydicom has for it, but for those that are slips."""
    from pydicom.sr.codedict import CID_CONCEPTS

    numbers = sorted(CID_CONCEPTS)[::5]
    for number in numbers:
        url = f"{PART_16}/sect_CID_{number}.html"
        found = dicom.group(url)
        if found is None:
            assert not any(CID_CONCEPTS[number].values()) or number in (4401, 12300, 12325)
            continue
        codes = {(system, code) for system, some in found.codes.items() for code, _ in some}
        assert set(listed(url)) == codes
    assert len(numbers) > 250


def test_codes_of_iso_11073_are_written_as_fhir_writes_them() -> None:
    """Partition 7, 1289: the ECG lead A1 is 7 x 65536 + 1289."""
    mdc: CodeSystem = code_system(FRESH, "urn:iso:std:iso:11073:10101", None)
    found = mdc.get("460041")
    assert found is not None
    assert found.display == "A1"


@pytest.mark.parametrize(
    "url",
    [
        f"{PART_16}/sect_CID_999999.html",
        f"{PART_16}/sect_CID_29.html/",
        f"{PART_16}/sect_TID_1500.html",
        "http://dicom.example/sect_CID_29.html",
    ],
)
def test_another_url_is_no_context_group(url: str) -> None:
    assert dicom.group(url) is None


def test_who_is_in_a_hurry_is_told_that_it_takes_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom, "is_read", lambda: False)
    quick = WithBuiltIn(Shelf(), is_quick=True)
    for ask in (lambda: quick.value_sets(MODALITY), lambda: quick.code_systems(SNOMED)):
        with pytest.raises(TakesLonger):
            ask()
    assert quick.code_systems(LOINC)
    assert quick.code_systems(UCUM)


def test_a_server_that_nobody_asks_does_not_load_pydicom() -> None:
    code = (
        "import sys, fhir_server.app, terminology.imaging\n"
        "from terminology.service.built_in import own_heads\n"
        "assert len(list(own_heads())) > 1000\n"
        "sys.exit('pydicom' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_names_of_all_code_systems_are_told_without_all_codes_in_memory() -> None:
    tracemalloc.start()
    try:
        assert sum(1 for _ in own_heads()) > 1000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000
