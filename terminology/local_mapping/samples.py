"""What samples of results say of an item: numbers or words, and whether a body can have them."""

import re
from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from typing import Final, Literal

from terminology.catalogue import load as load_catalogue
from terminology.units import UnitRefused, convert

Verdict = Literal["none", "typical", "unchecked", "implausible", "words"]

# A number with what laboratories print around it; no more digits than any result has.
_NUMBER: Final = re.compile(r"\s*[<>≤≥]?=?\s*([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*[↑↓HL*]?\s*")
# One odd result among ten is a comment; more are what the item is answered with.
_FEW: Final = 0.1


def judge(samples: Sequence[str], *, code: str, unit: str) -> Verdict:
    """Return how samples fit a quantity with this LOINC code in this unit.

    `unchecked` where they are numbers and the catalogue knows no range for the code; the range is
    what a living body can have, so `implausible` means another quantity or another unit.
    """
    printed = [each for each in samples if each.strip()]
    if not printed:
        return "none"
    numbers = [Decimal(match[1]) for match in map(_NUMBER.fullmatch, printed) if match]
    if len(printed) - len(numbers) > _FEW * len(printed):
        return "words"
    analyte = load_catalogue().by_loinc(code)
    if analyte is None or analyte.is_coded:
        return "unchecked"
    try:
        value = convert(median(numbers), unit=unit, analyte=analyte).value
    except UnitRefused:
        return "unchecked"
    return "typical" if analyte.is_plausible(value) else "implausible"
