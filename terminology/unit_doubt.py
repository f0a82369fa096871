"""Whether the unit of a plausible value is in doubt: a unit swapped without the number converted.

A swapped unit mostly leaves what a living body can have, and is refused there. What is left looks
like a result: 2 mg/dL of phosphate exists, and is as often 2 mmol/L. The unit as written still
decides; that it is doubtful is said.
"""

import csv
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files

from terminology.catalogue import Analyte
from terminology.units import convert


def rival_unit(value: Decimal, *, unit: str, analyte: Analyte) -> str | None:
    """Return the unit in which the number would be ordinary while it is not in its own.

    None where the value is ordinary in `unit` (UCUM, convertible), or in no other unit either.
    """
    ordinary = _table().get(analyte.id)
    if ordinary is None or _is_in(ordinary, value, unit, analyte):
        return None
    others = dict.fromkeys((analyte.canonical_unit, *(code.unit for code in analyte.codes)))
    return next((other for other in others if _is_in(ordinary, value, other, analyte)), None)


def _is_in(ordinary: tuple[Decimal, Decimal], value: Decimal, unit: str, analyte: Analyte) -> bool:
    low, high = ordinary
    return low <= convert(value, unit=unit, analyte=analyte).value <= high


@cache
def _table() -> Mapping[str, tuple[Decimal, Decimal]]:
    text = files("terminology").joinpath("data", "ordinary_values.csv").read_text("utf-8")
    return {
        row["analyte"]: (Decimal(row["low"]), Decimal(row["high"]))
        for row in csv.DictReader(text.splitlines())
    }
