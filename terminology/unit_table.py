"""The units that values of the catalogue come in: UCUM code, dimension and size by UCUM.

A dimension here is finer than UCUM's: mg/g and % are both pure numbers there, and treating them
as one is how a library turns an HbA1c of 6.5 % into 65 mmol/mol.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit's dimension and how many of the dimension's base unit it is."""

    dimension: str
    size: Decimal


# UCUM essence 2.2: m[Hg] is 133.3220 kPa, [lb_av] 453.59237 g, [in_i] 2.54 cm.
_TABLE: Final[Mapping[str, Mapping[str, str]]] = {
    "mass concentration": {  # in g/L
        "g/L": "1", "g/dL": "10", "mg/mL": "1", "mg/dL": "0.01", "mg/L": "0.001",
        "ug/mL": "0.001", "ug/dL": "0.00001", "ug/L": "1e-6", "ng/mL": "1e-6", "ng/dL": "1e-8",
        "ng/L": "1e-9", "pg/mL": "1e-9", "g/mL": "1000", "mg/100.mL": "0.01",
    },
    "substance concentration": {  # in mol/L
        "mol/L": "1", "mmol/L": "0.001", "umol/L": "1e-6", "umol/mL": "0.001",
        "umol/dL": "0.00001", "nmol/mL": "1e-6", "nmol/L": "1e-9", "pmol/L": "1e-12",
        "mmol/dL": "0.01", "mol/m3": "0.001",
    },
    "charge concentration": {"eq/L": "1", "meq/L": "0.001"},  # in eq/L
    "enzyme activity concentration": {  # in U/L; UCUM: 1 U = 1 umol/min, 1 kat = 1 mol/s
        "U/L": "1", "U/mL": "1000", "mU/mL": "1", "kU/L": "1000", "mU/L": "0.001",
        "ukat/L": "60", "nkat/L": "0.06",
    },
    "arbitrary concentration": {  # in [IU]/L: an arbitrary unit, commensurable with nothing else
        "[IU]/L": "1", "[IU]/mL": "1000", "m[IU]/mL": "1", "m[IU]/L": "0.001",
        "u[IU]/mL": "0.001", "k[IU]/L": "1000",
    },
    "number concentration": {  # in /L
        "10*9/L": "1e9", "10*3/uL": "1e9", "10*6/mL": "1e9", "/nL": "1e9", "10*12/L": "1e12",
        "10*6/uL": "1e12", "/pL": "1e12", "10*6/L": "1e6", "/uL": "1e6", "/mm3": "1e6",
        "10*3/mL": "1e6", "/mL": "1e3", "/L": "1",
    },
    "fraction": {"%": "0.01", "L/L": "1"},
    "substance ratio": {"mmol/mol": "0.001", "mol/mol": "1"},
    "mass ratio": {"mg/g": "0.001", "ug/mg": "0.001", "ug/g": "1e-6", "g/g": "1", "mg/kg": "1e-6"},
    "mass per substance": {  # in g/mol
        "mg/mmol": "1", "g/mol": "1", "ug/umol": "1", "ug/mmol": "0.001", "g/mmol": "1000",
    },
    "pure number": {"1": "1"},
    "length": {"m": "1", "cm": "0.01", "mm": "0.001", "[in_i]": "0.0254", "[ft_i]": "0.3048"},
    "mass": {"g": "1", "kg": "1000", "[lb_av]": "453.59237", "[oz_av]": "28.349523125"},
    "mass per area": {"kg/m2": "1", "g/m2": "0.001", "g/cm2": "10"},
    "pressure": {"mm[Hg]": "133.322", "cm[Hg]": "1333.22", "kPa": "1000", "Pa": "1"},
    "rate": {"/min": "1", "/s": "60", "Hz": "60"},
    "flow per body surface": {"mL/min/{1.73_m2}": "1", "mL/s/{1.73_m2}": "60"},
    "flow": {"mL/min": "1", "mL/s": "60", "L/min": "1000"},
}  # fmt: skip

UNITS: Final[Mapping[str, Unit]] = {
    code: Unit(dimension, Decimal(size))
    for dimension, sizes in _TABLE.items()
    for code, size in sizes.items()
}
