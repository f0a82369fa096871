"""A Chinese dictionary of 220 items: nothing is accepted falsely, no dangerous partner is first."""

import pytest

from terminology.local_mapping.suggest import suggest
from tests.unit.terminology.local_mapping.items import chinese, local_item, ranker

ROWS = chinese()


def test_the_list_is_long_enough_and_has_the_dangerous_pairs() -> None:
    assert len(ROWS) >= 150
    names = {row["name"] for row in ROWS}
    for pair in (
        {"糖化血红蛋白", "血红蛋白"},
        {"磷酸盐", "碱性磷酸酶"},
        {"直接胆红素", "总胆红素"},
        {"尿肌酐", "血肌酐"},
        {"尿素", "尿素氮"},
    ):
        assert pair <= names


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['code']} {row['name']}" for row in ROWS])
def test_an_item(row: dict[str, str]) -> None:
    found = suggest(local_item(row), ranker())
    expected = row["expected"].split("|") if row["expected"] else []
    if found.accepted is not None:
        assert found.accepted.code in expected
    first = found.suggestions[0].candidate.code if found.suggestions else None
    assert first not in row["never"].split()
    if expected:
        assert first in expected


def test_most_items_with_a_code_are_accepted() -> None:
    # A rule that accepts nothing is never wrong either.
    mapped = [row for row in ROWS if row["expected"]]
    taken = [row for row in mapped if suggest(local_item(row), ranker()).accepted]
    assert len(mapped) >= 130
    assert len(taken) >= 0.9 * len(mapped)


@pytest.mark.parametrize(
    ("name", "unit", "specimen", "partner"),
    [
        ("糖化血红蛋白", "%", "全血", "718-7"),
        ("血红蛋白", "g/L", "全血", "4548-4"),
        ("磷酸盐", "mmol/L", "血清", "6768-6"),
        ("碱性磷酸酶", "U/L", "血清", "14879-1"),
        ("直接胆红素", "umol/L", "血清", "14631-6"),
        ("总胆红素", "umol/L", "血清", "14629-0"),
        ("尿肌酐", "mmol/L", "尿", "14682-9"),
        ("血肌酐", "umol/L", "血清", "14683-7"),
        ("尿素", "mmol/L", "血清", "14937-7"),
        ("尿素氮", "mmol/L", "血清", "22664-7"),
    ],
)
def test_a_dangerous_partner_is_not_even_suggested(name, unit, specimen, partner) -> None:
    # Also where the right code is missing from the pool.
    from terminology.local_mapping.ranking import Ranker, load_weights
    from tests.unit.terminology.local_mapping.items import item

    pool = [each for each in ranker().pool if each.code == partner]
    assert len(pool) == 1
    alone = Ranker(pool, weights=load_weights().weights)
    found = suggest(item(name, unit, specimen), alone)
    assert found.suggestions == ()
    assert found.accepted is None
