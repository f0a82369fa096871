"""LOINC's codes of the lab catalogue, known without a licence file, and what they promise."""

import re
from typing import Any

import pytest

from terminology import catalogue
from terminology.catalogue import LoincCode
from terminology.check_digits import is_loinc_code
from terminology.codings import LOINC
from terminology.service.built_in import WithBuiltIn
from terminology.service.code_findings import Coded
from terminology.service.displays import check_display
from terminology.service.library import code_system
from terminology.service.lookup import Lookup, lookup
from terminology.ucum import same_dimension
from tests.unit.terminology.code_systems import Shelf

FRESH = WithBuiltIn(Shelf())
CODES = [code for analyte in catalogue.load().analytes for code in analyte.codes]
# LOINC Users' Guide, "Kind of Property": what the name says in brackets, as LOINC's property and
# as a unit of the same dimension.
BRACKETS = {
    "Moles/volume": ("SCnc", "mol/L"),
    "Mass/volume": ("MCnc", "g/L"),
    "Enzymatic activity/volume": ("CCnc", "kat/L"),
    "#/volume": ("NCnc", "/L"),
    "Volume Rate/Area": ("ArVRat", "mL/min"),
    "Volume Fraction": ("VFr", "%"),
    "Mass Ratio": ("MRto", "g/g"),
    "Mass ratio": ("MRto", "g/g"),
}
# A name without brackets, or with one that leaves the dimension open.
BY_PROPERTY = {
    "MFr": "%",
    "VFr": "%",
    "SFr": "mol/mol",
    "RelTime": "1",
    "Pres": "Pa",
    "NRat": "/s",
    "Mass": "g",
    "Len": "m",
}
RATIOS = {"30000-4": "g/mol", "32294-1": "g/mol", "39156-5": "kg/m2"}


def bracket_of(code: LoincCode) -> str:
    match = re.search(r"\[([^\]]+)\]", code.names[0])
    return "" if match is None else match[1]


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.code)
def test_check_digit_and_unit_agree_with_loincs_name(code: LoincCode) -> None:
    assert is_loinc_code(code.code)
    bracket = bracket_of(code)
    if code.property == "Type":
        assert (code.unit, bracket) == ("", "")
    elif bracket in BRACKETS:
        told, unit = BRACKETS[bracket]
        assert code.property == told
        assert same_dimension(code.unit, unit)
    elif bracket:
        assert (bracket, code.property) == ("Ratio", "Ratio")
        assert same_dimension(code.unit, RATIOS[code.code])
    else:
        assert same_dimension(code.unit, BY_PROPERTY[code.property])


def test_moles_and_numbers_are_told_apart_although_ucum_counts_both() -> None:
    """In UCUM the mole is a number: mol/L and /L have one dimension, so the names decide."""
    assert same_dimension("mol/L", "/L")
    moles = {code.unit for code in CODES if bracket_of(code) == "Moles/volume"}
    assert moles == {"mmol/L", "umol/L", "nmol/L", "pmol/L"}
    numbers = {code.unit for code in CODES if bracket_of(code) == "#/volume"}
    assert numbers == {"10*9/L"}


def told(code: str, *languages: str) -> dict[str, Any]:
    answer = lookup(code_system(FRESH, LOINC, None), Lookup(code, languages))
    return {each["name"]: next(v for k, v in each.items() if k != "name")
            for each in answer["parameter"]}  # fmt: skip


def test_a_models_input_is_looked_up_in_english_and_chinese() -> None:
    assert told("2160-0")["display"] == "Creatinine [Mass/volume] in Serum or Plasma"
    assert told("2160-0", "zh-CN")["display"] == "肌酐（血）"
    assert told("14682-9", "zh")["display"] == "肌酐（血）"


def test_every_code_of_the_catalogue_is_known_with_loincs_notice() -> None:
    system = code_system(FRESH, LOINC, None)
    assert len(system) == len(CODES)
    assert all(system.get(code.code) is not None for code in CODES)
    assert system.content == "fragment"
    assert "LOINC is copyright" in system.resource["copyright"]


def test_a_name_that_loinc_has_changed_is_known_in_both_forms() -> None:
    found = code_system(FRESH, LOINC, None).get("98979-8")
    assert found is not None
    older = [each.value for each in found.designations if each.language == "en"]
    assert found.display.endswith("(CKD-EPI 2021)/1.73 sq M")
    assert older[0].startswith("Glomerular filtration rate/1.73 sq M.predicted")


@pytest.mark.parametrize("of_hormone", [" N-Terminal", ""])
def test_a_hospital_may_send_the_older_name(of_hormone: str) -> None:
    name = f"Natriuretic peptide.B prohormone{of_hormone} [Mass/volume] in Serum or Plasma"
    system = code_system(FRESH, LOINC, None)
    concept = system.get("33762-6")
    assert concept is not None
    sent = Coded("33762-6", LOINC, display=name)
    assert check_display(sent, system, concept, (), is_lenient=False) is None


def loinc(**changed: Any) -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem",
        "url": LOINC,
        "version": "2.80",
        "content": "complete",
        "concept": [{"code": "2160-0", "display": "as loaded"}],
        **changed,
    }


def test_a_loaded_release_goes_before_it() -> None:
    system = code_system(WithBuiltIn(Shelf(loinc())), LOINC, None)
    assert (system.version, len(system)) == ("2.80", 1)


def test_a_name_without_codes_takes_nothing_away() -> None:
    """HL7's own packages hold LOINC by its name only (content `not-present`)."""
    system = code_system(WithBuiltIn(Shelf(loinc(content="not-present", concept=[]))), LOINC, None)
    assert len(system) == len(CODES)
