"""Words by which texts are found: how a text is cut, and what a search must find.

A word of letters and digits is found by its beginning. Ideographs have no blanks between words:
there each two that stand side by side are a word, and the last one of a run alone, so that any
part of a text is found.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import msgspec

# CJK ideographs, kana and hangul: scripts without blanks between words, or with few.
_DENSE: Final = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_RUNS: Final = re.compile(f"[{_DENSE}]+|[^\\W_{_DENSE}]+")
_FIRST_DENSE: Final = "\u3005"


class Wanted(msgspec.Struct, frozen=True):
    """A word to be found: whole (`is_whole`), or as the beginning of one."""

    text: str
    is_whole: bool = False


def folded(text: str) -> str:
    """Return a text in which case, accents and the width of letters make no difference."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def words_of(text: str) -> Iterator[str]:
    """Yield the words of a text, some perhaps twice."""
    for run in _RUNS.findall(folded(text)):
        if run[0] < _FIRST_DENSE:
            yield run
        else:
            yield from _pairs(run)
            yield run[-1]


@lru_cache(maxsize=1000)
def wanted(text: str) -> tuple[Wanted, ...]:
    """Return the words that a search of this text must find, all of them."""
    found: dict[Wanted, None] = {}
    for run in _RUNS.findall(folded(text)):
        if run[0] < _FIRST_DENSE or len(run) == 1:
            found[Wanted(run)] = None
        else:
            found.update((Wanted(pair, is_whole=True), None) for pair in _pairs(run))
    return tuple(found)


def runs_of_ideographs(text: str) -> tuple[str, ...]:
    """Return the runs of three or more: that all their pairs are there does not yet find them."""
    return tuple(r for r in _RUNS.findall(folded(text)) if r[0] >= _FIRST_DENSE and len(r) > 2)


def _pairs(run: str) -> Iterator[str]:
    return (run[at : at + 2] for at in range(len(run) - 1))
