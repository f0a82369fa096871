"""The curated catalogue is consistent in itself and with the lists that it was made from."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from terminology import catalogue
from terminology.catalogue import Analyte, Catalogue, LoincCode
from terminology.check_digits import is_loinc_code, is_sctid
from terminology.unit_table import UNITS
from terminology.units import convert, ucum_code

CATALOGUE = catalogue.load()
QUANTITIES = [analyte for analyte in CATALOGUE.analytes if not analyte.is_coded]
CODES = [(analyte, code) for analyte in CATALOGUE.analytes for code in analyte.codes]
SHARED = Path(__file__).parents[4] / "shared" / "terminology" / "loinc_risk_inputs.csv"

# LOINC Users' Guide: the property is the kind of quantity, so it fixes the unit's dimension.
DIMENSION_OF_PROPERTY = {
    "SCnc": {"substance concentration"},
    "MCnc": {"mass concentration"},
    "CCnc": {"enzyme activity concentration"},
    "NCnc": {"number concentration"},
    "MFr": {"fraction"},
    "VFr": {"fraction"},
    "SFr": {"substance ratio"},
    "MRto": {"mass ratio"},
    "Ratio": {"mass per substance", "mass per area"},
    "ArVRat": {"flow per body surface"},
    "RelTime": {"pure number"},
    "Pres": {"pressure"},
    "NRat": {"rate"},
    "Mass": {"mass"},
    "Len": {"length"},
}


@pytest.mark.parametrize("code", [code.code for _, code in CODES])
def test_every_loinc_code_has_its_check_digit(code: str) -> None:
    assert is_loinc_code(code)


@pytest.mark.parametrize("wrong", ["2160-1", "2160", "2160-", "-0", "LP1234-5", "14682-9 ", ""])
def test_a_mistyped_loinc_code_is_seen(wrong: str) -> None:
    assert not is_loinc_code(wrong)


def test_a_transposed_loinc_digit_is_seen() -> None:
    assert is_loinc_code("14682-9")
    assert not is_loinc_code("16482-9")


def test_snomed_check_digits() -> None:
    assert is_sctid("44054006")
    assert is_sctid("428041000124106")
    assert not is_sctid("44054007")
    assert not is_sctid("45044006")
    assert not is_sctid("4405")


@pytest.mark.parametrize(("analyte", "code"), CODES, ids=lambda entry: getattr(entry, "code", ""))
def test_the_unit_of_a_code_fits_its_property_and_its_analyte(
    analyte: Analyte, code: LoincCode
) -> None:
    if analyte.is_coded:
        assert code.property == "Type"
        return
    assert ucum_code(code.unit) == code.unit
    assert UNITS[code.unit].dimension in DIMENSION_OF_PROPERTY[code.property]
    converted = convert(Decimal(1), unit=code.unit, analyte=analyte)
    assert converted.unit == analyte.canonical_unit


@pytest.mark.parametrize("analyte", QUANTITIES, ids=lambda analyte: analyte.id)
def test_every_analyte_is_whole(analyte: Analyte) -> None:
    assert analyte.canonical_unit in UNITS
    assert analyte.codes
    assert analyte.name_en.isascii()
    assert any("一" <= letter <= "鿿" for letter in analyte.name_zh)
    assert analyte.plausible_low is not None
    assert analyte.plausible_high is not None
    assert analyte.plausible_low < analyte.plausible_high
    assert (analyte.molar_mass is not None) == (analyte.factor in ("molar", "acr"))


@pytest.mark.parametrize(
    ("id", "unit"),
    [
        ("total_cholesterol", "mmol/L"), ("hdl_cholesterol", "mmol/L"),
        ("ldl_cholesterol", "mmol/L"), ("non_hdl", "mmol/L"), ("triglyceride", "mmol/L"),
        ("glucose", "mmol/L"), ("glucose_fasting", "mmol/L"), ("hba1c", "%"),
        ("creatinine", "umol/L"), ("urine_creatinine", "mmol/L"), ("cystatin_c", "mg/L"),
        ("egfr", "mL/min/{1.73_m2}"), ("urea", "mmol/L"), ("bun", "mmol/L"), ("acr", "mg/g"),
        ("urine_albumin", "mg/L"), ("albumin", "g/L"), ("potassium", "mmol/L"),
        ("sodium", "mmol/L"), ("hemoglobin", "g/L"), ("alt", "U/L"), ("ast", "U/L"),
        ("platelets", "10*9/L"), ("sbp", "mm[Hg]"), ("dbp", "mm[Hg]"), ("bmi", "kg/m2"),
        ("weight", "kg"), ("height", "cm"), ("waist", "cm"), ("heart_rate", "/min"),
        ("lpa_mass", "mg/dL"), ("lpa_molar", "nmol/L"), ("smoking_status", ""),
    ],
)  # fmt: skip
def test_what_the_models_ask_for_is_there(id: str, unit: str) -> None:
    assert CATALOGUE.analyte(id).canonical_unit == unit


# What real patients have is plausible: a range that refuses these would withhold a card.
@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("creatinine", "20"), ("creatinine", "1800"), ("glucose", "1.2"), ("glucose", "55"),
        ("total_cholesterol", "1.2"), ("total_cholesterol", "25"), ("triglyceride", "55"),
        ("hdl_cholesterol", "0.3"), ("hdl_cholesterol", "4.2"), ("ldl_cholesterol", "0.25"),
        ("hba1c", "4.0"), ("hba1c", "18.5"), ("potassium", "8.9"), ("sodium", "104"),
        ("hemoglobin", "30"), ("platelets", "2500"), ("sbp", "270"), ("dbp", "20"),
        ("egfr", "4"), ("acr", "0.5"), ("acr", "12000"), ("bmi", "75"), ("weight", "310"),
    ],
)  # fmt: skip
def test_the_sick_are_plausible(id: str, value: str) -> None:
    assert CATALOGUE.analyte(id).is_plausible(Decimal(value))


def test_unknown_codes_and_analytes() -> None:
    assert CATALOGUE.by_loinc("85354-9") is None
    assert CATALOGUE.loinc_code("0-0") is None
    with pytest.raises(KeyError):
        CATALOGUE.analyte("cholesterol")


def test_a_code_or_an_id_twice_is_refused() -> None:
    glucose = CATALOGUE.analyte("glucose")
    with pytest.raises(ValueError, match="'glucose' twice"):
        Catalogue([glucose, glucose])


def test_it_is_loaded_once() -> None:
    assert catalogue.load() is CATALOGUE


@pytest.mark.skipif(not SHARED.exists(), reason="the shared list of risk inputs is not here")
def test_every_code_is_in_the_list_of_risk_inputs_or_named_here() -> None:
    listed = {row["loinc"] for row in csv.DictReader(SHARED.read_text("utf-8").splitlines())}
    # LOINC Top 2000+ has the first two and the fourth; the third is in LOINC's unit list.
    # The last three are clinical measurements of point scores, as published FHIR profiles use them.
    assert {code.code for _, code in CODES} - listed == {
        "2339-0", "14957-5", "3137-7", "3141-9", "10230-1", "18043-0", "64098-7",
    }  # fmt: skip
