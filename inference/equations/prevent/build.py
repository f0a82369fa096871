"""The torch module that `make models` turns into the graphs of the PREVENT equations.

The published terms are products of at most two basic terms, and a basic term is an input clipped
at the ends of its piece, centred and scaled. So the graph is four steps: clip and scale, multiply
pairs, one matrix product per sex, logistic. That is ten times faster than term by term. Optional
predictors add terms of their own.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import torch

from inference.contract import ModelDefinition, WhenAbsent
from inference.equations.prevent.terms import (
    AGE_ROWS,
    BASIC,
    MISSING_ROWS,
    Term,
    names_of,
    optional_inputs,
    pairs_of,
    terms_of,
)

_FILE_OUTCOMES = ("total_cvd", "ascvd", "heart_failure", "chd", "stroke")

Table = dict[str, dict[str, str]]


def _table(path: Path) -> Table:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["beta_coefficients"]: row for row in csv.DictReader(file)}


def _check_complete(table: Table, terms: Sequence[Term], missing: Sequence[str]) -> None:
    used = {term.row for term in terms} | {MISSING_ROWS[name] for name in missing} | {"Constant"}
    if used != table.keys():
        raise ValueError(f"coefficients: rows not used or not there: {used ^ table.keys()}")


def outputs(model: ModelDefinition) -> tuple[str, ...]:
    """Return the names of the graph's outputs, in their order."""
    return ("estimate", "base", "contributions", *(scale.id for scale in model.scales))


