"""A code with one digit mistyped is never taken for a code, known or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminology import catalogue, dicom
from terminology.check_digits import may_be_code
from terminology.codings import LOINC, SNOMED
from terminology.service.code_system import ListedCodeSystem
from terminology.service.library import is_open

LOINC_CODES = [code.code for analyte in catalogue.load().analytes for code in analyte.codes]
SNOMED_CODES = [each.code for each in dicom.terms("SCT")[:500]]


@given(st.sampled_from(LOINC_CODES), st.data())
def test_one_wrong_digit_of_loinc_is_seen(code: str, data: st.DataObject) -> None:
    assert may_be_code(LOINC, code)
    assert not may_be_code(LOINC, mistyped(code, data))


@given(st.sampled_from(SNOMED_CODES), st.data())
def test_one_wrong_digit_of_snomed_ct_is_seen(code: str, data: st.DataObject) -> None:
    fragment = ListedCodeSystem({"url": SNOMED, "content": "fragment"})
    assert is_open(fragment, code)
    assert not is_open(fragment, mistyped(code, data))


@pytest.mark.parametrize("code", ["LP14355-9", "LA18978-9", "LL2201-3"])
def test_parts_and_answers_of_loinc_are_known_by_their_form(code: str) -> None:
    assert may_be_code(LOINC, code)
    assert not may_be_code(LOINC, code[:-2])


@given(st.text(max_size=20))
def test_nothing_can_be_said_of_other_systems(code: str) -> None:
    assert may_be_code("http://hospital.example.cn/lab", code)


def mistyped(code: str, data: st.DataObject) -> str:
    places = [at for at, letter in enumerate(code) if letter.isdigit()]
    at = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([each for each in "0123456789" if each != code[at]]))
    return code[:at] + other + code[at + 1 :]
