"""Modality, laterality and body part between DICOM, SNOMED CT and RadLex, both ways."""

import re
from typing import Any

import pytest

from fhir_server.r4.validation import validate
from terminology import dicom
from terminology.check_digits import is_sctid
from terminology.codings import RADLEX, SNOMED
from terminology.imaging_maps import (
    BODY_PART,
    LATERALITY,
    Row,
    code_system,
    concept_map,
    maps_of,
    rows,
)
from terminology.service.translate import Translate, translate

ROWS = rows()
IN_DICOM = [row for row in ROWS if row.target_system == SNOMED and row.target]


def translated(system: str, code: str, *, back: bool = False, to: str = "") -> set[tuple[str, str]]:
    maps = maps_of(system, as_target=back)
    asked = Translate(codes=((system, "", code),), target_system=to, reverse=back)
    found = set()
    for each in translate(maps, asked)["parameter"]:
        if each["name"] == "match":
            parts = {part["name"]: part for part in each["part"]}
            equivalence = parts["equivalence"]["valueCode"]
            found.add((parts["concept"]["valueCoding"]["code"], equivalence))
    return found


def test_a_ct_is_a_ct_in_every_language() -> None:
    assert translated(dicom.DCM, "CT") == {("77477000", "equivalent"), ("RID10321", "equivalent")}
    assert translated(SNOMED, "77477000", back=True) == {("CT", "equivalent")}
    assert translated(RADLEX, "RID10321", back=True) == {
        ("CT", "equivalent"),
        ("77477000", "equivalent"),
    }


def test_plain_radiography_may_have_been_taken_with_any_detector() -> None:
    for code in ("CR", "DX", "RG"):
        assert translated(dicom.DCM, code, to=SNOMED) == {("168537006", "wider")}
    assert translated(SNOMED, "168537006", back=True) == {
        ("CR", "narrower"), ("DX", "narrower"), ("RG", "narrower"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("letter", "snomed", "radlex"),
    [("R", "24028007", "RID5825"), ("L", "7771000", "RID5824"), ("B", "51440002", "RID5771")],
)
def test_sides(letter: str, snomed: str, radlex: str) -> None:
    assert translated(LATERALITY, letter) == {(snomed, "equivalent"), (radlex, "equivalent")}
    assert translated(SNOMED, snomed, back=True) == {(letter, "equivalent")}
    assert translated(SNOMED, snomed, to=RADLEX) == {(radlex, "equivalent")}


def test_unpaired_is_not_unilateral() -> None:
    """DICOM's U says that there is no other side; SNOMED CT's unilateral that one was meant."""
    assert translated(LATERALITY, "U") == set()
    assert translated(SNOMED, "66459002", back=True) == set()
    assert translated(SNOMED, "66459002", to=RADLEX) == {("RID38593", "equivalent")}


def test_body_parts() -> None:
    assert translated(BODY_PART, "ABDOMEN", to=SNOMED) == {("818981001", "equivalent")}
    assert translated(BODY_PART, "LSSPINE", to=SNOMED) == {("1217253001", "equivalent")}
    # DICOM has two terms for one region.
    assert translated(SNOMED, "816094009", back=True) == {
        ("CHEST", "equivalent"),
        ("THORAX", "equivalent"),
    }
    # Where the boundaries of a region are each system's own it is no equivalence.
    assert translated(BODY_PART, "CHEST", to=RADLEX) == {("RID1243", "relatedto")}
    assert translated(BODY_PART, "NOSUCH") == set()


@pytest.mark.parametrize("row", IN_DICOM, ids=lambda row: f"{row.source}-{row.target}")
def test_every_snomed_code_is_dicoms_own_or_says_where_it_is_from(row: Row) -> None:
    """The name in the row is the meaning that PS3.16 gives the code in the context group named."""
    assert is_sctid(row.target)
    match = re.search(r"CID ([0-9]+)(?:: .*)?$", row.basis)
    if "GPS" in row.basis:
        assert row.target in {"113091000", "423827005", "29303009"}
        return
    assert match is not None
    group = dicom.group(f"{dicom._PART_16}/sect_CID_{match[1]}.html")
    assert group is not None
    assert (row.target, row.target_name) in group.codes[SNOMED]


def test_every_modality_is_one_of_cid_29() -> None:
    group = dicom.group(f"{dicom._PART_16}/sect_CID_29.html")
    assert group is not None
    known = set(group.codes[dicom.DCM])
    used = {(row.source, row.source_name) for row in ROWS if row.source_system == dicom.DCM}
    assert used <= known
    assert len(used) >= 16


def test_rows_are_whole_and_stand_once() -> None:
    pairs = [(row.source_system, row.source, row.target_system, row.target) for row in ROWS]
    assert len(pairs) == len(set(pairs))
    for row in ROWS:
        assert row.source
        assert row.basis
        assert row.equivalence in {"equivalent", "wider", "narrower", "relatedto", "unmatched"}
        assert bool(row.target) == (row.equivalence != "unmatched")
        if row.target_system == RADLEX and row.target:
            assert re.fullmatch("RID[0-9]+", row.target)


@pytest.mark.parametrize("name", ["modality", "laterality", "body-part"])
def test_the_maps_are_valid_r4(name: str) -> None:
    found = concept_map(f"https://attending.org/fhir/ConceptMap/imaging-{name}")
    assert found is not None
    assert validate(found) == ()


@pytest.mark.parametrize(("url", "some"), [(BODY_PART, 245), (LATERALITY, 4)])
def test_the_terms_of_dicom_are_code_systems(url: str, some: int) -> None:
    found: Any = code_system(url)
    assert validate(found) == ()
    assert len(found["concept"]) >= some
    assert code_system("http://other") is None
    assert concept_map("http://other") is None
