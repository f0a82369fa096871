"""Who stands above whom in a hierarchy, over every path."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from terminology.releases.positions import Positions


class Circle(ValueError):
    """A hierarchy in which concepts stand above themselves; `positions` are some of them."""

    def __init__(self, positions: Sequence[int]) -> None:
        self.positions = tuple(positions)
        super().__init__("concepts stand above themselves")


class Lists:
    """A list of positions for each concept, all in one array."""

    def __init__(self, values: Positions, starts: NDArray[np.int64]) -> None:
        self.values: Final = values
        self.starts: Final = starts

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, position: int) -> Positions:
        return self.values[self.starts[position] : self.starts[position + 1]]

    def of(self, positions: Positions) -> Positions:
        """Return what stands in the list of any of these."""
        found, _ = _gathered(self.values, self.starts[:-1], self.counts, positions)
        return np.unique(found)

    def reached(self, positions: Positions) -> Positions:
        """Return what is reached from any of these over the lists, in any number of steps."""
        seen = np.zeros(len(self), dtype=bool)
        waiting = self.of(positions)
        while len(waiting):
            seen[waiting] = True
            following = self.of(waiting)
            waiting = following[~seen[following]]
        return np.flatnonzero(seen).astype(np.uint32)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How long the list of each concept is."""
        return np.diff(self.starts)

    def inverted(self) -> "Lists":
        """Return for each concept those in whose lists it stands, sorted."""
        owners = np.repeat(np.arange(len(self), dtype=np.uint32), self.counts)
        order = np.argsort(self.values, kind="stable")
        return Lists(owners[order], _starts(self.values, len(self)))


def lists_of(pairs: tuple[NDArray[np.uint32], NDArray[np.uint32]], size: int) -> Lists:
    """Return for each owner, the first of a pair, what stands second, sorted and each once."""
    keys = np.unique(pairs[0].astype(np.uint64) << np.uint64(32) | pairs[1].astype(np.uint64))
    owners = (keys >> np.uint64(32)).astype(np.uint32)
    values = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    return Lists(values, _starts(owners, size))


def above(parents: Lists) -> Lists:
    """Return for each concept all that stand above it; Circle where one is among them."""
    size = len(parents)
    starts, counts = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    values: Positions = np.zeros(size, dtype=np.uint32)
    used = 0
    for generation in _generations(parents):
        direct, owners = _gathered(parents.values, parents.starts[:-1], parents.counts, generation)
        further, places = _gathered(values, starts, counts, direct)
        keys = np.unique(
            np.concatenate((owners, owners[places])).astype(np.uint64) << np.uint64(32)
            | np.concatenate((direct, further)).astype(np.uint64)
        )
        who = (keys >> np.uint64(32)).astype(np.int64)
        found = np.bincount(who, minlength=len(generation))
        counts[generation] = found
        starts[generation] = used + np.cumsum(found) - found
        if used + len(keys) > len(values):
            values = np.resize(values, 2 * (used + len(keys)))
        values[used : used + len(keys)] = keys & np.uint64(0xFFFFFFFF)
        used += len(keys)
    ordered, _ = _gathered(values, starts, counts, np.arange(size, dtype=np.uint32))
    return Lists(ordered, np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(counts))))


def _gathered(
    values: Positions, starts: NDArray[np.int64], counts: NDArray[np.int64], wanted: Positions
) -> tuple[Positions, NDArray[np.int64]]:
    """Return the lists of those that are wanted, one after the other, and whose each value is.

    The second array holds places in `wanted`.
    """
    lengths = counts[wanted]
    owners = np.repeat(np.arange(len(wanted), dtype=np.int64), lengths)
    firsts = np.repeat(starts[wanted] - (np.cumsum(lengths) - lengths), lengths)
    return values[firsts + np.arange(len(owners), dtype=np.int64)], owners


def _generations(parents: Lists) -> Iterator[Positions]:
    """Yield every position, in sets, each set after those above it."""
    children = parents.inverted()
    open_ = parents.counts.copy()
    ready = np.flatnonzero(open_ == 0).astype(np.uint32)
    done = 0
    while len(ready):
        done += len(ready)
        yield ready
        below, _ = _gathered(children.values, children.starts[:-1], children.counts, ready)
        np.subtract.at(open_, below, 1)
        some = np.unique(below)
        ready = some[open_[some] == 0]
    if done < len(parents):
        raise Circle(np.flatnonzero(open_ > 0)[:20].tolist())


def _starts(owners: NDArray[np.uint32], size: int) -> NDArray[np.int64]:
    starts = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(owners, minlength=size), out=starts[1:])
    return starts
