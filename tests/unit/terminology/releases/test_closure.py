"""Who stands above whom: every path counts, and a circle is found out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminology.releases.closure import Circle, Lists, above, lists_of

# Later concepts stand below earlier ones, so there is no circle.
hierarchies = st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=30).map(
    lambda rows: [sorted({p for p in row if p < at}) for at, row in enumerate(rows)]
)


def lists(parents: list[list[int]]) -> Lists:
    pairs = [(child, parent) for child, row in enumerate(parents) for parent in row]
    children, above_them = (np.array([p[n] for p in pairs], dtype=np.uint32) for n in (0, 1))
    return lists_of((children, above_them), len(parents))


def reached(parents: list[list[int]], child: int) -> set[int]:
    found: set[int] = set()
    waiting = list(parents[child])
    while waiting:
        position = waiting.pop()
        if position not in found:
            found.add(position)
            waiting += parents[position]
    return found


@given(hierarchies)
def test_every_path_leads_upwards(parents: list[list[int]]) -> None:
    found = above(lists(parents))
    for child in range(len(parents)):
        assert found[child].tolist() == sorted(reached(parents, child))


@given(hierarchies)
def test_who_stands_above_me_has_me_below(parents: list[list[int]]) -> None:
    up = above(lists(parents))
    down = up.inverted()
    pairs = {(child, each) for child in range(len(up)) for each in up[child].tolist()}
    assert pairs == {(child, each) for each in range(len(down)) for child in down[each].tolist()}


def test_a_diamond_is_counted_once() -> None:
    # Diabetic nephropathy is a kidney disease and a complication of diabetes: both are diseases.
    assert above(lists([[], [0], [0], [1, 2]]))[3].tolist() == [0, 1, 2]


def test_a_circle_is_refused_with_those_in_it() -> None:
    parents = lists([[], [0, 3], [1], [2]])
    with pytest.raises(Circle) as caught:
        above(parents)
    assert set(caught.value.positions) == {1, 2, 3}
