"""What the graphs of point scores have in common: tables, and NaN for an unknown item.

A comparison with NaN is false, which in a point score reads as "no points": every step here
carries the NaN through.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch


class Points(torch.nn.Module):
    """A score of `columns`; a subclass says in `shares` which points each column gives."""

    def __init__(self, columns: Sequence[str]) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.register_buffer("zero", torch.tensor(0.0, dtype=torch.float64))
        self.register_buffer("one", torch.tensor(1.0, dtype=torch.float64))
        self.register_buffer("middle", torch.tensor(0.5, dtype=torch.float64))
        self.register_buffer("unknown", torch.tensor(-1, dtype=torch.int64))

    def doubles(self, name: str, values: Any) -> None:
        """Keep numbers as a float64 buffer: a literal would be exported as float32."""
        self.register_buffer(name, torch.tensor(values, dtype=torch.float64))

    def table(
        self,
        name: str,
        points: Sequence[Any],
        *,
        at_least: Sequence[float] = (),
        above: Sequence[float] = (),
    ) -> None:
        """Keep a table of points by the bounds that a value reaches (`at_least`) or passes."""
        self.doubles(f"{name}_points", points)
        if at_least:
            self.doubles(f"{name}_at_least", list(at_least))
        if above:
            self.doubles(f"{name}_above", list(above))

    def step(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """Return how many bounds of the table each value has reached or passed."""
        found = torch.zeros_like(value, dtype=torch.int64)
        if hasattr(self, f"{name}_at_least"):
            found = found + (value[:, None] >= getattr(self, f"{name}_at_least")).sum(dim=1)
        if hasattr(self, f"{name}_above"):
            found = found + (value[:, None] > getattr(self, f"{name}_above")).sum(dim=1)
        return found

    def look_up(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """Return the points of each value; NaN where the value is not known."""
        return self.known(value, getattr(self, f"{name}_points")[self.step(name, value)])

    def known(self, value: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """Return `points`, NaN where `value` is."""
        return torch.where(torch.isnan(value), value, points)

    def yes(self, value: torch.Tensor) -> torch.Tensor:
        """Return 1 where a flag is set and 0 where it is not; NaN where it is not known."""
        return self.known(value, torch.where(value > self.middle, self.one, self.zero))

    def named(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the columns of the input matrix by name."""
        return {name: x[:, place] for place, name in enumerate(self.columns)}

    def matrix(self, shares: Mapping[str, torch.Tensor], like: torch.Tensor) -> torch.Tensor:
        """Return the points as [n, k] in the order of the columns; a column may give none."""
        none = torch.zeros_like(like)
        return torch.stack([shares.get(name, none) for name in self.columns], dim=1)

    def category(self, name: str, score: torch.Tensor) -> torch.Tensor:
        """Return the step of a scale that a score stands on; -1 where it is not known."""
        return torch.where(torch.isnan(score), self.unknown, self.step(name, score))
