"""UCUM expressions as they come in quantities, and the official functional tests."""

import json
import xml.etree.ElementTree as ET
from decimal import Decimal
from fractions import Fraction
from importlib.resources import files
from itertools import product
from math import inf

import pytest

from terminology.ucum import Canonical, UcumRefused, canonical, convert, same_dimension
from terminology.ucum_scales import OffScale
from tests.support.vectors import shared

# 1-116a of the same file refuses an annotation before a unit, and §2.2 derives none.
OFFICIAL_VALIDATION_NOT_FOLLOWED = {"g.m/{hb}m2"}
# 3-111: one per milligram is a thousand per gram, so 6.3 is 6300, as 3-110 has it for mm.
# 3-115: §2.2 reads s/4.m from the left: (s/4).m, which is no s/m.
OFFICIAL_CONVERSION_NOT_FOLLOWED = {"3-111", "3-115"}

# fmt: off
CANONICAL = [
    ("g/m3", "1", "g.m-3"), ("mg/dL", "10", "g.m-3"), ("g/L", "1000", "g.m-3"),
    ("kg/m2", "1000", "g.m-2"), ("mm[Hg]", "133322", "g.m-1.s-2"), ("kPa", "1000000", "g.m-1.s-2"),
    ("cm[H2O]", "98066.5", "g.m-1.s-2"), ("mL/min/{1.73_m2}", "1/60000000", "m3.s-1"),
    ("/min", "1/60", "s-1"), ("{beats}/min", "1/60", "s-1"), ("Hz", "1", "s-1"),
    ("10*9/L", "1e12", "m-3"), ("10*3/uL", "1e12", "m-3"), ("10^9/L", "1e12", "m-3"),
    ("mmol/L", "602214076e15", "m-3"), ("meq/L", "602214076e15", "m-3"),
    ("%", "0.01", "1"), ("mmol/mol", "0.001", "1"), ("{score}", "1", "1"), ("1", "1", "1"),
    ("", "1", "1"), ("ng/mL{FEU}", "0.001", "g.m-3"), ("g{creat}", "1", "g"),
    ("m[IU]/L", "1", "[iU].m-3"), ("m[iU]/L", "1", "[iU].m-3"),
    ("[arb'U]/mL", "1e6", "[arb'U].m-3"),
    # The full stop multiplies (§2.2): 1.5 is no decimal number here but 1 times 5.
    ("1.5.m", "5", "m"), ("g/1.73.m2", "73", "g.m2"),
    ("mmol/(8.h.kg)", "602214076e12/28800000", "g-1.s-1"), ("4.[pi].rad", None, "rad"),
    ("m/s.s", "1", "m"), ("m/(s.s)", "1", "m.s-2"), ("m0", "1", "1"), ("dam", "10", "m"),
    ("Ki", None, None), ("KiBy", "8192", "1"), ("cal_[15]", "4185.80", "g.m2.s-2"),
    ("m[H2O]{x}", "9806650", "g.m-1.s-2"), ("[in_i'Hg]", None, "g.m-1.s-2"), ("cd", "1", "cd"),
]
NO_UCUM = [
    "mg/dl ", "mg per dL", "mg//dL", "mg/", ".mg", "mg.", "mmHg", "mm Hg", "kg[H20]", "12h",
    "10+3/uL", "{a}rad2{b}", "m{a}{b}", "(m)2", "(m", "m)", "()", "{}", "{ }", "{a b}", "{a", "[iU",
    "iU", "IU", "MG/DL", "0", "0.m", "-1", "m-", "m+-2", "μg", "µg/L", "°C", "Cel/min", "/Cel",
    "Cel2", "2.Cel", "J/Cel", "k[in_i]", "mmin", "10*999999999", "m999999999", "m" + ".m" * 100,
    "//m", "m/(/s)", "m²", "%%", "1e3", "U_L", "[", "]", "\x00", "m\n",
]
SPECIAL = [
    ("37", "Cel", "K", "310.15"), ("98.6", "[degF]", "Cel", "37"), ("80", "[degRe]", "Cel", "100"),
    ("310.15", "K", "Cel", "37"), ("37000", "mCel", "Cel", "37"), ("-40", "Cel", "[degF]", "-40"),
    ("7.4", "[pH]", "nmol/L", "39.81"), ("40", "dB", "1", "10000"), ("20", "dB", "Np", "4.605"),
    ("94", "dB[SPL]", "Pa", "1.002"), ("1", "W", "B[kW]", "-3"), ("60", "dB[uV]", "mV", "1"),
    ("100", "%[slope]", "deg", "45"), ("1", "[p'diop]", "deg", "0.573"), ("3", "bit_s", "1", "8"),
    ("2", "[hp'_C]", "1", "0.0001"), ("3", "[m/s2/Hz^(1/2)]", "m2/s4/Hz", "9"),
    ("9", "m2/s4/Hz", "[m/s2/Hz^(1/2)]", "3"),
]
# fmt: on


