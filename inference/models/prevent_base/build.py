"""The torch module that `make models` turns into the graph of PREVENT base, ten years.

The published terms are products of at most two basic terms, and a basic term is an input clipped
at the ends of its piece, centred and scaled. So the graph is four steps: clip and scale, multiply
pairs, one matrix product per sex, logistic. That is ten times faster than term by term.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import torch

from inference.models.prevent_base.definition import MODEL

_COLUMNS = [spec.name for spec in MODEL.inputs]
_FILE_OUTCOMES = ("total_cvd", "ascvd", "heart_failure", "chd", "stroke")
_MMOL = 0.02586  # mmol/L per mg/dL, as the paper's calculator has it
_INFINITY = float("inf")


@dataclass(frozen=True, slots=True)
class _Basic:
    """`(clip(input, low, high) - centre) / scale`, in the input's own unit."""

    column: str
    centre: float
    scale: float
    low: float = -_INFINITY
    high: float = _INFINITY


_BASIC = {
    "age": _Basic("age", 55.0, 10.0),
    # non-HDL cholesterol less 3.5 is total less 4.8, less HDL less 1.3 (mmol/L).
    "tc": _Basic("total_cholesterol", 4.8 / _MMOL, 1 / _MMOL),
    "hdl_mmol": _Basic("hdl_cholesterol", 1.3 / _MMOL, 1 / _MMOL),
    "sbp_low": _Basic("systolic_pressure", 110.0, 20.0, high=110.0),
    "sbp": _Basic("systolic_pressure", 130.0, 20.0, low=110.0),
    "bmi_low": _Basic("bmi", 25.0, 5.0, high=30.0),
    "bmi": _Basic("bmi", 30.0, 5.0, low=30.0),
    "egfr_low": _Basic("egfr", 60.0, -15.0, high=60.0),
    "egfr": _Basic("egfr", 90.0, -15.0, low=60.0),
    "diabetes": _Basic("diabetes", 0.0, 1.0),
    "smoker": _Basic("smoker", 0.0, 1.0),
    "treated": _Basic("treated", 0.0, 1.0),
    "statin": _Basic("statin", 0.0, 1.0),
}
_PAIRS = (
    ("treated", "sbp"), ("statin", "tc"), ("statin", "hdl_mmol"), ("age", "tc"),
    ("age", "hdl_mmol"), ("age", "sbp"), ("age", "diabetes"), ("age", "smoker"), ("age", "bmi"),
    ("age", "egfr_low"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Term:
    """A published coefficient's place: the row of the table, our term, its owner and factor.

    An interaction with age belongs to the other input, treated pressure to the pressure and
    non-HDL cholesterol under a statin to the cholesterol.
    """

    row: str
    term: str | tuple[str, str]
    owner: str
    factor: float = 1.0


_NON_HDL = "non-HDL-C per 1 mmol/L"
_AGE_NON_HDL = "Age per 10yr * non-HDL-C per 1 mmol/L"
_TREATED_NON_HDL = "Treated non-HDL-C"
_TERMS = (
    _Term("Age, per 10 years", "age", "age"),
    _Term(_NON_HDL, "tc", "total_cholesterol"),
    _Term(_NON_HDL, "hdl_mmol", "hdl_cholesterol", -1.0),
    _Term("HDL-C per 0.3 mmol/L", "hdl_mmol", "hdl_cholesterol", 1 / 0.3),
    _Term("SBP <110 per 20 mmHg", "sbp_low", "systolic_pressure"),
    _Term("SBP ≥110 per 20 mmHg", "sbp", "systolic_pressure"),
    _Term("Diabetes", "diabetes", "diabetes"),
    _Term("Current smoking", "smoker", "smoker"),
    _Term("BMI <30, per 5 kg/m2", "bmi_low", "bmi"),
    _Term("BMI 30+, per 5 kg/m2", "bmi", "bmi"),
    _Term("eGFR <60, per -15 ml", "egfr_low", "egfr"),
    _Term("eGFR 60+, per -15 ml", "egfr", "egfr"),
    _Term("Anti-hypertensive use", "treated", "treated"),
    _Term("Statin use", "statin", "statin"),
    _Term("Treated SBP ≥110 mm Hg per 20 mm Hg", ("treated", "sbp"), "systolic_pressure"),
    _Term(_TREATED_NON_HDL, ("statin", "tc"), "total_cholesterol"),
    _Term(_TREATED_NON_HDL, ("statin", "hdl_mmol"), "hdl_cholesterol", -1.0),
    _Term(_AGE_NON_HDL, ("age", "tc"), "total_cholesterol"),
    _Term(_AGE_NON_HDL, ("age", "hdl_mmol"), "hdl_cholesterol", -1.0),
    _Term("Age per 10yr * HDL-C per 0.3 mmol/L", ("age", "hdl_mmol"), "hdl_cholesterol", 1 / 0.3),
    _Term("Age per 10yr * SBP ≥110 mm Hg per 20 mmHg", ("age", "sbp"), "systolic_pressure"),
    _Term("Age per 10yr * diabetes", ("age", "diabetes"), "diabetes"),
    _Term("Age per 10yr * current smoking", ("age", "smoker"), "smoker"),
    _Term("Age per 10yr * BMI 30+ per 5 kg/m2", ("age", "bmi"), "bmi"),
    _Term("Age per 10yr * eGFR <60, per -15 ml", ("age", "egfr_low"), "egfr"),
)


def _table() -> dict[str, dict[str, str]]:
    path = Path(__file__).with_name("coefficients_10y.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {row["beta_coefficients"]: row for row in csv.DictReader(file)}


def _check_complete(table: dict[str, dict[str, str]]) -> None:
    used = {term.row for term in _TERMS} | {"Constant"}
    if used != table.keys():
        raise ValueError(f"coefficients_10y.csv: rows not used or not there: {used ^ table.keys()}")


def _weights(table: dict[str, dict[str, str]], sex: str) -> torch.Tensor:
    """Return [terms, outcomes * inputs]: what each term adds to each input's contribution."""
    names: list[str | tuple[str, str]] = [*_BASIC, *_PAIRS]
    weights = torch.zeros((len(names), len(_FILE_OUTCOMES), len(_COLUMNS)), dtype=torch.float64)
    for term in _TERMS:
        for column, outcome in enumerate(_FILE_OUTCOMES):
            coefficient = float(table[term.row][f"{sex}_{outcome}"]) * term.factor
            weights[names.index(term.term), column, _COLUMNS.index(term.owner)] += coefficient
    return weights.reshape(len(names), -1)


class PreventBase(torch.nn.Module):
    """Map the input matrix [n, 11] to five risks, their bases, contributions and the threshold.

    Contributions are on the log-odds scale against the equation's own centres, age first. They
    and `base` add up to the logit. An unknown body mass index is NaN and leaves out heart
    failure alone: its coefficients are zero in every other outcome.
    """

    def __init__(self) -> None:
        super().__init__()
        table = _table()
        _check_complete(table)
        basic = list(_BASIC)

        def doubles(name: str, values: object) -> None:
            self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

        def places(name: str, values: list[int]) -> None:
            self.register_buffer(name, torch.tensor(values, dtype=torch.int64))

        places("columns", [_COLUMNS.index(term.column) for term in _BASIC.values()])
        for name in ("low", "high", "centre", "scale"):
            doubles(name, [getattr(term, name) for term in _BASIC.values()])
        places("first", [basic.index(pair[0]) for pair in _PAIRS])
        places("second", [basic.index(pair[1]) for pair in _PAIRS])
        for sex in ("male", "female"):
            self.register_buffer(f"weights_{sex}", _weights(table, sex))
            doubles(f"constant_{sex}", [float(table["Constant"][f"{sex}_{o}"])
                                        for o in _FILE_OUTCOMES])  # fmt: skip
        # Any other input that is not a number stays one, and with it every risk.
        self.register_buffer("is_bmi", torch.tensor([name == "bmi" for name in _COLUMNS]))
        doubles("middle", 0.5)
        doubles("threshold", 0.075)
        doubles("standard_bmi", 25.0)
        doubles("needs_bmi", [float(o.id in MODEL.inputs[_COLUMNS.index("bmi")].needed_for)
                              for o in MODEL.outcomes])  # fmt: skip
        doubles("not_known", float("nan"))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        bmi = x[:, _COLUMNS.index("bmi")]
        unknown = torch.isnan(bmi)[:, None]
        known = torch.where(torch.isnan(x) & self.is_bmi, self.standard_bmi, x)
        clipped = torch.minimum(torch.maximum(known[:, self.columns], self.low), self.high)
        basic = (clipped - self.centre) / self.scale
        terms = torch.cat([basic, basic[:, self.first] * basic[:, self.second]], dim=1)
        male = (x[:, _COLUMNS.index("male")] > self.middle)[:, None]
        flat = torch.where(male, terms @ self.weights_male, terms @ self.weights_female)
        contributions = flat.reshape(-1, len(_FILE_OUTCOMES), len(_COLUMNS))
        base = torch.where(male, self.constant_male, self.constant_female)
        risk = torch.sigmoid(base + contributions.sum(dim=2))
        risk = torch.where(unknown & (self.needs_bmi > self.middle), self.not_known, risk)
        category = (risk[:, 0] >= self.threshold).to(torch.int64)
        return risk, base, contributions, category


OUTPUTS = ("estimate", "base", "contributions", "treatment-threshold")


def module() -> torch.nn.Module:
    """Return the module to export."""
    return PreventBase()
