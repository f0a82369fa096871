"""Pieces that the graphs of many equations share, each of as few operations as it can be.

One row costs a graph about half a microsecond an operation, so a choice between tables is one
lookup of rows, and "not known" is an edge that NaN does not pass rather than a question of its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch.nn.functional import embedding


def whole(values: object) -> torch.Tensor:
    """Return whole numbers as a tensor."""
    return torch.tensor(values, dtype=torch.int64)


def doubles(values: object) -> torch.Tensor:
    """Return numbers as a float64 tensor: a literal in a module is exported as float32."""
    return torch.tensor(values, dtype=torch.float64)


def passed(bound: float) -> float:
    """Return the bound of "at least" that says "more than `bound`"."""
    return math.nextafter(bound, math.inf)


class Steps(torch.nn.Module):
    """The step of a scale on which each of the values [n, 1] stands: [n], -1 where it is NaN.

    The scale rises at each of `bounds`.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        super().__init__()
        # Whatever is known is at least the first edge; NaN is at least nothing.
        self.register_buffer("edges", doubles([-math.inf, *bounds]))
        self.register_buffer("first", whole(1))

    def forward(self, values: torch.Tensor, edges: torch.Tensor | None = None) -> torch.Tensor:
        """Return the steps; `edges` takes the place of those given first."""
        return self.reached(values, self.edges if edges is None else edges) - self.first

    def reached(self, values: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        """Return how many edges are reached, which is a step more: 0 where it is not known."""
        return (values >= edges).to(torch.int64).sum(dim=1)


def by_stratum(values: Sequence[float]) -> torch.Tensor:
    """Return one number for each stratum, counted from 1, as a table to look up in."""
    return doubles([[math.nan], *([value] for value in values)])


@dataclass(frozen=True, kw_only=True, slots=True)
class Stratum:
    """The coefficients of one kind of patient, by the name of the input.

    An input z adds z (slope + by_age a + square z), with a the input "age".
    """

    base: float
    slope: Mapping[str, float]
    by_age: Mapping[str, float] = field(default_factory=dict)
    square: Mapping[str, float] = field(default_factory=dict)


class Strata(torch.nn.Module):
    """Contributions and base by the coefficients of each row's own stratum.

    Strata are counted from 1; those of number 0 are not known, and nothing of theirs is a number.
    """

    def __init__(self, columns: Sequence[str], strata: Sequence[Stratum]) -> None:
        super().__init__()
        self._age = columns.index("age")
        self._powers = []
        for name in ("slope", "by_age", "square"):
            own = [getattr(stratum, name) for stratum in strata]
            if any(any(each.values()) for each in own):
                self._powers.append(name)
                table = [[each.get(column, 0.0) for column in columns] for each in own]
                self.register_buffer(name, doubles([[math.nan] * len(columns), *table]))
        self.register_buffer("bases", by_stratum([stratum.base for stratum in strata]))

    def base(self, number: torch.Tensor) -> torch.Tensor:
        """Return the base [n, 1] of the strata `number` [n]."""
        return embedding(number, self.bases)

    def contributions(self, z: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
        """Return the contributions [n, k] of inputs [n, k], less their references."""
        slope = embedding(number, self.slope)
        if "by_age" in self._powers:
            age = z[:, self._age : self._age + 1]
            slope = slope + embedding(number, self.by_age) * age
        if "square" in self._powers:
            slope = slope + embedding(number, self.square) * z
        return z * slope


class Flags(torch.nn.Module):
    """The number of a row's stratum: 1 and the sum of the weights of the flags that are set.

    It is 0 where anything of the row is not known.
    """

    def __init__(self, columns: Sequence[str], weights: Mapping[str, int]) -> None:
        super().__init__()
        highest = sum(weights.values())
        self.register_buffer("weights", doubles([[weights.get(name, 0)] for name in columns]))
        self.register_buffer("from_", doubles([number - 0.5 for number in range(highest + 1)]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the numbers [n] of rows [n, k]."""
        return (x @ self.weights >= self.from_).to(torch.int64).sum(dim=1)


class Logarithms(torch.nn.Module):
    """Quantities as logarithms against their references, flags as logarithms of 1 + flag.

    Everything is a logarithm because to choose costs more than to compute: what multiplies a flag
    is divided by ln 2 (`slopes_of`).
    """

    def __init__(self, columns: Sequence[str], references: Mapping[str, float]) -> None:
        super().__init__()
        centres = [math.log(references.get(name, 1.0)) for name in columns]
        self.register_buffer("shift", doubles([float(name not in references) for name in columns]))
        self.register_buffer("centres", doubles(centres))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return rows [n, k], each input in its own form."""
        return torch.log(x + self.shift) - self.centres


def slopes_of(slopes: Mapping[str, float], quantities: Sequence[str]) -> dict[str, float]:
    """Return slopes per unit of each input as those of what `Logarithms` makes of it."""
    return {n: s if n in quantities else s / math.log(2.0) for n, s in slopes.items()}
