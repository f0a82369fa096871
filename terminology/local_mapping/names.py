"""What a name says: its analytes, specimen, method and so on, and the words left unexplained."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from terminology.local_mapping.tokens import is_ideograph, tokens
from terminology.local_mapping.vocabulary import Kind, Meaning, Phrase, load

# Explaining a token counts for more than using few phrases; among those the longer first phrase.
_UNEXPLAINED: Final = 100


@dataclass(frozen=True, slots=True)
class NameReading:
    """The parts of one name; `words` are what the vocabulary does not know.

    `analytes` and `parts` hold ids of the vocabulary, `specimens` LOINC-like system codes, `ratio`
    is whether one thing is given per another.
    """

    analytes: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    specimens: frozenset[str] = frozenset()
    scales: frozenset[str] = frozenset()
    properties: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    ratio: bool = False

    @property
    def component(self) -> frozenset[str]:
        """Everything that says what is measured: analytes, parts and unexplained words."""
        slash = {"/"} if self.ratio else set()
        return self.analytes | self.parts | self.words | slash

    def joined(self, other: "NameReading") -> "NameReading":
        """Return what both names of one item say together."""
        return NameReading(
            self.analytes | other.analytes,
            self.parts | other.parts,
            self.words | other.words,
            self.specimens | other.specimens,
            self.scales | other.scales,
            self.properties | other.properties,
            self.methods | other.methods,
            self.times | other.times,
            self.ratio or other.ratio,
        )


@lru_cache(maxsize=65536)
def read_name(text: str) -> NameReading:
    """Return what a name says in Chinese, English or both."""
    found: dict[Kind, set[str]] = {}
    words: list[str] = []
    ratio = False
    for phrase, meanings in _segments(tokens(text)):
        if meanings is None:
            ratio = ratio or phrase == ("/",)
            words += phrase
        for meaning in meanings or ():
            found.setdefault(meaning.kind, set()).add(meaning.value)
    return NameReading(
        analytes=frozenset(found.get("analyte", ())),
        parts=frozenset(found.get("part", ())),
        words=frozenset(_joined(words)) - {"/"},
        specimens=frozenset(found.get("specimen", ())),
        scales=frozenset(found.get("scale", ())),
        properties=frozenset(found.get("property", ())),
        methods=frozenset(found.get("method", ())),
        times=frozenset(found.get("time", ())),
        ratio=ratio,
    )


def _joined(words: Iterable[str]) -> list[str]:
    """Return the words with neighbouring ideographs as one: 某某 is one unknown word, not two."""
    joined: list[str] = []
    for word in words:
        if joined and is_ideograph(word) and is_ideograph(joined[-1]):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _segments(text: Phrase) -> list[tuple[Phrase, tuple[Meaning, ...] | None]]:
    """Return the text cut into phrases so that the fewest tokens stay unexplained."""
    vocabulary = load()
    costs, steps = [0] * (len(text) + 1), [1] * len(text)
    for start in range(len(text) - 1, -1, -1):
        costs[start] = _UNEXPLAINED + costs[start + 1]
        for length in range(1, min(vocabulary.longest, len(text) - start) + 1):
            known = vocabulary.meanings(text[start : start + length]) is not None
            if known and 1 + costs[start + length] <= costs[start]:
                costs[start], steps[start] = 1 + costs[start + length], length
    segments, at = [], 0
    while at < len(text):
        phrase = text[at : at + steps[at]]
        segments.append((phrase, vocabulary.meanings(phrase)))
        at += steps[at]
    return segments
