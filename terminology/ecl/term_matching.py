"""Whether a text is found by the search terms of ECL: by words, by a pattern, or exactly.

6.8, "Term Filter", and "Character Collation for Term Filters": case and width make no difference,
and an accent only if the search term has it (asymmetric search at secondary strength). The
tailorings of single languages are not followed: ø is a letter of its own everywhere.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from terminology.ecl.syntax import SearchTerm

# Ideographs, kana and hangul, between which no blanks stand: each begins a word.
_DENSE: Final = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_IS_DENSE: Final = re.compile(f"[{_DENSE}]")
_LEADING_LETTERS: Final = re.compile(f"^[^\\W_{_DENSE}]+")
_STARS: Final = re.compile(r"\*|((?>[^\\*]+|\\.)++)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


class _Folded(NamedTuple):
    """A text without case, with its accents and without; both are of one length."""

    marked: str
    base: str


def finder(terms: Sequence[SearchTerm]) -> Callable[[str], bool]:
    """Return the test whether one of the terms finds a text."""
    finders = [_finder(term) for term in terms]
    if len(finders) == 1:
        return finders[0]
    return lambda text: any(finds(text) for finds in finders)


def words_needed(term: SearchTerm) -> str:
    """Return the words, or beginnings of words, that a text needs for the term to find it."""
    if term.kind == "match":
        return term.text
    first, *others = (_folded(segment).marked for segment in _segments(term.text))
    # Behind a star the first letters may be the end of a word, which begins no word.
    return " ".join((first, *(_LEADING_LETTERS.sub("", each) for each in others)))


def _finder(term: SearchTerm) -> Callable[[str], bool]:
    if term.kind == "exact":
        return lambda text: text == term.text
    if term.kind == "match":
        words = [_folded(word) for word in term.text.split()]
        return lambda text: _has_words(_folded(text), words)
    segments = [_folded(segment) for segment in _segments(term.text)]
    return lambda text: _fits(_folded(text), segments)


def _folded(text: str) -> _Folded:
    if text.isascii():
        lower = text.lower()
        return _Folded(lower, lower)
    # The width of a letter is a tertiary difference in UTS 10, as its case is.
    marked = unicodedata.normalize("NFKC", text.casefold())
    return _Folded(marked, "".join(map(_base, marked)))


@lru_cache(maxsize=10_000)
def _base(character: str) -> str:
    """Return a letter without its accents; one character for one."""
    parts = unicodedata.normalize("NFD", character)
    has_marks_only = all(unicodedata.category(mark) == "Mn" for mark in parts[1:])
    return parts[0] if has_marks_only else character


def _has_words(text: _Folded, words: Sequence[_Folded]) -> bool:
    return all(_has_word(text, word) for word in words)


def _has_word(text: _Folded, word: _Folded) -> bool:
    at = text.base.find(word.base)
    while at >= 0:
        if _begins_word(text.base, at) and _has_accents(text, at, word):
            return True
        at = text.base.find(word.base, at + 1)
    return False


def _begins_word(text: str, at: int) -> bool:
    if at == 0:
        return True
    before, first = text[at - 1], text[at]
    if before.isspace() or _IS_DENSE.match(first):
        return True
    return first.isalnum() and (not before.isalnum() or _IS_DENSE.match(before) is not None)


def _has_accents(text: _Folded, at: int, part: _Folded) -> bool:
    """Whether every letter that has an accent in `part` has the same in the text."""
    if part.marked == part.base:
        return True
    there = text.marked[at : at + len(part.marked)]
    return all(
        have == want
        for have, want, plain in zip(there, part.marked, part.base, strict=True)
        if want != plain
    )


def _fits(text: _Folded, segments: Sequence[_Folded]) -> bool:
    """Whether a whole text is the segments with anything between them."""
    first, last = segments[0], segments[-1]
    if len(segments) == 1:
        return len(text.base) == len(first.base) and _stands(text, 0, first)
    end = len(text.base) - len(last.base)
    at = len(first.base)
    if end < at or not _stands(text, 0, first) or not _stands(text, end, last):
        return False
    for segment in segments[1:-1]:
        at = _next(text, at, end, segment)
        if at < 0:
            return False
        at += len(segment.base)
    return True


def _stands(text: _Folded, at: int, part: _Folded) -> bool:
    return text.base.startswith(part.base, at) and _has_accents(text, at, part)


def _next(text: _Folded, at: int, end: int, segment: _Folded) -> int:
    """Return the first place of a segment between two places, -1 where it has none."""
    at = text.base.find(segment.base, at, end)
    while at >= 0 and not _has_accents(text, at, segment):
        at = text.base.find(segment.base, at + 1, end)
    return at


def _segments(pattern: str) -> list[str]:
    """Return what stands before, between and behind the stars, without escapes."""
    segments = [""]
    for match in _STARS.finditer(pattern):
        if match[1] is None:
            segments.append("")
        else:
            segments[-1] += _ESCAPED.sub(r"\1", match[1])
    return segments
