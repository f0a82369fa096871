"""Which terms a search finds, by the tables of the specification's "Character Collation"."""

import pytest

from terminology.ecl.syntax import SearchTerm
from terminology.ecl.term_matching import finder, words_needed


def found(kind: str, wanted: str, text: str) -> bool:
    return finder([SearchTerm(kind, wanted)])(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "text", "expected"),
    [
        ("resume", "Résumé", True),
        ("Resume", "rèsumè", True),
        ("résumé", "RÉSUMÉ", True),
        ("résumé", "resume", False),
        ("résumé", "rèsumè", False),
        ("sjogren", "Sjögren", True),
        ("sjögren", "SJÖGREN", True),
        ("sjögren", "Sjogren", False),
        ("Ångström", "ångström", True),
        ("Ångström", "angstrom", False),
        # Combining marks are the same letter as the composed one.
        ("sjögren", "Sjo\u0308gren", True),
        ("straße", "STRASSE", True),
        ("ALT", "ＡＬＴ", True),
        ("ａｌｔ", "ALT", True),
        # Not followed: ø is no variant of o here.
        ("sjogren", "Sjøgren", False),
    ],
)
def test_an_accent_counts_where_the_search_has_it(wanted: str, text: str, expected: bool) -> None:
    assert found("match", wanted, text) is expected
    assert found("wild", wanted, text) is expected


@pytest.mark.parametrize(
    ("wanted", "text", "expected"),
    [
        ("heart att", "Attack of the heart", True),
        ("art", "heart", False),
        ("dis", "Asthma (disorder)", True),
        ("(dis", "Asthma (disorder)", True),
        ("crohn s", "Crohn's disease", True),
        ("b-cell", "Diffuse large B-cell lymphoma", True),
        ("cell b", "Diffuse large B-cell lymphoma", True),
        ("J45.9", "J45.9", True),
        ("J45", "J45.9", True),
        ("45", "J45.9", False),
        ("梗死", "急性心肌梗死", True),
        ("心梗", "急性心肌梗死", False),
        ("血糖 测定", "空腹血糖测定", True),
        ("A1c", "糖化血红蛋白A1c", True),
        ("1c", "糖化血红蛋白A1c", False),
        ("2", "2型糖尿病", True),
        ("+", "Na+ channel", False),
        ("na+", "Na+ channel", True),
    ],
)
def test_a_word_is_found_by_its_beginning(wanted: str, text: str, expected: bool) -> None:
    assert found("match", wanted, text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("cardi*opathy", "Cardiopathy", True),
        ("cardi*opathy", "cardiac channelopathy", True),
        ("cardi*opathy", "atrial cardiopathy", False),
        ("cardi*opathy", "Cardiomyopathy (disorder)", False),
        ("cardiopathy", "CARDIOPATHY", True),
        ("cardiopathy", "Cardiopathy ", False),
        ("*", "", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*b*ab*", "abab", True),
        ("*ab*ab*", "aba", False),
        ("*a*b*c*", "xaybzc", True),
        ("*c*b*", "abc", False),
        ("5\\*", "5*", True),
        ("5\\*", "55", False),
        ("\\\\*", "\\x", True),
        ("*é*e", "e é e", True),
        ("*é*é", "e é e", False),
        ("*梗*", "心肌梗死", True),
    ],
)
def test_a_pattern_is_of_the_whole_term(pattern: str, text: str, expected: bool) -> None:
    assert found("wild", pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("cardi*opathy", "cardi "),
        ("*itis", " "),
        ("*heart att*", "  att "),
        ("heart*", "heart "),
        ("*心肌*梗", " 心肌 梗"),
        ("*(dis*", " (dis "),
    ],
)
def test_an_index_of_words_is_asked_for_what_begins_a_word_for_certain(
    pattern: str, words: str
) -> None:
    assert words_needed(SearchTerm("wild", pattern)) == words


def test_a_pattern_of_many_stars_takes_no_longer_than_its_length() -> None:
    assert not found("wild", "*a" * 4_000 + "*b", "a" * 4_000 + "c")