class Prevent(torch.nn.Module):
    """Map the input matrix [n, k] to five risks, their bases, contributions and the threshold.

    Contributions are on the log-odds scale against the equation's own centres, age first. They
    and `base` add up to the logit; the term for an optional input that is not known is part of
    `base`. An unknown body mass index is NaN and leaves out heart failure alone: its coefficients
    are zero in every other outcome.

    With `unknown_is_placed` a risk that is not known is on the scale's first step instead of -1:
    so PREVENT base, ten years, was built first, and its graph is to stay the same.
    """

    def __init__(
        self, model: ModelDefinition, coefficients: Path, *, unknown_is_placed: bool = False
    ) -> None:
        super().__init__()
        self._columns = [spec.name for spec in model.inputs]
        self._optional = optional_inputs(model)
        # The optional inputs for whose absence the equation has a term that this model uses.
        self._may_miss = [
            s.name for s in model.inputs if s.when_absent is WhenAbsent.MISSING_TERM
        ]
        self._placed = bool(model.scales)
        self._unknown_is_placed = unknown_is_placed
        # The order of the buffers is that of the graph's numbers, and so of its bytes.
        self._keep_pieces(model)
        self._keep_equation(model, _table(coefficients))
        self._keep_constants(model)

    def _doubles(self, name: str, values: object) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

    def _keep_equation(self, model: ModelDefinition, table: Table) -> None:
        age_row = next(row for row in AGE_ROWS if row in table)
        terms = terms_of(model, age_row)
        _check_complete(table, terms, self._optional)
        names = names_of(model)
        for sex in ("male", "female"):
            weights = torch.zeros(
                (len(names), len(_FILE_OUTCOMES), len(self._columns)), dtype=torch.float64
            )
            for term in terms:
                place = names.index(term.term), self._columns.index(term.owner)
                for column, outcome in enumerate(_FILE_OUTCOMES):
                    coefficient = float(table[term.row][f"{sex}_{outcome}"]) * term.factor
                    weights[place[0], column, place[1]] += coefficient
            self.register_buffer(f"weights_{sex}", weights.reshape(len(names), -1))
            self._doubles(f"constant_{sex}", _row(table, "Constant", sex))
            if self._may_miss:
                gone = [_row(table, MISSING_ROWS[name], sex) for name in self._may_miss]
                self._doubles(f"missing_{sex}", gone)

    def _keep_pieces(self, model: ModelDefinition) -> None:
        def places(name: str, values: list[int]) -> None:
            self.register_buffer(name, torch.tensor(values, dtype=torch.int64))

        basic = list(BASIC)
        places("columns", [self._columns.index(term.column) for term in BASIC.values()])
        for name in ("low", "high", "centre", "scale"):
            self._doubles(name, [getattr(term, name) for term in BASIC.values()])
        pairs = pairs_of(model)
        places("first", [basic.index(pair[0]) for pair in pairs])
        places("second", [basic.index(pair[1]) for pair in pairs])
        if self._may_miss:
            places("may_miss", [self._columns.index(name) for name in self._may_miss])

    def _keep_constants(self, model: ModelDefinition) -> None:
        # Any other input that is not a number stays one, and with it every risk.
        self.register_buffer("is_bmi", torch.tensor([name == "bmi" for name in self._columns]))
        self._doubles("middle", 0.5)
        self._doubles("threshold", 0.075)
        self._doubles("standard_bmi", 25.0)
        limited = model.inputs[self._columns.index("bmi")].needed_for
        self._doubles("needs_bmi", [float(o.id in limited) for o in model.outcomes])
        self._doubles("not_known", float("nan"))
        self._doubles("one", 1.0)
        self._doubles("centre_hba1c", 5.3)
        self._doubles("middle_sdi_from", 4.0)
        self._doubles("high_sdi_from", 7.0)
        self.register_buffer("no_step", torch.tensor(-1, dtype=torch.int64))

    def _optional_terms(self, x: torch.Tensor) -> torch.Tensor:
        """Return [n, terms of the optional inputs]; those of an input that may miss are then 0."""
        found = []
        for name in self._optional:
            value = x[:, self._columns.index(name)]
            if name in self._may_miss:
                neutral = self.centre_hba1c if name == "hba1c" else self.one
                value = torch.where(torch.isnan(value), neutral, value)
            if name == "acr":
                found.append(torch.log(value))
            elif name == "hba1c":
                above = value - self.centre_hba1c
                diabetes = x[:, self._columns.index("diabetes")]
                found += [above * diabetes, above * (self.one - diabetes)]
            else:
                high = (value >= self.high_sdi_from).to(torch.float64)
                found += [(value >= self.middle_sdi_from).to(torch.float64) - high, high]
        return torch.stack(found, dim=1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the outputs for float64 rows in the definition's column order."""
        bmi = x[:, self._columns.index("bmi")]
        unknown = torch.isnan(bmi)[:, None]
        known = torch.where(torch.isnan(x) & self.is_bmi, self.standard_bmi, x)
        clipped = torch.minimum(torch.maximum(known[:, self.columns], self.low), self.high)
        basic = (clipped - self.centre) / self.scale
        found = [basic, basic[:, self.first] * basic[:, self.second]]
        if self._optional:
            found.append(self._optional_terms(x))
        terms = torch.cat(found, dim=1)
        male = (x[:, self._columns.index("male")] > self.middle)[:, None]
        flat = torch.where(male, terms @ self.weights_male, terms @ self.weights_female)
        contributions = flat.reshape(-1, len(_FILE_OUTCOMES), len(self._columns))
        base = torch.where(male, self.constant_male, self.constant_female)
        if self._may_miss:
            gone = torch.isnan(x[:, self.may_miss]).to(torch.float64)
            base = base + torch.where(male, gone @ self.missing_male, gone @ self.missing_female)
        risk = torch.sigmoid(base + contributions.sum(dim=2))
        risk = torch.where(unknown & (self.needs_bmi > self.middle), self.not_known, risk)
        if not self._placed:
            return risk, base, contributions
        category = (risk[:, 0] >= self.threshold).to(torch.int64)
        if not self._unknown_is_placed:
            category = torch.where(torch.isnan(risk[:, 0]), self.no_step, category)
        return risk, base, contributions, category


def _row(table: Table, row: str, sex: str) -> list[float]:
    return [float(table[row][f"{sex}_{outcome}"]) for outcome in _FILE_OUTCOMES]
