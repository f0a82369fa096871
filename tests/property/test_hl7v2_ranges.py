"""A bound is stated only where the text states it, in the unit of the result; the text stays."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.hl7v2.mapping.reference_range import reference_range

UMOL = {"unit": "umol/L", "system": "http://unitsofmeasure.org", "code": "umol/L"}
numbers = st.decimals(0, 100_000, places=2)
dashes = st.sampled_from(["-", " - ", "~", "～", "–", "—", "−", "至", " to ", "－"])
brackets = st.sampled_from(["{}", "({})", "[ {} ]", "（{}）", "【{}】"])
units = st.sampled_from(["", " umol/L", "umol/L", " μmol/L"])


def bounds(text: str) -> tuple[Decimal | None, Decimal | None]:
    (found,) = reference_range(text, UMOL)
    assert found["text"] == text.strip()
    low, high = (found.get(name, {}) for name in ("low", "high"))
    assert all(each == {} or each["unit"] == "umol/L" for each in (low, high))
    return low.get("value"), high.get("value")


@given(numbers, numbers, dashes, brackets, units)
def test_two_numbers_with_a_dash_are_a_range_whatever_it_looks_like(a, b, dash, bracket, unit):
    low, high = sorted((a, b))
    assert bounds(bracket.format(f"{low}{dash}{high}{unit}")) == (low, high)
    if low != high:
        assert bounds(bracket.format(f"{high}{dash}{low}{unit}")) == (None, None)


@given(numbers, st.sampled_from(["<", "<=", "≤", "＜"]), units)
def test_an_upper_bound_is_no_lower_one(number, sign, unit):
    assert bounds(f"{sign}{number}{unit}") == (None, number)


@given(numbers, st.sampled_from([">", ">=", "≥", "＞"]), units)
def test_a_lower_bound_is_no_upper_one(number, sign, unit):
    assert bounds(f"{sign} {number}{unit}") == (number, None)


@given(numbers, numbers)
def test_another_unit_is_never_taken_for_that_of_the_result(a, b):
    low, high = sorted((a, b))
    for text in (f"{low}-{high} mg/dL", f"<{high} mmol/L", f"{low}mg/dL-{high}umol/L"):
        assert bounds(text) == (None, None)


@given(numbers.filter(bool), numbers.filter(bool))
def test_a_doubled_dash_before_what_may_be_negative_is_not_guessed_at(a, b):
    low, high = sorted((a, b))
    assert bounds(f"{low}--{high}") == (low, high)  # nothing lies between low and -high
    if low != high:
        assert bounds(f"-{high}--{low}") == (None, None)


@given(numbers, numbers, st.sampled_from(["男:", "女", ">60岁:", "成人 "]))
def test_a_range_of_some_people_is_text(a, b, whom):
    low, high = sorted((a, b))
    assert bounds(f"{whom}{low}-{high}") == (None, None)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(str.strip))
def test_any_text_is_kept_and_what_has_no_digit_has_no_bound(text):
    found = reference_range(text, UMOL)
    assert [each["text"] for each in found] == [text.strip()]
    if not any(character.isdecimal() for character in text):
        assert found == [{"text": text.strip()}]
