"""Holds units to UCUM's functional tests and to published factors, and times them.

`python -m scripts.check_units FOLDER`: a folder with `UcumFunctionalTests*.xml` (ucum.org) and
`conversions.csv` (analyte, from_unit, to_unit, factor, kind). Prints a line for each kind of check
and every case that does not agree.
"""

import argparse
import csv
import re
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Final

from terminology import catalogue, ucum, units
from terminology.catalogue import Analyte

# The published factors have six digits at most.
_TOLERANCE: Final = Decimal("0.0005")
# How the table's names of analytes stand in the catalogue.
_ANALYTES: Final = {
    "cholesterol": "total_cholesterol",
    "urea nitrogen": "bun",
    "bilirubin": "bilirubin_total",
    "nt-probnp": "ntprobnp",
    "lipoprotein(a)": "lpa_mass",
}


def main() -> int:
    """Check and time; 0 where everything agrees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    (tests,) = folder.rglob("UcumFunctionalTests*.xml")
    (factors,) = folder.rglob("conversions.csv")
    # A file of the folder that was named, not of the network.
    root = ET.parse(tests).getroot()  # noqa: S314
    wrong = [
        _counted("UCUM validation", root.iterfind("validation/case"), _is_valid),
        _counted("UCUM conversion", root.iterfind("conversion/case"), _converts),
        _counted("UCUM multiplication", root.iterfind("multiplication/case"), _multiplies),
        _factors(factors),
    ]
    _timed([case.get("unit", "") for case in root.iterfind("validation/case")])
    return 1 if any(wrong) else 0


def _counted(name: str, cases: Iterator[ET.Element], agrees: Callable[[ET.Element], bool]) -> int:
    found = [(case, agrees(case)) for case in cases]
    wrong = [case for case, right in found if not right]
    print(f"{name}: {len(found) - len(wrong)} of {len(found)}")
    for case in wrong:
        print("  ", case.attrib)
    return len(wrong)


def _is_valid(case: ET.Element) -> bool:
    return (ucum.canonical(case.get("unit", "")) is not None) is (case.get("valid") == "true")


def _converts(case: ET.Element) -> bool:
    expected = Decimal(case.get("outcome", ""))
    try:
        found = ucum.convert(
            Decimal(case.get("value", "")), case.get("srcUnit", ""), case.get("dstUnit", "")
        )
    except ucum.UcumRefused:
        return False
    # The file rounds to the digits that it shows.
    digit = Decimal(1).scaleb(int(expected.as_tuple().exponent))
    return abs(found - Fraction(expected)) <= Fraction(digit)


def _multiplies(case: ET.Element) -> bool:
    amount = Decimal(case.get("v1", "")) * Decimal(case.get("v2", ""))
    unit = f"({case.get('u1')}).({case.get('u2')})"
    return ucum.convert(amount, unit, case.get("uRes", "")) == Fraction(case.get("vRes", ""))


def _factors(place: Path) -> int:
    """Return how many published factors the product does not have, or has where there is none."""
    wrong, count = [], 0
    with place.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            said = _agreement(row)
            if said is not None:
                count += 1
                wrong += [f"{row['analyte']}: {said}"] if said else []
    print(f"published factors within {100 * _TOLERANCE} %: {count - len(wrong)} of {count}")
    for each in wrong:
        print("  ", each)
    return len(wrong)


def _agreement(row: dict[str, str]) -> str | None:
    """Return "" where a row agrees, what is wrong, or None for a row that is no conversion."""
    analyte = _analyte(row["analyte"])
    if analyte is None:
        return None
    source, target = row["from_unit"].split()[0], row["to_unit"].split()[0]
    try:
        found = units.convert(Decimal(100), unit=source, analyte=analyte, to=target).value / 100
    except units.UnitRefused as refused:
        return "" if row["kind"] == "refuse" else str(refused)
    if row["kind"] == "refuse":
        return f"converted by {found}"
    if "HbA1c" in row["analyte"]:
        value = units.convert(Decimal("6.5"), unit="%", analyte=analyte, to="mmol/mol").value
        return "" if round(value, 1) == Decimal("47.5") else f"6.5 % is {value}"
    number = re.match(r"[0-9.]+", row["factor"])
    expected = Decimal(number[0]) if number else Decimal(0)
    return "" if abs(found / expected - 1) <= _TOLERANCE else f"{found} instead of {expected}"


def _analyte(name: str) -> Analyte | None:
    known = {each.id: each for each in catalogue.load().analytes}
    plain = name.partition(" (")[0].lower()
    return known.get(_ANALYTES.get(plain, plain.replace("-", "_").replace(" ", "_")))


def _timed(codes: list[str]) -> None:
    caches = (ucum.canonical, ucum._unit_of, ucum._atom)
    times = []
    for code in codes:
        for cache in caches:
            cache.cache_clear()
        begun = time.perf_counter()
        ucum.canonical(code)
        times.append(1e6 * (time.perf_counter() - begun))
    print(f"cold parse: median {median(times):.0f} us (100)")
    analyte = _analyte("glucose")
    if analyte is None:
        raise RuntimeError("no glucose in the catalogue")
    best = min(_one_conversion(analyte) for _ in range(7))
    print(f"cached conversion of a result: {best:.2f} us (1)")


def _one_conversion(analyte: Analyte) -> float:
    """Return the microseconds of one conversion, of ten thousand in a row."""
    value, rounds = Decimal(126), 10_000
    begun = time.perf_counter()
    for _ in range(rounds):
        units.convert(value, unit="mg/dL", analyte=analyte)
    return 1e6 * (time.perf_counter() - begun) / rounds


if __name__ == "__main__":
    sys.exit(main())
