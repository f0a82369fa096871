"""The check digits of LOINC and SNOMED CT identifiers: a mistyped code is caught before use."""

import re
from typing import Final

from terminology import codings

_LOINC_FORM: Final = re.compile(r"([0-9]{1,7})-([0-9])")
# LOINC's parts, answers and answer lists: their check digit follows another, unpublished, rule.
_LOINC_OTHERS: Final = re.compile(r"L[ALP][0-9]{1,8}-[0-9]")
_SCTID_FORM: Final = re.compile(r"[1-9][0-9]{5,17}")

# Verhoeff's dihedral group D5 and permutation, as SNOMED's TIG 3.1.4 (SCTID check-digit) prints.
_DIHEDRAL: Final = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_PERMUTATION: Final = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def is_loinc_code(code: str) -> bool:
    """Whether `code` has LOINC's form and its mod-10 check digit (LOINC Users' Guide, app. C)."""
    match = _LOINC_FORM.fullmatch(code)
    if match is None:
        return False
    digits = [int(digit) for digit in reversed(match[1])]
    # From the right, every first digit is doubled and its own digits are added up.
    total = sum(
        sum(divmod(digit * 2, 10)) if place % 2 == 0 else digit
        for place, digit in enumerate(digits)
    )
    return -total % 10 == int(match[2])


def is_sctid(code: str) -> bool:
    """Whether `code` has the form of a SNOMED CT identifier and its Verhoeff check digit."""
    if _SCTID_FORM.fullmatch(code) is None:
        return False
    check = 0
    for place, digit in enumerate(reversed(code)):
        permuted = _PERMUTATION[place % 8][int(digit)]
        check = int(_DIHEDRAL[check][int(permuted)])
    return check == 0


def may_be_code(system: str, code: str) -> bool:
    """Whether `code` can be one of LOINC or SNOMED CT by its form and check digit.

    Of LOINC's parts and answers the form alone tells; true for every other system. What cannot be
    a code is a slip, also where of the code system only a fragment is known.
    """
    if system == codings.LOINC:
        return is_loinc_code(code) or _LOINC_OTHERS.fullmatch(code) is not None
    return system != codings.SNOMED or is_sctid(code)
