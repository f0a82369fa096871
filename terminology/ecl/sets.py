"""Sets of concepts as sorted arrays of positions."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from terminology.ecl.concepts import Ids, Mask

NONE: Final[Ids] = np.zeros(0, dtype=np.uint32)


def union(parts: Iterable[Ids], size: int) -> Ids:
    """Return what is in any of the sets, of a release of `size` concepts."""
    held = [part for part in parts if len(part)]
    if not held:
        return NONE
    if len(held) == 1:
        return held[0]
    marks = np.zeros(size, dtype=np.bool_)
    for part in held:
        marks[part] = True
    return marked(marks)


def common(first: Ids, second: Ids) -> Ids:
    """Return what is in both sets."""
    return np.intersect1d(first, second, assume_unique=True)


def without(first: Ids, second: Ids) -> Ids:
    """Return what is in the first set only."""
    return np.setdiff1d(first, second, assume_unique=True)


def every(size: int) -> Ids:
    """Return all concepts."""
    return np.arange(size, dtype=np.uint32)


def mask(of: Ids, size: int) -> Mask:
    """Return the set as a mark for each concept."""
    marks = np.zeros(size, dtype=np.bool_)
    marks[of] = True
    return marks


def marked(marks: Mask) -> Ids:
    """Return the set that has a mark."""
    return np.flatnonzero(marks).astype(np.uint32)
