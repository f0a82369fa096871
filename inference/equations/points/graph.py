"""What the graphs of point scores have in common: tables of points as one matrix product.

A table is a start and, at each bound, a rise or a fall; a flag is a table with one bound between no
and yes. All bounds of a score are compared at once.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from inference.contract import InputSpec
from inference.equations.pieces.graph import doubles, passed

_YES_FROM = 0.5


@dataclass(frozen=True, slots=True)
class Table:
    """The points of one input: `points[0]`, then one more entry for each bound.

    `at_least` are the bounds that count from where they stand, `above` those that must be passed.
    """

    points: Sequence[float]
    at_least: Sequence[float] = ()
    above: Sequence[float] = ()

    def steps(self) -> list[tuple[float, float]]:
        """Return each bound, in the form `value >= bound`, with the change of points there."""
        bounds = sorted([*self.at_least, *map(passed, self.above)])
        changes = [after - before for before, after in itertools.pairwise(self.points)]
        return list(zip(bounds, changes, strict=True))


def yes(points: float) -> Table:
    """Return the table of a flag that gives `points` where it is set."""
    return Table((0.0, points), at_least=(_YES_FROM,))


def no(points: float) -> Table:
    """Return the table of a flag that gives `points` where it is not set."""
    return Table((points, 0.0), at_least=(_YES_FROM,))


class Points(torch.nn.Module):
    """Points of the inputs by `tables`; an input that is not known has NaN points."""

    def __init__(self, specs: Sequence[InputSpec], **variants: Mapping[str, Table]) -> None:
        super().__init__()
        names = [spec.name for spec in specs]
        steps = sorted(
            {
                (names.index(name), bound)
                for tables in variants.values()
                for name, table in tables.items()
                for bound, _ in table.steps()
            }
        )
        self.register_buffer("column", torch.tensor([column for column, _ in steps]))
        self.register_buffer("bound", doubles([bound for _, bound in steps]))
        for variant, tables in variants.items():
            start = torch.zeros(len(names), dtype=torch.float64)
            change = torch.zeros((len(steps), len(names)), dtype=torch.float64)
            for name, table in tables.items():
                start[names.index(name)] = table.points[0]
                for bound, amount in table.steps():
                    change[steps.index((names.index(name), bound)), names.index(name)] = amount
            self.register_buffer(f"start_{variant}", start)
            self.register_buffer(f"change_{variant}", change)
        self.register_buffer("nothing", doubles(0.0))

    def reached(self, x: torch.Tensor) -> torch.Tensor:
        """Return 1 for each bound that a row has reached, else 0."""
        # Of many rows, to look up whole lines and turn them back is faster than to pick columns.
        of_bounds = x.t().index_select(0, self.column).t()
        return (of_bounds >= self.bound).to(torch.float64)

    def points(self, reached: torch.Tensor, variant: str) -> torch.Tensor:
        """Return the points of each input [n, k] by the tables of `variant`."""
        change = getattr(self, f"change_{variant}")
        return torch.addmm(getattr(self, f"start_{variant}"), reached, change)

    def known(self, x: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """Return `points`, NaN where the input is: a comparison with NaN reads as "no points"."""
        return points + (x - x)

    def base(self, estimate: torch.Tensor) -> torch.Tensor:
        """Return 0 for each estimate, also where it is not known: no score is below 0."""
        return (estimate < self.nothing).to(torch.float64)
