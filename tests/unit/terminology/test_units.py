"""Reported values reach the canonical unit by published factors, or are refused with a reason."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from terminology import catalogue
from terminology.printed_units import PRINTED
from terminology.unit_table import UNITS
from terminology.units import UnitRefused, convert, same_meaning, ucum_code

CATALOGUE = catalogue.load()
SHARED = Path(__file__).parents[4] / "shared" / "terminology" / "conversions.csv"


def result(analyte: str, value: str, unit: str, to: str | None = None) -> float:
    analyte_ = CATALOGUE.analyte(analyte)
    return float(convert(Decimal(value), unit=unit, analyte=analyte_, to=to).value)


def refusal(analyte: str, unit: str, to: str | None = None) -> UnitRefused:
    with pytest.raises(UnitRefused) as caught:
        convert(Decimal(1), unit=unit, analyte=CATALOGUE.analyte(analyte), to=to)
    return caught.value


# Figures that clinicians know by heart, and the published conversions, at 0.05 %.
GOLDEN = [
    ("hba1c", "6.5", "%", "mmol/mol", 47.53),
    ("hba1c", "5.7", "%", "mmol/mol", 38.78),
    ("hba1c", "48", "mmol/mol", "%", 6.543),
    ("creatinine", "1", "mg/dL", "umol/L", 88.4017),
    ("creatinine", "88.4", "umol/L", "mg/dL", 1.0),
    ("urine_creatinine", "113.12", "mg/dL", "mmol/L", 10.0),
    ("glucose", "126", "mg/dL", "mmol/L", 6.994),
    ("glucose_fasting", "7.0", "mmol/L", "mg/dL", 126.1),
    ("total_cholesterol", "200", "mg/dL", "mmol/L", 5.172),
    ("hdl_cholesterol", "1.03", "mmol/L", "mg/dL", 39.83),
    ("ldl_cholesterol", "70", "mg/dL", "mmol/L", 1.810),
    ("non_hdl", "130", "mg/dL", "mmol/L", 3.362),
    ("triglyceride", "150", "mg/dL", "mmol/L", 1.694),
    ("acr", "3", "mg/mmol", "mg/g", 26.52),
    ("acr", "30", "ug/mg", "mg/mmol", 3.3936),
    ("urea", "36", "mg/dL", "mmol/L", 5.994),
    ("bun", "14", "mg/dL", "mmol/L", 4.9975),
    ("urate", "6", "mg/dL", "umol/L", 356.9),
    ("bilirubin_total", "1", "mg/dL", "umol/L", 17.10),
    ("calcium", "10", "mg/dL", "mmol/L", 2.495),
    ("calcium", "5", "meq/L", "mmol/L", 2.5),
    ("phosphate", "3.1", "mg/dL", "mmol/L", 1.0008),
    ("magnesium", "2", "mg/dL", "mmol/L", 0.8229),
    ("ntprobnp", "100", "pmol/L", "pg/mL", 845.7),
    ("potassium", "4.1", "mEq/L", "mmol/L", 4.1),
    ("hemoglobin", "13.5", "g/dL", "g/L", 135.0),
    ("albumin", "4.2", "g/dL", "g/L", 42.0),
    ("alt", "40", "IU/L", "U/L", 40.0),
    ("alt", "1", "ukat/L", "U/L", 60.0),
    ("platelets", "250", "10*3/uL", "10*9/L", 250.0),
    ("sbp", "16", "kPa", "mm[Hg]", 120.01),
    ("height", "70", "[in_i]", "cm", 177.8),
    ("weight", "154", "[lb_av]", "kg", 69.85),
    ("hematocrit", "0.45", "L/L", "%", 45.0),
]


@pytest.mark.parametrize(("analyte", "value", "unit", "to", "wanted"), GOLDEN)
def test_published_conversions(analyte: str, value: str, unit: str, to: str, wanted: float) -> None:
    assert result(analyte, value, unit, to) == pytest.approx(wanted, rel=5e-4)


def test_hba1c_is_never_ten_times_itself() -> None:
    assert result("hba1c", "6.5", "%", "mmol/mol") == pytest.approx(47.5, abs=0.05)
    assert result("hba1c", "65", "mmol/mol") == pytest.approx(8.1, abs=0.01)


def test_a_value_in_the_canonical_unit_is_untouched() -> None:
    same = convert(Decimal("88.0"), unit="µmol/L", analyte=CATALOGUE.analyte("creatinine"))
    assert (str(same.value), same.unit, same.rule) == ("88.0", "umol/L", "")


def test_the_rule_names_its_molar_mass() -> None:
    lipids = CATALOGUE.analyte("total_cholesterol")
    converted = convert(Decimal("200"), unit="mg/dl", analyte=lipids)
    assert converted.rule == "1 mg/dL = 0.0258622 mmol/L (molar mass 386.664 g/mol)"
    hba1c = convert(Decimal("48"), unit="mmol/mol", analyte=CATALOGUE.analyte("hba1c"))
    assert hba1c.rule == "NGSP = 0.09148 x IFCC + 2.152"


@pytest.mark.parametrize(
    ("analyte", "unit", "code"),
    [
        ("lpa_mass", "nmol/L", "no-conversion"),
        ("lpa_molar", "mg/dL", "no-conversion"),
        ("hemoglobin", "mmol/L", "no-conversion"),
        ("apob", "mmol/L", "no-conversion"),
        ("creatinine", "mg/g", "no-conversion"),
        ("creatinine", "mmol/mol", "no-conversion"),
        ("glucose", "%", "no-conversion"),
        ("hba1c", "mg/dL", "no-conversion"),
        ("hba1c", "mg/g", "no-conversion"),
        ("hba1c", "L/L", "no-conversion"),
        ("acr", "%", "no-conversion"),
        ("urea", "[IU]/L", "no-conversion"),
        ("total_cholesterol", "meq/L", "no-conversion"),
        # Not indexed to body surface: another quantity than the eGFR of the staging.
        ("egfr", "mL/min", "no-conversion"),
        ("platelets", "fL", "no-conversion"),
        ("smoking_status", "%", "no-conversion"),
        ("weight", "斤", "unknown-unit"),
        ("glucose", "Mmol/L", "unknown-unit"),
        ("hemoglobin", "G/L", "unknown-unit"),
        ("glucose", "", "missing-unit"),
        ("glucose", "  ", "missing-unit"),
    ],
)
def test_refused_where_no_factor_exists(analyte: str, unit: str, code: str) -> None:
    refused = refusal(analyte, unit)
    assert refused.code == code
    assert refused.text.startswith(analyte)


def test_the_refusal_of_lipoprotein_a_says_why() -> None:
    assert "differs in mass from person to person" in refusal("lpa_mass", "nmol/L").text


def test_urea_and_urea_nitrogen_are_two_analytes() -> None:
    # 14 mg/dL of urea nitrogen is 30 mg/dL of urea: reading one as the other is off by 2.14.
    urea, bun = result("urea", "14", "mg/dL"), result("bun", "14", "mg/dL")
    assert bun / urea == pytest.approx(2.1439, rel=5e-4)
    assert not {*CATALOGUE.analyte("urea").loinc} & {*CATALOGUE.analyte("bun").loinc}


def test_fasting_and_random_glucose_are_two_analytes() -> None:
    random, fasting = CATALOGUE.by_loinc("14749-6"), CATALOGUE.by_loinc("14771-0")
    assert random is not None
    assert fasting is not None
    assert (random.id, fasting.id) == ("glucose", "glucose_fasting")


def test_serum_and_urine_creatinine_are_two_analytes() -> None:
    serum, urine = CATALOGUE.by_loinc("14682-9"), CATALOGUE.by_loinc("14683-7")
    assert serum is not None
    assert urine is not None
    assert (serum.id, urine.id) == ("creatinine", "urine_creatinine")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e31", "9e999999"])
def test_no_arithmetic_on_what_is_no_measured_value(value: str) -> None:
    with pytest.raises(UnitRefused) as caught:
        convert(Decimal(value), unit="mg/dL", analyte=CATALOGUE.analyte("glucose"))
    assert caught.value.code == "not-a-number"


@pytest.mark.parametrize(
    ("printed", "wanted"),
    [
        ("mmol/l", "mmol/L"), ("MMOL/L", "mmol/L"), ("ｍｍｏｌ／Ｌ", "mmol/L"),
        ("mmol / L", "mmol/L"),
        ("μmol/L", "umol/L"), ("µmol/L", "umol/L"), ("umol/l", "umol/L"), ("微摩尔/升", "umol/L"),
        ("mg/dl", "mg/dL"), ("㎎/dl", "mg/dL"), ("gm/dl", "g/dL"), ("g/l", "g/L"),
        ("U/L", "U/L"), ("IU/L", "[IU]/L"), ("%", "%"), ("％", "%"), ("mmol/mol", "mmol/mol"),
        ("mg/mmol", "mg/mmol"), ("mg/g", "mg/g"), ("mg/gCr", "mg/g"), ("mg/g Cr", "mg/g"),
        ("mg/mmolCr", "mg/mmol"), ("mg/g{creat}", "mg/g"), ("μg/mg", "ug/mg"), ("mg/g肌酐", "mg/g"),
        ("mmHg", "mm[Hg]"), ("mm Hg", "mm[Hg]"), ("㎜Hg", "mm[Hg]"), ("毫米汞柱", "mm[Hg]"),
        ("kPa", "kPa"), ("kg/m2", "kg/m2"), ("kg/m²", "kg/m2"), ("Kg/㎡", "kg/m2"),
        ("mL/min/1.73m2", "mL/min/{1.73_m2}"), ("ml/min/1.73m^2", "mL/min/{1.73_m2}"),
        ("mL/min/1.73 m²", "mL/min/{1.73_m2}"), ("ml/(min·1.73m2)", "mL/min/{1.73_m2}"),
        ("10^9/L", "10*9/L"), ("10⁹/L", "10*9/L"), ("×10^9/L", "10*9/L"), ("x10⁹/L", "10*9/L"),
        ("10¹²/L", "10*12/L"), ("K/uL", "10*3/uL"), ("bpm", "/min"), ("次/分", "/min"),
        ("cm", "cm"), ("厘米", "cm"), ("公斤", "kg"), ("mEq/L", "meq/L"), ("℃", "Cel"),
    ],
)  # fmt: skip
def test_printed_units(printed: str, wanted: str) -> None:
    assert ucum_code(printed) == wanted


@pytest.mark.parametrize(
    "text", ["", " ", "Mmol/L", "G/L", "M/L", "斤", "mmo/L", "109/L", "mg/dL*", "M", "M" * 5000]
)
def test_a_unit_is_not_guessed(text: str) -> None:
    assert ucum_code(text) is None


def test_a_printed_form_has_one_meaning() -> None:
    forms = [form for code, printed in PRINTED.items() for form in {code, *printed.split()}]
    assert len(forms) == len(set(forms))
    assert set(UNITS) <= set(PRINTED)


def test_units_that_mean_the_same() -> None:
    acr, glucose = CATALOGUE.analyte("acr"), CATALOGUE.analyte("glucose")
    assert same_meaning("ug/mg", "mg/g", analyte=acr)
    assert same_meaning("[IU]/L", "U/L", analyte=CATALOGUE.analyte("alt"))
    assert not same_meaning("mg/mmol", "mg/g", analyte=acr)
    assert not same_meaning("mg/dL", "mmol/L", analyte=glucose)
    assert not same_meaning("mmHg", "%", analyte=glucose)


# Which analyte stands for a row of the published table.
_ROWS = {
    "glucose": "glucose",
    "cholesterol (TC,HDL,LDL,non-HDL)": "total_cholesterol",
    "triglyceride (as triolein, convention 885.4)": "triglyceride",
    "creatinine": "creatinine",
    "urea": "urea",
    "urea nitrogen (N2 of urea)": "bun",
    "urate": "urate",
    "bilirubin": "bilirubin_total",
    "calcium": "calcium",
    "magnesium": "magnesium",
    "phosphate (as P)": "phosphate",
    "ACR": "acr",
    "BNP": "bnp",
    "NT-proBNP": "ntprobnp",
    "hemoglobin": "hemoglobin",
    "albumin": "albumin",
}


@pytest.mark.skipif(not SHARED.exists(), reason="the shared table of conversions is not here")
def test_every_row_of_the_shared_table() -> None:
    seen = set()
    for row in csv.DictReader(SHARED.read_text(encoding="utf-8").splitlines()):
        name, to = row["analyte"], row["to_unit"].removesuffix(" urea")
        if name in _ROWS:
            factor = float(row["factor"].split()[0])
            assert result(_ROWS[name], "1", row["from_unit"], to) == pytest.approx(factor, rel=5e-4)
        elif name == "HbA1c":
            assert result("hba1c", "6.5", "%", "mmol/mol") == pytest.approx(
                (6.5 - 2.152) / 0.09148, rel=5e-4
            )
        elif name == "lipoprotein(a)":
            assert refusal("lpa_mass", "nmol/L").code == "no-conversion"
        elif name == "BUN vs urea":
            # The ratio holds between the two analytes; the product converts neither to the other.
            ratio = result("bun", "1", "mg/dL") / result("urea", "1", "mg/dL")
            assert ratio == pytest.approx(float(row["factor"]), rel=5e-4)
        else:
            assert name == "creatinine method"  # Jaffe and enzymatic: there is no such unit
        seen.add(name)
    assert seen >= set(_ROWS)