def fraction(text: str) -> Fraction:
    numerator, _, denominator = text.partition("/")
    return Fraction(numerator) / Fraction(denominator or "1")


@pytest.mark.parametrize(("code", "factor", "expected"), CANONICAL)
def test_canonical_form(code: str, factor: str | None, expected: str | None) -> None:
    found = canonical(code)
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert found.code == expected
    assert factor is None or found.factor == fraction(factor)
    assert found.offset == 0
    assert canonical(found.code) == Canonical(Fraction(1), found.code)


@pytest.mark.parametrize("code", NO_UCUM)
def test_no_ucum_expression(code: str) -> None:
    assert canonical(code) is None
    assert not same_dimension(code, code)
    with pytest.raises(UcumRefused, match="no UCUM expression"):
        convert(Decimal(1), code, "1")


@pytest.mark.parametrize(("value", "source", "target", "expected"), SPECIAL)
def test_special_units(value: str, source: str, target: str, expected: str) -> None:
    assert float(convert(Decimal(value), source, target)) == pytest.approx(
        float(expected), rel=1e-3
    )


def test_temperatures_are_exact_and_share_a_canonical_unit() -> None:
    assert convert(Decimal("98.6"), "[degF]", "Cel") == 37
    for code, value in (("Cel", "37"), ("[degF]", "98.6"), ("K", "310.15")):
        found = canonical(code)
        assert found
        assert (found.code, found.value(Decimal(value))) == ("K", Fraction("310.15"))


def test_a_logarithmic_unit_keeps_its_order_in_search() -> None:
    acid, decibel = canonical("[pH]"), canonical("dB[SPL]")
    assert acid == Canonical(Fraction(1), "[pH]")
    assert decibel == Canonical(Fraction(1, 10), "B[SPL]")
    assert same_dimension("[pH]", "mol/L")
    assert not same_dimension("dB", "dB[SPL]")


@pytest.mark.parametrize(
    ("value", "source", "target"), [("0", "1", "dB"), ("-1", "mol/L", "[pH]"), ("1e9", "B", "1")]
)
def test_off_the_scale(value: str, source: str, target: str) -> None:
    with pytest.raises(OffScale, match="has no value for"):
        convert(Decimal(value), source, target)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("mg/dL", "mmol/L"),  # glucose or not: molar mass is none of UCUM's business
        ("[IU]/L", "U/L"), ("[iU]", "[arb'U]"), ("[iU]", "1"), ("g", "m"), ("[GPL'U]", "[MPL'U]"),
        ("m[IU]/L", "mmol/L"), ("Cel", "m"), ("rad", "1"),
    ],
)  # fmt: skip
def test_what_does_not_convert(first: str, second: str) -> None:
    assert not same_dimension(first, second)
    with pytest.raises(UcumRefused, match="measure different things"):
        convert(Decimal("5.4"), first, second)


