"""How texts are cut into words, and what finds them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminology.releases.words import runs_of_ideographs, wanted, words_of

ideographs = st.text("糖化血红蛋白尿肌酐", min_size=1, max_size=8)


def finds(query: str, text: str) -> bool:
    words = set(words_of(text))
    return all(
        word.text in words if word.is_whole else any(w.startswith(word.text) for w in words)
        for word in wanted(query)
    ) and all(run in text for run in runs_of_ideographs(query))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("glu", "Glucose [Moles/volume] in Blood"),
        ("blood glucose", "Glucose [Moles/volume] in Blood"),
        ("糖化", "糖化血红蛋白"),
        ("红蛋", "糖化血红蛋白"),
        ("白", "糖化血红蛋白"),
        ("糖化血红蛋白", "糖化血红蛋白（全血）"),
        ("hba1c 糖化", "糖化血红蛋白 HbA1c"),
        ("sjogren", "Sjögren syndrome"),
        ("ＨｂＡ１ｃ", "HbA1c"),
    ],
)
def test_found(query: str, text: str) -> None:
    assert finds(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("cose", "Glucose"),
        ("血糖", "糖化血红蛋白"),
        # All pairs are there, but not the run.
        ("血红血", "血红 红血"),
        ("尿肌酐", "尿素 肌酐"),
    ],
)
def test_not_found(query: str, text: str) -> None:
    assert not finds(query, text)


@given(ideographs, ideographs, ideographs)
def test_any_part_of_a_run_finds_it(before: str, part: str, after: str) -> None:
    assert finds(part, before + part + after)


@given(ideographs, st.lists(ideographs, max_size=4))
def test_what_is_not_there_is_not_found(query: str, parts: list[str]) -> None:
    text = " ".join(parts)
    assert finds(query, text) == (query in text)
