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

    PREVENT base, ten years, is `as_first_built`, so that its bytes stay the same: an unknown sex
    is told apart by its caller alone, and a risk that is not known is on the scale's first step.
    """

    def __init__(
        self, model: ModelDefinition, coefficients: Path, *, as_first_built: bool = False
    ) -> None:
        super().__init__()
        self._columns = [spec.name for spec in model.inputs]
        self._optional = optional_inputs(model)
        # The optional inputs for whose absence the equation's own term is used; their terms are 0
        # at the reference.
        self._may_miss = [s for s in model.inputs if s.when_absent is WhenAbsent.MISSING_TERM]
        self._placed = bool(model.scales)
        self._as_first_built = as_first_built
        # The order of the buffers is that of the graph's numbers, and so of its bytes.
        self._keep_pieces(model)
        self._keep_equation(model, _table(coefficients))
        self._keep_constants(model)

    def _doubles(self, name: str, values: object) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

    def _places(self, name: str, values: list[int]) -> None:
        self.register_buffer(name, torch.tensor(values, dtype=torch.int64))

    def _keep_pieces(self, model: ModelDefinition) -> None:
        basic = list(BASIC)
        self._places("columns", [self._columns.index(term.column) for term in BASIC.values()])
        for name in ("low", "high", "centre", "scale"):
            self._doubles(name, [getattr(term, name) for term in BASIC.values()])
        pairs = pairs_of(model)
        self._places("first", [basic.index(pair[0]) for pair in pairs])
        self._places("second", [basic.index(pair[1]) for pair in pairs])

    def _keep_equation(self, model: ModelDefinition, table: Table) -> None:
        age_row = next(row for row in AGE_ROWS if row in table)
        terms = terms_of(model, age_row)
        _check_complete(table, terms, self._optional)
        names = names_of(model)
        shape = (len(names), len(_FILE_OUTCOMES), len(self._columns))
        for sex in ("male", "female"):
            weights = torch.zeros(shape, dtype=torch.float64)
            for term in terms:
                place = names.index(term.term), slice(None), self._columns.index(term.owner)
                found = torch.tensor(_row(table, term.row, sex), dtype=torch.float64)
                weights[place] += found * term.factor
            self.register_buffer(f"weights_{sex}", weights.reshape(len(names), -1))
            self._doubles(f"constant_{sex}", _row(table, "Constant", sex))
            if self._may_miss:
                gone = [_row(table, MISSING_ROWS[spec.name], sex) for spec in self._may_miss]
                self._doubles(f"missing_{sex}", gone)

    def _keep_constants(self, model: ModelDefinition) -> None:
        # Any other input that is not a number stays one, and with it every risk.
        self.register_buffer("is_bmi", torch.tensor([name == "bmi" for name in self._columns]))
        self._doubles("middle", 0.5)
        self._doubles("threshold", 0.075)
        self._doubles("standard_bmi", 25.0)
        limited = model.inputs[self._columns.index("bmi")].needed_for
        self._doubles("needs_bmi", [float(o.id in limited) for o in model.outcomes])
        self._doubles("not_known", float("nan"))
        self._places("may_miss", [self._columns.index(spec.name) for spec in self._may_miss])
        for spec in self._may_miss:
            self._doubles(f"neutral_{spec.name}", spec.reference)
        self._doubles("one", 1.0)
        self._doubles("centre_hba1c", 5.3)
        self._doubles("middle_sdi_from", 4.0)
        self._doubles("high_sdi_from", 7.0)
        self.register_buffer("no_step", torch.tensor(-1, dtype=torch.int64))

    def _optional_terms(self, x: torch.Tensor) -> torch.Tensor:
        """Return [n, terms of the optional inputs]; those of an input that may miss are then 0."""
        may_miss = {spec.name for spec in self._may_miss}
        found: list[torch.Tensor] = []
        for name in self._optional:
            value = x[:, self._columns.index(name)]
            if name in may_miss:
                value = torch.where(torch.isnan(value), getattr(self, f"neutral_{name}"), value)
            if name == "acr":
                found.append(torch.log(value))
            elif name == "hba1c":
                found += self._of_hba1c(value, x[:, self._columns.index("diabetes")])
            else:
                found += self._of_decile(value)
        return torch.stack(found, dim=1)

    def _of_hba1c(self, value: torch.Tensor, diabetes: torch.Tensor) -> list[torch.Tensor]:
        above = value - self.centre_hba1c
        return [above * diabetes, above * (self.one - diabetes)]

    def _of_decile(self, value: torch.Tensor) -> list[torch.Tensor]:
        high = (value >= self.high_sdi_from).to(torch.float64)
        middle = (value >= self.middle_sdi_from).to(torch.float64) - high
        # Between two deciles there is none: no group is guessed.
        is_decile = value == torch.floor(value)
        return [torch.where(is_decile, group, self.not_known) for group in (middle, high)]

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
        sex = x[:, self._columns.index("male")]
        male = (sex > self.middle)[:, None]
        flat = torch.where(male, terms @ self.weights_male, terms @ self.weights_female)
        contributions = flat.reshape(-1, len(_FILE_OUTCOMES), len(self._columns))
        base = torch.where(male, self.constant_male, self.constant_female)
        if self._may_miss:
            gone = torch.isnan(x[:, self.may_miss]).to(torch.float64)
            base = base + torch.where(male, gone @ self.missing_male, gone @ self.missing_female)
        if not self._as_first_built:
            base = torch.where(torch.isnan(sex)[:, None], self.not_known, base)
        risk = torch.sigmoid(base + contributions.sum(dim=2))
        risk = torch.where(unknown & (self.needs_bmi > self.middle), self.not_known, risk)
        return (risk, base, contributions, *self._place(risk[:, 0]))

    def _place(self, risk: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if not self._placed:
            return ()
        category = (risk >= self.threshold).to(torch.int64)
        if not self._as_first_built:
            category = torch.where(torch.isnan(risk), self.no_step, category)
        return (category,)
