"""How far a prediction could move: fixed quasi-random readings around the values in hand.

The draws are the same for every call, so that a stored prediction is computed again to the digit.
"""

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from inference.contract import InputSpec, WhenAbsent
from inference.engine import Matrix

DRAWS = 256
_SMALLEST_SHARE = 0.05  # a spread reading never falls below this share of the value read


@lru_cache(maxsize=32)
def _normal_draws(columns: int) -> Matrix:
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


def rows(specs: Sequence[InputSpec], point: Sequence[float], absent: Sequence[bool]) -> Matrix:
    """Return the input rows to run: the point, every corner of the unknown spans, then the draws.

    `absent[i]` says that `point[i]` is an assumed value; such a column takes each value of its
    span in the corners and in turn among the draws.
    """
    base = np.array(point, dtype=np.float64)
    corners = _corners(specs, base, absent)
    draws = corners[np.arange(DRAWS) % len(corners)]
    normal = _normal_draws(len(specs))
    for column, spec in enumerate(specs):
        if spec.cv:
            draws[:, column] *= np.exp(spec.cv * normal[:, column])
        elif spec.sd:
            spread = draws[:, column] + spec.sd * normal[:, column]
            draws[:, column] = np.maximum(spread, _SMALLEST_SHARE * base[column])
    return np.vstack([base[None, :], corners, draws])


def corner_count(specs: Sequence[InputSpec], absent: Sequence[bool]) -> int:
    """Return how many combinations the unknown spans have; 1 where nothing is unknown."""
    return math.prod(len(spec.span) for spec in _spanned(specs, absent))


def _spanned(specs: Sequence[InputSpec], absent: Sequence[bool]) -> list[InputSpec]:
    return [
        spec
        for spec, gone in zip(specs, absent, strict=True)
        if gone and spec.when_absent is WhenAbsent.SPAN
    ]


def _corners(specs: Sequence[InputSpec], base: Matrix, absent: Sequence[bool]) -> Matrix:
    unknown = _spanned(specs, absent)
    columns = [specs.index(spec) for spec in unknown]
    corners = np.repeat(base[None, :], corner_count(specs, absent), axis=0)
    for row, values in enumerate(itertools.product(*(spec.span for spec in unknown))):
        corners[row, columns] = values
    return corners
