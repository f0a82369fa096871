"""Whatever the value: conversions go there and back, and a swapped unit does not pass unnoticed."""

from decimal import Decimal

import pytest
from hypothesis import assume, given, strategies

from terminology import catalogue
from terminology.catalogue import Analyte
from terminology.printed_units import PRINTED
from terminology.unit_table import UNITS
from terminology.units import UnitRefused, convert, ucum_code

CATALOGUE = catalogue.load()
QUANTITIES = [analyte for analyte in CATALOGUE.analytes if not analyte.is_coded]
values = strategies.decimals(
    min_value="0.001", max_value="100000", places=4, allow_nan=False, allow_infinity=False
)


def convertible(analyte: Analyte, unit: str) -> bool:
    try:
        convert(Decimal(1), unit=unit, analyte=analyte)
    except UnitRefused:
        return False
    return True


WAYS = [(analyte, unit) for analyte in QUANTITIES for unit in UNITS if convertible(analyte, unit)]


@given(strategies.sampled_from(WAYS), values)
def test_there_and_back(way: tuple[Analyte, str], value: Decimal) -> None:
    analyte, unit = way
    there = convert(value, unit=unit, analyte=analyte)
    back = convert(there.value, unit=there.unit, analyte=analyte, to=unit)
    assert there.unit == analyte.canonical_unit
    assert back.unit == unit
    assert abs(back.value - value) <= abs(value) * Decimal("1e-20") + Decimal("1e-20")


@given(strategies.sampled_from(WAYS), values, values)
def test_a_higher_value_stays_higher(
    way: tuple[Analyte, str], first: Decimal, second: Decimal
) -> None:
    assume(first < second)
    analyte, unit = way
    low, high = (convert(value, unit=unit, analyte=analyte).value for value in (first, second))
    assert low < high


# For the analytes whose two unit systems are far enough apart: what patients have, in the
# canonical unit, and the other unit that a slip would label it with.
SEPARATED = [
    ("creatinine", "35", "1300", "mg/dL"),
    ("glucose", "1.5", "10.8", "mg/dL"),
    ("glucose_fasting", "1.5", "10.8", "mg/dL"),
    ("total_cholesterol", "0.8", "23", "mg/dL"),
    ("hdl_cholesterol", "0.2", "5.5", "mg/dL"),
    ("ldl_cholesterol", "0.3", "7.7", "mg/dL"),
    ("hemoglobin", "27", "250", "g/dL"),
    ("albumin", "8", "70", "g/dL"),
    ("hba1c", "4", "9", "mmol/mol"),
]


@pytest.mark.parametrize(("name", "low", "high", "other"), SEPARATED)
def test_a_swapped_unit_leaves_the_range_of_the_living(
    name: str, low: str, high: str, other: str
) -> None:
    analyte = CATALOGUE.analyte(name)

    @given(strategies.decimals(min_value=low, max_value=high, places=2))
    def swapped(value: Decimal) -> None:
        assert analyte.is_plausible(value)
        mislabelled = convert(value, unit=other, analyte=analyte)
        assert not analyte.is_plausible(mislabelled.value)

    swapped()


# The same from the other side: what patients have in the other unit, labelled canonically.
REVERSED = [
    ("creatinine", "0.3", "14.9"),
    ("glucose", "61", "1000"),
    ("total_cholesterol", "31", "1000"),
    ("hdl_cholesterol", "6", "200"),
    ("ldl_cholesterol", "26", "900"),
    ("hemoglobin", "3", "24"),
    ("hba1c", "21", "190"),
]


@pytest.mark.parametrize(("name", "low", "high"), REVERSED)
def test_a_conventional_value_labelled_si_leaves_the_range(name: str, low: str, high: str) -> None:
    analyte = CATALOGUE.analyte(name)

    @given(strategies.decimals(min_value=low, max_value=high, places=2))
    def swapped(value: Decimal) -> None:
        assert not analyte.is_plausible(value)

    swapped()


@given(strategies.text(max_size=80))
def test_any_text_is_a_known_unit_or_none(text: str) -> None:
    code = ucum_code(text)
    assert code is None or code in PRINTED
    assert ucum_code(text) == code


@given(
    strategies.sampled_from(
        [form for code, forms in PRINTED.items() for form in (code, *forms.split())]
    )
)
def test_the_code_of_a_code_is_itself(form: str) -> None:
    code = ucum_code(form)
    assert code is not None
    assert ucum_code(code) == code
    # Full width is how Chinese input methods print the same unit.
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in form)
    assert ucum_code(wide) == code
