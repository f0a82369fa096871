"""Sets of concepts as sorted arrays of their positions in a release.

A position is a number from 0 to the number of concepts less one: a set of a hundred thousand
concepts is 400 KB, and two of them meet in a millisecond.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

# Sorted, each once.
Positions: TypeAlias = NDArray[np.uint32]
NOBODY: Final[Positions] = np.zeros(0, dtype=np.uint32)
# Files are read on any machine.
_STORED: Final = np.dtype("<u4")
# With more parts than this, or larger ones, a mark for each concept is faster than sorting.
_FEW: Final = 4


def positions_of(values: Iterable[int]) -> Positions:
    """Return the positions as a set."""
    return np.unique(np.fromiter(values, dtype=np.uint32))


def pack(positions: Iterable[int] | NDArray[np.uint32]) -> bytes:
    """Return positions as they stand in a file, in the order given."""
    if not isinstance(positions, np.ndarray):
        positions = np.fromiter(positions, dtype=np.uint32)
    return positions.astype(_STORED, copy=False).tobytes()


def unpack(body: bytes) -> Positions:
    """Return the positions of a file; read-only."""
    return np.frombuffer(body, dtype=_STORED)


def united(parts: Sequence[Positions], size: int) -> Positions:
    """Return what stands in any of the sets, of a release of `size` concepts."""
    parts = [each for each in parts if len(each)]
    if not parts:
        return NOBODY
    if len(parts) == 1:
        return parts[0]
    if len(parts) <= _FEW and sum(map(len, parts)) < size >> 4:
        return np.unique(np.concatenate(parts))
    marks = np.zeros(size, dtype=bool)
    for part in parts:
        marks[part] = True
    return np.flatnonzero(marks).astype(np.uint32)


def common(first: Positions, second: Positions) -> Positions:
    """Return what stands in both sets."""
    return np.intersect1d(first, second, assume_unique=True)


def without(first: Positions, second: Positions) -> Positions:
    """Return what stands in the first set only."""
    return np.setdiff1d(first, second, assume_unique=True)


def everyone(size: int) -> Positions:
    """Return the set of all concepts of a release."""
    return np.arange(size, dtype=np.uint32)


def holds(positions: Positions, position: int) -> bool:
    """Whether a concept is in the set."""
    # Of the array's own type: for another one NumPy would first convert the whole array.
    at = int(positions.searchsorted(np.uint32(position)))
    return at < len(positions) and int(positions[at]) == position
