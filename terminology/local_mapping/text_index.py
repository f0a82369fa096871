"""Which candidates have words in common with a name: an inverted index with tf-idf weights."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

_GRAM: Final = 3


def grams(text: str) -> Counter[str]:
    """Return the trigrams of the words of a text, with its beginnings and ends."""
    return Counter(
        padded[at : at + _GRAM]
        for word in text.split()
        for padded in (f" {word} ",)
        for at in range(len(padded) - _GRAM + 1)
    )


class TextIndex:
    """Documents by term; `similarities` gives the cosine of a query to each document."""

    def __init__(self, documents: Sequence[Iterable[str]]) -> None:
        counts = [Counter(document) for document in documents]
        self._size = len(counts)
        frequency = Counter(term for count in counts for term in count)
        self._idf = {term: 1.0 + log((1 + self._size) / (1 + n)) for term, n in frequency.items()}
        postings: dict[str, tuple[list[int], list[float]]] = {}
        for number, count in enumerate(counts):
            weights = self._weights(count)
            norm = sqrt(sum(weight**2 for weight in weights.values())) or 1.0
            for term, weight in weights.items():
                places, values = postings.setdefault(term, ([], []))
                places.append(number)
                values.append(weight / norm)
        self._postings: Mapping[str, tuple[NDArray[np.int32], NDArray[np.float64]]] = {
            term: (np.array(places, np.int32), np.array(values))
            for term, (places, values) in postings.items()
        }

    def idf(self, term: str) -> float:
        """Return how much a term tells; a term that no document has tells most."""
        return self._idf.get(term, 1.0 + log(1 + self._size))

    def similarities(self, query: Iterable[str]) -> NDArray[np.float64]:
        """Return the cosine of the query to each document, between 0 and 1."""
        weights = self._weights(Counter(query))
        norm = sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        # Terms in one order: sums of floats depend on theirs, and a ranking must not.
        found = np.zeros(self._size)
        for term in sorted(weights):
            if term in self._postings:
                places, values = self._postings[term]
                found[places] += values * (weights[term] / norm)
        return found

    def _weights(self, count: Counter[str]) -> dict[str, float]:
        return {term: (1.0 + log(n)) * self.idf(term) for term, n in count.items()}
