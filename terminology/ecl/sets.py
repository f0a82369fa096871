"""Sets of concepts as sorted arrays of positions."""

from collections.abc import Iterable
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from terminology.ecl.concepts import Ids, Mask

N = TypeVar("N", bound=np.generic)
# Of fewer concepts each is looked up; of more, a mark for every concept is faster.
_FEW: Final = 64
NONE: Final[Ids] = np.zeros(0, dtype=np.uint32)


def union(parts: Iterable[Ids], size: int) -> Ids:
    """Return what is in any of the sets, of a release of `size` concepts; only one is held."""
    only, marks = NONE, None
    for part in parts:
        if marks is not None:
            marks[part] = True
        elif not len(only):
            only = part
        elif len(part):
            marks = mask(only, size)
            marks[part] = True
    return only if marks is None else marked(marks)


def common(first: Ids, second: Ids, size: int) -> Ids:
    """Return what is in both sets."""
    few, many = (first, second) if len(first) < len(second) else (second, first)
    return few[is_in(few, many, size)]


def without(first: Ids, second: Ids, size: int) -> Ids:
    """Return what is in the first set only."""
    return first[~is_in(first, second, size)]


def is_in(which: Ids, of: Ids, size: int) -> Mask:
    """Return which of some concepts are in a set."""
    if len(which) * _FEW > size:
        return np.asarray(mask(of, size)[which])
    places = np.searchsorted(of, which)
    places[places == len(of)] = 0
    return np.asarray(of[places] == which) if len(of) else np.zeros(len(which), dtype=np.bool_)


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


def distinct(values: NDArray[N]) -> NDArray[N]:
    """Return the values sorted, each once.

    numpy.unique takes ten times as long: it hashes before it sorts.
    """
    ordered = np.sort(values)
    is_first = np.ones(len(ordered), dtype=np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]
