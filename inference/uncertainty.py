"""How far a prediction could move: fixed quasi-random readings around the values in hand.

The draws are the same for every call, so that a stored prediction is computed again to the digit;
`scripts.make_draws` made them.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

from inference.contract import InputSpec, WhenAbsent
from inference.engine import Matrix
from inference.imputation import Imputed

DRAWS = 256
MOST_COLUMNS = 8
"""For more inputs than these with a spread the draws are not kept, and are less even."""
DRAWS_FILE = Path(__file__).with_name("data") / "draws.json"
_SMALLEST_SHARE = 0.05  # a spread reading never falls below this share of the value read


def evenly(columns: int) -> Matrix:
    """Return [DRAWS, columns] standard normal numbers of an additive-recurrence sequence.

    The generalised golden ratio spreads them evenly in any dimension (Roberts, 2018).
    """
    ratio = 2.0
    for _ in range(64):
        ratio = (1.0 + ratio) ** (1.0 / (columns + 1))
    steps = np.array([ratio ** -(k + 1) for k in range(columns)])
    uniform = (0.5 + np.outer(np.arange(1, DRAWS + 1), steps)) % 1.0
    normal = NormalDist()
    return np.array([[normal.inv_cdf(float(u)) for u in row] for row in uniform])


@cache
def _kept() -> list[list[list[float]]]:
    return msgspec.json.decode(DRAWS_FILE.read_bytes(), type=list[list[list[float]]])


@lru_cache(maxsize=32)
def _normal_draws(specs: tuple[InputSpec, ...]) -> Matrix:
    """Return [DRAWS, len(specs)] standard normal numbers; nought where a reading has no spread."""
    columns = [column for column, spec in enumerate(specs) if spec.sd or spec.cv]
    found = np.zeros((DRAWS, len(specs)))
    if columns:
        few = len(columns) <= MOST_COLUMNS
        found[:, columns] = _kept()[len(columns) - 1] if few else evenly(len(columns))
    return found


@dataclass(frozen=True, slots=True)
class _Spread:
    """How the draws of one model differ from the point: `point * factor + shift`."""

    factor: Matrix
    shift: Matrix
    shifted: NDArray[np.intp]


@lru_cache(maxsize=32)
def _spread(specs: tuple[InputSpec, ...]) -> _Spread:
    normal = _normal_draws(specs)
    factor = np.exp(normal * np.array([spec.cv for spec in specs]))
    shift = normal * np.array([0.0 if spec.cv else spec.sd for spec in specs])
    return _Spread(factor, shift, np.flatnonzero(shift.any(axis=0)))


def rows(
    specs: tuple[InputSpec, ...],
    point: Sequence[float],
    absent: Sequence[bool],
    imputed: Imputed | None = None,
) -> Matrix:
    """Return the input rows to run: the point, every corner of the unknown spans, then the draws.

    `absent[i]` says that `point[i]` is an assumed value; such a column takes each value of its
    span in the corners and in turn among the draws. Columns of `imputed` are drawn from its
    distribution, which is one of single readings: their spread is not added a second time.
    """
    base = np.array(point, dtype=np.float64)
    corners = _corners(specs, base, absent)
    spread = _spread(specs)
    centre = corners if len(corners) == 1 else corners[np.arange(DRAWS) % len(corners)]
    draws = centre * spread.factor + spread.shift
    least = _SMALLEST_SHARE * base[spread.shifted]
    draws[:, spread.shifted] = np.maximum(draws[:, spread.shifted], least)
    if imputed is not None:
        columns = list(imputed.columns)
        draws[:, columns] = imputed.draws(_normal_draws(specs)[:, columns])
    return np.concatenate([base[None, :], corners, draws])


def interval(draws: Matrix) -> tuple[Matrix, Matrix]:
    """Return the 5 % and 95 % ends of each column of `draws` [n, m], by linear interpolation."""
    ordered = np.sort(draws, axis=0)
    return _quantile(ordered, 0.05), _quantile(ordered, 0.95)


def interval_of_steps(draws: Matrix) -> tuple[Matrix, Matrix]:
    """Return the same ends for columns that take single values only: each is one that was drawn."""
    ordered = np.sort(draws, axis=0)
    low, high = (share * len(ordered) - 0.5 for share in (0.05, 0.95))
    return ordered[math.floor(low)], ordered[math.ceil(high)]


def _quantile(ordered: Matrix, share: float) -> Matrix:
    """Hyndman and Fan's type 5, for each draw stands in the middle of an equal share.

    numpy's own takes ten times as long on so few rows.
    """
    position = share * len(ordered) - 0.5
    below = int(position)
    weight = position - below
    found: Matrix = ordered[below] * (1 - weight) + ordered[below + 1] * weight
    return found


def corner_count(specs: Sequence[InputSpec], absent: Sequence[bool]) -> int:
    """Return how many combinations the unknown spans have; 1 where nothing is unknown."""
    return math.prod(len(specs[column].span) for column in _spanned(specs, absent))


def _spanned(specs: Sequence[InputSpec], absent: Sequence[bool]) -> list[int]:
    return [
        column
        for column, gone in enumerate(absent)
        if gone and specs[column].when_absent is WhenAbsent.SPAN
    ]


def _corners(specs: Sequence[InputSpec], base: Matrix, absent: Sequence[bool]) -> Matrix:
    unknown = _spanned(specs, absent)
    if not unknown:
        return base[None, :]
    values = list(itertools.product(*(specs[column].span for column in unknown)))
    corners = np.repeat(base[None, :], len(values), axis=0)
    corners[:, unknown] = values
    return corners
