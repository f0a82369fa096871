"""Spread the fixed readings evenly, whichever way a model weighs its inputs against each other.

    python -m scripts.make_draws

A model's estimate is nearly a curve over a weighted sum of its inputs. So the points are moved
until their sum in any direction has the quantiles of a standard normal: along random directions
each point goes towards the quantile of its rank (sliced optimal transport; Bonneel et al., J Math
Imaging Vis 2015;51:22-45). Writes inference/data/draws.json, for one to `MOST_COLUMNS` inputs; it
is kept, for another machine's arithmetic would end at other last digits. Prints how many of a
normal's values the 5-95 % interval holds in directions that were not used.
"""

import json
from statistics import NormalDist
from typing import Final

import numpy as np

from inference.engine import Matrix
from inference.uncertainty import DRAWS, DRAWS_FILE, MOST_COLUMNS, evenly, interval

_STEPS: Final = 4000
_DIRECTIONS: Final = 64
_TRIED: Final = 2000
_SEED: Final = 3
_DIGITS: Final = 5


def spread(columns: int) -> Matrix:
    """Return [DRAWS, columns] numbers whose sum in any direction is standard normal."""
    normal = NormalDist()
    ranks = np.array([normal.inv_cdf((i + 0.5) / DRAWS) for i in range(DRAWS)])
    random = np.random.default_rng(_SEED)
    found = evenly(columns).copy()
    for step in range(_STEPS):
        directions = _directions(random, columns, _DIRECTIONS)
        along = found @ directions
        apart = ranks[along.argsort(axis=0).argsort(axis=0)] - along
        # Wide steps first, then ever smaller ones: the points come to rest.
        share = min(1.0, 3.0 * (1.0 - step / _STEPS))
        found += apart @ directions.T * columns / _DIRECTIONS * share
    return found


def _directions(random: np.random.Generator, columns: int, number: int) -> Matrix:
    found = random.normal(size=(columns, number))
    unit: Matrix = found / np.sqrt((found**2).sum(axis=0))
    return unit


def _held(points: Matrix) -> Matrix:
    """Return the share of a standard normal within the interval, in each of many directions."""
    normal = NormalDist()
    along = points @ _directions(np.random.default_rng(_SEED + 1), points.shape[1], _TRIED)
    lows, highs = interval(along)
    pairs = zip(lows, highs, strict=True)
    return np.array([normal.cdf(float(high)) - normal.cdf(float(low)) for low, high in pairs])


def main() -> None:
    """Write the numbers and print what they are worth."""
    sets = [np.round(spread(columns), _DIGITS) for columns in range(1, MOST_COLUMNS + 1)]
    for points in sets:
        before, after = _held(evenly(points.shape[1])), _held(points)
        print(
            f"{points.shape[1]} inputs: {100 * after.mean():.1f} % (SD {100 * after.std():.1f}), "
            f"before {100 * before.mean():.1f} % (SD {100 * before.std():.1f})"
        )
    lines = ",\n".join(json.dumps(points.tolist(), separators=(",", ":")) for points in sets)
    DRAWS_FILE.write_text(f"[{lines}]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