def test_ucum_takes_hba1c_for_a_pure_number() -> None:
    """Why no analyte is converted here: 6.5 % HbA1c are 48 mmol/mol, and UCUM says 65."""
    assert convert(Decimal("6.5"), "%", "mmol/mol") == 65


def test_conversion_is_exact() -> None:
    assert convert(Decimal("0.1"), "mg/dL", "g/m3") == 1
    assert convert(Decimal("120"), "mm[Hg]", "kPa") == Fraction("15.99864")
    assert convert(Decimal("1"), "m/s", "km/h") == Fraction("3.6")


def test_an_indexed_value_meets_the_same_value_in_another_unit() -> None:
    milligrams, grams, kilograms = (canonical(code) for code in ("mg", "g", "kg"))
    assert milligrams
    assert grams
    assert kilograms
    for tenths in range(1, 2000):
        written = [float(Decimal(tenths).scaleb(n)) for n in (2, -1, -4)]
        found = {
            u.interval(x, x) for u, x in zip((milligrams, grams, kilograms), written, strict=True)
        }
        assert len(found) == 1


def test_open_and_huge_intervals() -> None:
    kilograms, huge = canonical("kg"), canonical("Ym9")
    assert kilograms
    assert huge
    assert kilograms.interval(-inf, 2.5) == (-inf, 2500.0)
    assert kilograms.interval(2.5, inf) == (2500.0, inf)
    assert huge.interval(-1e200, 1e200) == (-inf, inf)


def test_every_unit_of_the_table_resolves_and_no_spelling_is_ambiguous() -> None:
    table = json.loads(files("terminology").joinpath("data", "ucum.json").read_bytes())
    assert (table["version"], len(table["units"])) == ("2.2", 305)
    for code in [*table["units"], *table["base"]]:
        assert canonical(code) is not None, code
    metric = [*table["base"], *(code for code, unit in table["units"].items() if unit[0])]
    spellings = [prefix + code for prefix, code in product(table["prefixes"], metric)]
    assert len(set(spellings)) == len(spellings)
    assert set(spellings).isdisjoint([*table["units"], *table["base"]])


def official(kind: str) -> list[dict[str, str]]:
    """The cases of one kind; the test is skipped, and says so, where the file is not there."""
    path = shared("terminology", "ucum", "UcumFunctionalTests.2.xml")
    section = ET.parse(path).getroot().find(kind)
    assert section is not None
    return [case.attrib for case in section]


def test_official_validation_cases() -> None:
    cases = official("validation")
    wrong = {
        c["unit"] for c in cases if (canonical(c["unit"]) is not None) != (c["valid"] == "true")
    }
    assert len(cases) == 525
    assert wrong == OFFICIAL_VALIDATION_NOT_FOLLOWED


def agrees(case: dict[str, str]) -> bool:
    expected = Decimal(case["outcome"])
    try:
        found = convert(Decimal(case["value"]), case["srcUnit"], case["dstUnit"])
    except UcumRefused:
        return False
    # The file rounds to as many digits as the value was given with, and cuts long constants.
    unit = Decimal(1).scaleb(expected.as_tuple().exponent)  # type: ignore[arg-type]
    return abs(found - Fraction(expected)) <= Fraction(unit)


def test_official_conversion_cases() -> None:
    cases = official("conversion")
    wrong = {case["id"] for case in cases if not agrees(case)}
    assert len(cases) == 29
    assert wrong == OFFICIAL_CONVERSION_NOT_FOLLOWED


def test_official_multiplication_cases() -> None:
    cases = official("multiplication")
    assert len(cases) == 2
    for case in cases:
        amount = Decimal(case["v1"]) * Decimal(case["v2"])
        found = convert(amount, f"({case['u1']}).({case['u2']})", case["uRes"])
        assert found == Fraction(case["vRes"])
