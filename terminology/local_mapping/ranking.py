"""Candidates in the order in which they fit an item."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
import numpy as np

from terminology.local_mapping.candidates import Candidate
from terminology.local_mapping.features import Features, contradicts, features
from terminology.local_mapping.items import ItemReading
from terminology.local_mapping.names import NameReading, read_name
from terminology.local_mapping.text_index import TextIndex, grams
from terminology.local_mapping.tokens import tokens

# So many of the nearest in words are looked at closely.
_NEAREST: Final = 300
# Without a term in common, names that are less alike than this have nothing to do with each other.
_LIKE: Final = 0.2


class Weights(msgspec.Struct, frozen=True):
    """What each feature counts for, and how that was found."""

    provenance: Mapping[str, str]
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score (log odds, higher is better), its features and its reading."""

    candidate: Candidate
    component: NameReading
    features: Features
    score: float


@cache
def load_weights() -> Weights:
    """The weights that ship with the product."""
    data = files("terminology").joinpath("data", "local_mapping_weights.json").read_bytes()
    return msgspec.json.decode(data, type=Weights)


class Ranker:
    """A pool made ready for many items."""

    def __init__(self, pool: Sequence[Candidate], *, weights: Mapping[str, float]) -> None:
        # By code, so that a tie is decided in one way whatever the pool's order.
        self.pool = tuple(sorted(pool, key=lambda each: each.code))
        self._weights = dict(weights)
        self._components = [read_name(each.component) for each in self.pool]
        self._named: dict[frozenset[str], list[int]] = {}
        for at, reading in enumerate(self._components):
            self._named.setdefault(reading.component, []).append(at)
        names = [" ".join((each.component, *each.names[1:])) for each in self.pool]
        self._terms = TextIndex([sorted(each.component) for each in self._components])
        self._spelling = TextIndex([grams(spelled(name)).elements() for name in names])

    def named(self, item: ItemReading) -> list[Candidate]:
        """Return every candidate whose component is exactly what the item's name says."""
        return [self.pool[at] for at in self._named.get(item.name.component, [])]

    def nearest(self, item: ItemReading) -> list[Ranked]:
        """Return the candidates near to an item, unordered, each with its features."""
        text = self._terms.similarities(item.name.component)
        letters = grams(" ".join(spelled(name) for name in item.item.names))
        spelling = self._spelling.similarities(letters.elements())
        nearest = np.argsort(-(text + spelling), kind="stable")[:_NEAREST]
        near = dict.fromkeys([*nearest.tolist(), *self._named.get(item.name.component, [])])
        return [
            self._ranked(item, at, float(text[at]), float(spelling[at]))
            for at in near
            if (text[at] > 0 or spelling[at] >= _LIKE)
            and not contradicts(item, self.pool[at], self._components[at])
        ]

    def rank(self, item: ItemReading) -> list[Ranked]:
        """Return the candidates near to an item, the best first."""
        return sorted(self.nearest(item), key=lambda each: (-each.score, each.candidate.code))

    def _ranked(self, item: ItemReading, at: int, text: float, spelling: float) -> Ranked:
        candidate, component = self.pool[at], self._components[at]
        found = features(
            item, candidate, component, text=text, spelling=spelling, idf=self._terms.idf
        )
        score = sum(self._weights.get(name, 0.0) * value for name, value in found.items())
        return Ranked(candidate, component, found, score)


def spelled(text: str) -> str:
    """Return a text as its tokens, for comparison by letters."""
    return " ".join(tokens(text))


def fingerprint(weights: Weights) -> str:
    """Return a digest of the weights, to tell which ones made a list."""
    return hashlib.sha256(msgspec.json.encode(weights)).hexdigest()[:12]
