"""The terms of the PREVENT equations: which published coefficient multiplies what, and whose it is.

The names of rows are those of the paper's supplemental tables.
"""

from dataclasses import dataclass
from typing import Final

from inference.contract import ModelDefinition
from inference.equations.prevent.inputs import MMOL_PER_MG

_INFINITY = float("inf")

Name = str | tuple[str, str]


@dataclass(frozen=True, slots=True)
class Basic:
    """`(clip(input, low, high) - centre) / scale`, in the input's own unit."""

    column: str
    centre: float
    scale: float
    low: float = -_INFINITY
    high: float = _INFINITY


BASIC: Final = {
    "age": Basic("age", 55.0, 10.0),
    # non-HDL cholesterol less 3.5 is total less 4.8, less HDL less 1.3 (mmol/L).
    "tc": Basic("total_cholesterol", 4.8 / MMOL_PER_MG, 1 / MMOL_PER_MG),
    "hdl_mmol": Basic("hdl_cholesterol", 1.3 / MMOL_PER_MG, 1 / MMOL_PER_MG),
    "sbp_low": Basic("systolic_pressure", 110.0, 20.0, high=110.0),
    "sbp": Basic("systolic_pressure", 130.0, 20.0, low=110.0),
    "bmi_low": Basic("bmi", 25.0, 5.0, high=30.0),
    "bmi": Basic("bmi", 30.0, 5.0, low=30.0),
    "egfr_low": Basic("egfr", 60.0, -15.0, high=60.0),
    "egfr": Basic("egfr", 90.0, -15.0, low=60.0),
    "diabetes": Basic("diabetes", 0.0, 1.0),
    "smoker": Basic("smoker", 0.0, 1.0),
    "treated": Basic("treated", 0.0, 1.0),
    "statin": Basic("statin", 0.0, 1.0),
}
PAIRS: Final = (
    ("treated", "sbp"), ("statin", "tc"), ("statin", "hdl_mmol"), ("age", "tc"),
    ("age", "hdl_mmol"), ("age", "sbp"), ("age", "diabetes"), ("age", "smoker"), ("age", "bmi"),
    ("age", "egfr_low"),
)  # fmt: skip
_AGE_SQUARED = ("age", "age")


@dataclass(frozen=True, slots=True)
class Term:
    """A published coefficient's place: the row of the table, our term, its owner and factor.

    An interaction with age belongs to the other input, treated pressure to the pressure and
    non-HDL cholesterol under a statin to the cholesterol.
    """

    row: str
    term: Name
    owner: str
    factor: float = 1.0


_NON_HDL = "non-HDL-C per 1 mmol/L"
_AGE_NON_HDL = "Age per 10yr * non-HDL-C per 1 mmol/L"
_TREATED_NON_HDL = "Treated non-HDL-C"
_COMMON = (
    Term(_NON_HDL, "tc", "total_cholesterol"),
    Term(_NON_HDL, "hdl_mmol", "hdl_cholesterol", -1.0),
    Term("HDL-C per 0.3 mmol/L", "hdl_mmol", "hdl_cholesterol", 1 / 0.3),
    Term("SBP <110 per 20 mmHg", "sbp_low", "systolic_pressure"),
    Term("SBP ≥110 per 20 mmHg", "sbp", "systolic_pressure"),
    Term("Diabetes", "diabetes", "diabetes"),
    Term("Current smoking", "smoker", "smoker"),
    Term("BMI <30, per 5 kg/m2", "bmi_low", "bmi"),
    Term("BMI 30+, per 5 kg/m2", "bmi", "bmi"),
    Term("eGFR <60, per -15 ml", "egfr_low", "egfr"),
    Term("eGFR 60+, per -15 ml", "egfr", "egfr"),
    Term("Anti-hypertensive use", "treated", "treated"),
    Term("Statin use", "statin", "statin"),
    Term("Treated SBP ≥110 mm Hg per 20 mm Hg", ("treated", "sbp"), "systolic_pressure"),
    Term(_TREATED_NON_HDL, ("statin", "tc"), "total_cholesterol"),
    Term(_TREATED_NON_HDL, ("statin", "hdl_mmol"), "hdl_cholesterol", -1.0),
    Term(_AGE_NON_HDL, ("age", "tc"), "total_cholesterol"),
    Term(_AGE_NON_HDL, ("age", "hdl_mmol"), "hdl_cholesterol", -1.0),
    Term("Age per 10yr * HDL-C per 0.3 mmol/L", ("age", "hdl_mmol"), "hdl_cholesterol", 1 / 0.3),
    Term("Age per 10yr * SBP ≥110 mm Hg per 20 mmHg", ("age", "sbp"), "systolic_pressure"),
    Term("Age per 10yr * diabetes", ("age", "diabetes"), "diabetes"),
    Term("Age per 10yr * current smoking", ("age", "smoker"), "smoker"),
    Term("Age per 10yr * BMI 30+ per 5 kg/m2", ("age", "bmi"), "bmi"),
    Term("Age per 10yr * eGFR <60, per -15 ml", ("age", "egfr_low"), "egfr"),
)
# The ten-year base table writes the same row in its own words.
AGE_ROWS: Final = ("Age, per 10 years", "Age, 10 years")
_SQUARED = Term("Age squared", _AGE_SQUARED, "age")

_OPTIONAL = {
    "acr": (Term("ln-ACR, mg/g, per 1 ln unit", "ln_acr", "acr"),),
    "hba1c": (
        Term("HbA1c in DM, per 1%", "hba1c_with_diabetes", "hba1c"),
        Term("HbA1c no DM, per 1%", "hba1c_without_diabetes", "hba1c"),
    ),
    "sdi": (
        Term("SDI decile categories 4-6 vs. 1-3", "sdi_middle", "sdi"),
        Term("SDI decile categories 7-10 vs. 1-3", "sdi_high", "sdi"),
    ),
}
MISSING_ROWS: Final = {
    "acr": "Missing ACR/PCR/Dipstick",
    "hba1c": "Missing HbA1c",
    "sdi": "Missing SDI",
}


def optional_inputs(model: ModelDefinition) -> list[str]:
    """Return the names of the model's optional predictors, in the order of its columns."""
    return [spec.name for spec in model.inputs if spec.name in _OPTIONAL]


def pairs_of(model: ModelDefinition) -> tuple[tuple[str, str], ...]:
    """Return the products that the model's equation has; those of 30 years square the age."""
    return PAIRS if model.primary.horizon_years == 10 else (*PAIRS, _AGE_SQUARED)


def terms_of(model: ModelDefinition, age_row: str) -> tuple[Term, ...]:
    """Return every term of the model's equation but the constant and those of missing inputs."""
    age = Term(age_row, "age", "age")
    squared = () if model.primary.horizon_years == 10 else (_SQUARED,)
    optional = [term for name in optional_inputs(model) for term in _OPTIONAL[name]]
    return (age, *squared, *_COMMON, *optional)


def names_of(model: ModelDefinition) -> list[Name]:
    """Return the names of the terms in the order in which the graph computes them."""
    optional = [term.term for name in optional_inputs(model) for term in _OPTIONAL[name]]
    return [*BASIC, *pairs_of(model), *optional]
