"""Fit the distributions from which values that were not measured are imputed.

    python -m scripts.fit_imputation FOLDER

FOLDER holds the survey tables (NHANES 1999-2016, public; the Rich Healthcare cohort of 13 Chinese
sites, CC0, Dryad doi 10.5061/dryad.ft8750v). Records with an odd number are fitted; the others are
kept for `scripts.check_intervals`. Writes inference/data/imputation.json, reviewed like code.
"""

import argparse
import csv
import gzip
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from terminology.catalogue import load

OUT: Final = Path(__file__).parents[1] / "inference" / "data" / "imputation.json"
UNITS: Final = {
    "total_cholesterol": "mmol/L",
    "hdl_cholesterol": "mmol/L",
    "sbp": "mm[Hg]",
    "bmi": "kg/m2",
    "waist": "cm",
}
_DIGITS: Final = 6
_LEAST_SQUARE: Final = 1e-8  # a residual of nought has no logarithm
_OLDEST: Final = 79  # NHANES gives older ages as 80 or 85; the Chinese cohort has few of them

_HEART = ("ever_chd", "ever_angina", "ever_heartattack", "ever_heartfailure", "ever_stroke")
_RACES: Final = {"3.0": 0.0, "4.0": 1.0}

Record = Mapping[str, str]
Person = dict[str, float]


@dataclass(frozen=True, slots=True)
class Survey:
    """One file and how its rows are read; `number` is what decides the half of a record."""

    file: str
    source: str
    variables: tuple[str, ...]
    without: tuple[str, ...]
    read: Callable[[Record], Person | None]


def _nhanes(row: Record) -> Person | None:
    if row["pregnancy"] == "1.0":
        return None
    readings = [float(row[f"SBP{k}"]) for k in (1, 2, 3, 4) if row[f"SBP{k}"] not in ("", "NA")]
    if not readings:
        return None
    columns = {"total_cholesterol": "TC", "hdl_cholesterol": "HDL", "bmi": "BMI", "waist": "waist"}
    values = {name: row[column] for name, column in columns.items()}
    if any(value in ("", "NA") for value in values.values()):
        return None
    return {
        "number": float(row["SEQN"]),
        "male": float(row["gender"] == "1.0"),
        "age": float(row["age"]),
        "sbp": readings[0],
        # What the fit does not read and `scripts.check_intervals` does. Only those who ever took a
        # drug, or ever smoked, were asked about now.
        "treated": float(row["now_BP_meds"] == "1.0"),
        "smoker": float(row["current_smoker"] in ("1.0", "2.0")),
        "diabetes": float(row["ever_diabetes"] == "1.0"),
        "black": _RACES.get(row["ethnicity"], math.nan),
        "prior_cvd": float(any(row[name] == "1.0" for name in _HEART)),
        **{name: float(value) for name, value in values.items()},
    }


def _rich(row: Record) -> Person | None:
    return {
        "number": float(row["line"]),
        "male": float(row["Gender"] == "1"),
        "age": float(row["Age"]),
        "sbp": float(row["SBP"]),
        "bmi": float(row["BMI"]),
        "total_cholesterol": float(row["Cholesterol"]),
        "hdl_cholesterol": float(row["HDL"]),
        "smoker": float(row["smoke"] == "1"),
        "diabetes": 0.0,
        "treated": 0.0,  # not on record
        "prior_cvd": 0.0,
    }


SURVEYS: Final = {
    "US": Survey(
        "nhanes_1999_2016_adults.csv.gz",
        "NHANES 1999-2016, adults of 20-79 who are not pregnant, single readings",
        ("total_cholesterol", "hdl_cholesterol", "sbp", "bmi", "waist"),
        (),
        _nhanes,
    ),
    "CN": Survey(
        "rich_china_incident_diabetes.csv.gz",
        "Rich Healthcare cohort (13 sites, China), adults of 20-79 without diabetes; "
        "Dryad ft8750v, CC0",
        ("total_cholesterol", "hdl_cholesterol", "sbp", "bmi"),
        ("diabetes",),
        _rich,
    ),
}


def people(folder: Path, survey: Survey) -> Iterator[Person]:
    """Yield the usable records: complete, and each value one that a living body can have."""
    catalogue = load()
    with gzip.open(folder / survey.file, "rt", encoding="utf-8") as lines:
        for line, row in enumerate(csv.DictReader(lines), start=1):
            found = survey.read(row | {"line": str(line)})
            if (
                found is not None
                and found["age"] <= _OLDEST
                and all(
                    catalogue.analyte(name).is_plausible(Decimal(str(found[name])))
                    for name in survey.variables
                )
            ):
                yield found


def is_fitted(person: Person) -> bool:
    """Whether a record belongs to the half that the fit may see."""
    return int(person["number"]) % 2 == 1


def _fit(survey: Survey, records: list[Person]) -> dict[str, Any]:
    ages = [person["age"] for person in records]
    return {
        "source": survey.source,
        "variables": survey.variables,
        "units": [UNITS[name] for name in survey.variables],
        "ages": (min(ages), max(ages)),
        "without": survey.without,
        "male": _fit_sex(survey, [person for person in records if person["male"]]),
        "female": _fit_sex(survey, [person for person in records if not person["male"]]),
    }


def _fit_sex(survey: Survey, records: list[Person]) -> dict[str, Any]:
    years = (np.array([person["age"] for person in records]) - 50.0) / 10.0
    terms = np.stack([np.ones_like(years), years, years**2], axis=1)
    values = np.log([[person[name] for name in survey.variables] for person in records])
    mean, *_ = np.linalg.lstsq(terms, values, rcond=None)
    residual = values - terms @ mean
    # Pressure spreads more with age: with one spread for all, the interval of the old is too short.
    squared = np.log(np.maximum(residual**2, _LEAST_SQUARE))
    spread = np.linalg.lstsq(terms, squared, rcond=None)[0] / 2.0
    unit = residual / np.exp(terms @ spread)
    # Cholesterol has longer tails than a normal: the spread is that of the nine tenths in the
    # middle, which the interval is about, not the larger one that a few outliers make.
    low, high = np.quantile(unit, [0.05, 0.95], axis=0)
    spread[0] += np.log((high - low) / (2 * NormalDist().inv_cdf(0.95)))
    return {
        "mean": _rounded(mean.T),
        "spread": _rounded(spread.T),
        "correlation": _rounded(np.corrcoef(unit.T)),
    }


def _rounded(values: NDArray[np.floating[Any]]) -> list[list[float]]:
    return [[round(float(value), _DIGITS) for value in row] for row in values]


def main() -> None:
    """Write the parameters and print how many people are behind them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    fits = {}
    for region, survey in SURVEYS.items():
        records = [person for person in people(folder, survey) if is_fitted(person)]
        fits[region] = _fit(survey, records)
        print(f"{region}: {len(records):,} people, ages {fits[region]['ages']}")
    OUT.write_text(json.dumps(fits, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
