"""The newest of each code: no result is left out that may be one of them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.lastn import Dated, newest_of_each


def coded(*codes: str) -> dict[str, Any]:
    return {"coding": [{"system": "urn:s", "code": code} for code in codes]}


def groups(*codes: dict[str, Any]) -> int:
    """Into how many groups results with these codes fall: `most` 1 of different times."""
    given_ = [Dated(i, "p", code, 10 * i, 10 * i + 1) for i, code in enumerate(codes)]
    return len(newest_of_each(given_, most=1))


def test_the_table_of_the_operation() -> None:
    """R4 observation-operation-lastn.html, the four examples of grouping."""
    assert groups(coded("a"), coded("b"), coded("c")) == 3
    assert groups(coded("a"), coded("b"), coded("a", "c")) == 2
    assert groups(coded("a"), coded("b"), coded("a", "b")) == 1
    assert groups({"text": "textM"}, {"text": "Text"}, {"text": "t e x t"}) == 3


def test_results_that_are_joined_by_others_are_of_one_group() -> None:
    assert groups(coded("b", "a"), coded("c", "a"), coded("b"), coded("c")) == 1


def test_texts_of_different_subjects_are_apart() -> None:
    mine, theirs = (Dated(n, s, {"text": "x"}, n, n + 1) for n, s in enumerate(("p", "q")))
    assert newest_of_each([mine, theirs], most=1) == (1, 0)


def test_the_same_code_of_another_system_is_another() -> None:
    other = {"coding": [{"system": "urn:other", "code": "a"}]}
    assert groups(coded("a"), other, {"coding": [{"code": "a"}]}) == 3


def test_ties_and_days_beside_instants_stay() -> None:
    day, hour = 86_400, 3_600
    day_only = Dated(0, "p", coded("a"), 10 * day, 11 * day)
    morning = Dated(1, "p", coded("a"), 10 * day + 8 * hour, 10 * day + 8 * hour + 1)
    twin = Dated(2, "p", coded("a"), morning.low, morning.high)
    earlier = Dated(3, "p", coded("a"), 9 * day, 10 * day)
    undated = Dated(4, "p", coded("a"), None, None)
    given_ = [day_only, morning, twin, earlier, undated]
    assert newest_of_each(given_, most=1) == (1, 2, 0)
    assert newest_of_each(given_, most=4) == (1, 2, 0, 3)
    assert newest_of_each(given_, most=5) == (1, 2, 0, 3, 4)
    assert newest_of_each([undated], most=1) == (4,)


RESULTS = st.lists(
    st.tuples(
        st.sampled_from(["p", "q"]),
        st.sampled_from(["a", "b", "ab"]),
        st.none() | st.tuples(st.integers(0, 6), st.integers(1, 3)),
    ),
    max_size=8,
)


@given(RESULTS, st.integers(1, 4))
def test_left_out_is_what_enough_others_are_newer_than(
    results: list[tuple[str, str, tuple[int, int] | None]], most: int
) -> None:
    """Oracle: each result against each other one, by the sentence of the operation."""
    given_ = [
        Dated(i, subject, coded(*codes), *((None, None) if at is None else (at[0], sum(at))))
        for i, (subject, codes, at) in enumerate(results)
    ]
    joined = {subject: {"a", "b"} if any(c == "ab" for s, c, _ in results if s == subject) else None
              for subject in ("p", "q")}  # fmt: skip

    def same_group(one: Dated, other: Dated) -> bool:
        mine, theirs = results[one.place][1], results[other.place][1]
        return one.subject == other.subject and bool(joined[str(one.subject)] or mine == theirs)

    def is_newer(other: Dated, one: Dated) -> bool:
        if other.low is None:
            return False
        return one.high is None or other.low >= one.high

    expected = {
        one.place
        for one in given_
        if sum(same_group(one, other) and is_newer(other, one) for other in given_) < most
    }
    found = newest_of_each(given_, most=most)
    assert len(found) == len(set(found))
    assert set(found) == expected
