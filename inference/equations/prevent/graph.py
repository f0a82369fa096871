"""The torch module that `make models` turns into the graphs of the PREVENT equations.

The published terms are products of at most two basic terms, and a basic term is an input clipped
at the ends of its piece, centred and scaled: a sum of inputs and of what is left of them above a
knot. So the graph is four steps: inputs and knots, two sums for each term and their product, one
matrix product per sex, logistic. Optional predictors add terms of their own.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from inference.contract import ModelDefinition, WhenAbsent
from inference.equations.pieces.graph import doubles, whole
from inference.equations.prevent.terms import (
    AGE_ROWS,
    BASIC,
    MISSING_ROWS,
    Name,
    Term,
    names_of,
    optional_inputs,
    terms_of,
)

_FILE_OUTCOMES = ("total_cvd", "ascvd", "heart_failure", "chd", "stroke")

Table = dict[str, dict[str, str]]


def _table(path: Path) -> Table:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["beta_coefficients"]: row for row in csv.DictReader(file)}


def _check_complete(table: Table, terms: Sequence[Term], optional: Sequence[str]) -> None:
    used = {term.row for term in terms} | {MISSING_ROWS[name] for name in optional} | {"Constant"}
    if used != table.keys():
        raise ValueError(f"coefficients: rows not used or not there: {used ^ table.keys()}")


def _row(table: Table, row: str, sex: str) -> list[float]:
    return [float(table[row][f"{sex}_{outcome}"]) for outcome in _FILE_OUTCOMES]


def outputs(model: ModelDefinition) -> tuple[str, ...]:
    """Return the names of the graph's outputs, in their order."""
    return ("estimate", "base", "contributions", *(scale.id for scale in model.scales))


class Prevent(torch.nn.Module):
    """Map the input matrix [n, k] to five risks, their bases, contributions and the threshold.

    Contributions are on the log-odds scale against the equation's own centres, age first. They
    and `base` add up to the logit; the term for an optional input that is not known is part of
    `base`. An unknown body mass index is NaN and leaves out heart failure alone: its coefficients
    are zero in every other outcome.
    """

    def __init__(self, model: ModelDefinition, coefficients: Path) -> None:
        super().__init__()
        self._columns = [spec.name for spec in model.inputs]
        self._optional = optional_inputs(model)
        # The optional inputs for whose absence the equation's own term is used; their terms are 0
        # at the reference.
        self._may_miss = [s for s in model.inputs if s.when_absent is WhenAbsent.MISSING_TERM]
        self._placed = bool(model.scales)
        self._keep_values(model)
        self._keep_factors(model)
        self._keep_equation(model, _table(coefficients))
        self._keep_rest(model)

    def _doubles(self, name: str, values: object) -> None:
        self.register_buffer(name, doubles(values))

    def _keep_values(self, model: ModelDefinition) -> None:
        """Keep what makes the values of which factors are sums: see `_values`."""
        stands = {"bmi": 25.0} | {s.name: s.reference for s in self._may_miss}
        # Any other input that is not a number stays one, and with it every risk.
        self._doubles("stand_in", [stands.get(name, math.nan) for name in self._columns])
        bent = [each for each in BASIC.values() if math.isfinite(each.low)]
        knots = {each.column: each.low for each in bent}
        self._doubles("knots", [knots.get(name, -math.inf) for name in self._columns])
        self._doubles("not_known", math.nan)
        self._doubles("decile_knots", _DECILE_KNOTS)
        self._value_names = [*self._columns, *(f"{name} bent" for name in self._columns)]
        if "acr" in self._optional:
            self._value_names.append("ln acr")
        if "sdi" in self._optional:
            self._value_names += [f"sdi bent {knot:g}" for knot in _DECILE_KNOTS]
        if self._may_miss:
            self._value_names += [f"{name} gone" for name in self._columns]

    def _keep_factors(self, model: ModelDefinition) -> None:
        """Keep each term as a product of two sums of values, whose coefficients are 0, 1 or -1.

        A scale is left to the weight of the term: so a term is exactly 0 at the reference.
        """
        factors = [_factors(name) for name in names_of(model)]
        factors += [(_gone(spec.name), _ONE) for spec in self._may_miss]
        factors.append((_ONE, _ONE))
        for place, name in enumerate(("first", "second")):
            chosen = [pair[place] for pair in factors]
            rows = [[each.of.get(value, 0.0) for each in chosen] for value in self._value_names]
            self._doubles(name, rows)
            self._doubles(f"{name}_start", [each.start for each in chosen])

    def _keep_equation(self, model: ModelDefinition, table: Table) -> None:
        age_row = next(row for row in AGE_ROWS if row in table)
        terms = terms_of(model, age_row)
        _check_complete(table, terms, self._optional)
        names = names_of(model)
        flat, width = len(_FILE_OUTCOMES), len(self._columns)
        for sex in ("male", "female"):
            weights = torch.zeros((len(names), flat, width), dtype=torch.float64)
            for term in terms:
                place = names.index(term.term), slice(None), self._columns.index(term.owner)
                weights[place] += doubles(_row(table, term.row, sex)) * term.factor / _scale(term)
            bases = [_row(table, MISSING_ROWS[spec.name], sex) for spec in self._may_miss]
            bases.append(_row(table, "Constant", sex))
            # The last terms, which are 1 or whether an input is gone, make up the base.
            of_base = torch.zeros((len(names) + len(bases), flat), dtype=torch.float64)
            of_base[len(names) :] = doubles(bases)
            of_inputs = torch.zeros((len(names) + len(bases), flat * width), dtype=torch.float64)
            of_inputs[: len(names)] = weights.reshape(len(names), -1)
            self.register_buffer(f"weights_{sex}", torch.cat([of_inputs, of_base], dim=1))

    def _keep_rest(self, model: ModelDefinition) -> None:
        limited = model.inputs[self._columns.index("bmi")].needed_for
        # Where it is seen that a risk is left out: sex is needed for every one.
        needed = ["bmi" if outcome.id in limited else "male" for outcome in model.outcomes]
        self.register_buffer("needed", whole([self._columns.index(name) for name in needed]))
        self._doubles("middle", 0.5)
        # The first risk reaches the threshold; the second, which is known where the first is,
        # is at least the second edge.
        self._doubles("edges", [0.075, -math.inf, *[math.inf] * (len(model.outcomes) - 2)])
        self.register_buffer("first_step", whole(1))

    def _values(self, x: torch.Tensor, gone: torch.Tensor) -> torch.Tensor:
        """Return the inputs and, where the equation bends, the greater of input and knot."""
        known = torch.where(gone, self.stand_in, x)
        found = [known, torch.maximum(known, self.knots)]
        if "acr" in self._optional:
            place = self._columns.index("acr")
            found.append(torch.log(known[:, place : place + 1]))
        if "sdi" in self._optional:
            place = self._columns.index("sdi")
            decile = known[:, place : place + 1]
            bent = torch.maximum(decile, self.decile_knots)
            # Between two deciles there is none: no group is guessed.
            found.append(torch.where(decile == torch.floor(decile), bent, self.not_known))
        if self._may_miss:
            found.append(gone.to(torch.float64))
        return torch.cat(found, dim=1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        gone = torch.isnan(x)
        values = self._values(x, gone)
        first = torch.addmm(self.first_start, values, self.first)
        terms = first * torch.addmm(self.second_start, values, self.second)
        place = self._columns.index("male")
        male = x[:, place : place + 1] >= self.middle
        flat = torch.where(male, terms @ self.weights_male, terms @ self.weights_female)
        outcomes, inputs = len(_FILE_OUTCOMES), len(self._columns)
        shares, base = torch.split(flat, [outcomes * inputs, outcomes], dim=1)
        contributions = shares.reshape(-1, outcomes, inputs)
        risk = torch.sigmoid(base + contributions.sum(dim=2))
        risk = torch.where(gone.index_select(1, self.needed), self.not_known, risk)
        return (risk, base, contributions, *self._place(risk))

    def _place(self, risk: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if not self._placed:
            return ()
        return ((risk >= self.edges).to(torch.int64).sum(dim=1) - self.first_step,)


@dataclass(frozen=True, slots=True)
class _Sum:
    """`start` and the values named, times their coefficients."""

    of: Mapping[str, float]
    start: float = 0.0


_ONE = _Sum({}, 1.0)
_DECILE_KNOTS = (3.0, 4.0, 6.0, 7.0)
# 0 up to decile 3 and 1 from 4 on, as deciles are whole; the same for 6 and 7.
_FROM_4 = {"sdi bent 3": 1.0, "sdi bent 4": -1.0}
_FROM_7 = {"sdi bent 6": 1.0, "sdi bent 7": -1.0}
_OPTIONAL_FACTORS = {
    "ln_acr": (_Sum({"ln acr": 1.0}), _ONE),
    "hba1c_with_diabetes": (_Sum({"hba1c": 1.0}, -5.3), _Sum({"diabetes": 1.0})),
    "hba1c_without_diabetes": (_Sum({"hba1c": 1.0}, -5.3), _Sum({"diabetes": -1.0}, 1.0)),
    "sdi_middle": (_Sum(_FROM_4 | {name: -each for name, each in _FROM_7.items()}), _ONE),
    "sdi_high": (_Sum(_FROM_7, 1.0), _ONE),
}


def _gone(name: str) -> _Sum:
    return _Sum({f"{name} gone": 1.0})


def _basic(name: str) -> _Sum:
    """Return a basic term times its scale: min(x, k) is written x + k - max(x, k)."""
    found = BASIC[name]
    if math.isfinite(found.high):
        below = {found.column: 1.0, f"{found.column} bent": -1.0}
        return _Sum(below, found.high - found.centre)
    value = f"{found.column} bent" if math.isfinite(found.low) else found.column
    return _Sum({value: 1.0}, -found.centre)


def _factors(name: Name) -> tuple[_Sum, _Sum]:
    if isinstance(name, tuple):
        return _basic(name[0]), _basic(name[1])
    return (_basic(name), _ONE) if name in BASIC else _OPTIONAL_FACTORS[name]


def _scale(term: Term) -> float:
    parts = term.term if isinstance(term.term, tuple) else (term.term,)
    return math.prod(BASIC[part].scale for part in parts if part in BASIC)
