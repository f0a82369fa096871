"""What was measured of the rules that accept a mapping, and whether they may therefore be used."""

import hashlib
from functools import cache
from importlib.resources import files
from math import comb
from typing import Final

import msgspec

from terminology.local_mapping.auto_accept import RULES

# The rules may be used only where so many of their mappings were right.
PRECISION_WANTED: Final = 0.995
_CONFIDENCE: Final = 0.95
_STEPS: Final = 60


class Measurement(msgspec.Struct, frozen=True):
    """One count: of `items` that no rule was made from, `accepted` were, of these `wrong` falsely.

    `rules` and `vocabulary` name what was measured; `source` and `date` where and when.
    """

    rules: str
    vocabulary: str
    source: str
    date: str
    items: int
    accepted: int
    wrong: int

    def precision(self) -> float:
        """Return the share of accepted mappings that were right; 0 where none was accepted."""
        return (self.accepted - self.wrong) / self.accepted if self.accepted else 0.0

    def lower_bound(self) -> float:
        """Return what the precision is at least, with 95 % confidence (Clopper-Pearson, one side).

        The count is small: 0 wrong of 50 shows no more than 94 %.
        """
        if not self.accepted:
            return 0.0
        low, high = 0.0, 1.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if _at_most(self.wrong, of=self.accepted, chance=1 - middle) < 1 - _CONFIDENCE:
                low = middle
            else:
                high = middle
        return low

    def allows(self) -> bool:
        """Whether the rules as they are now were measured, and precise enough to be used."""
        current = self.rules == RULES and self.vocabulary == vocabulary_digest()
        return current and self.precision() >= PRECISION_WANTED


@cache
def load_measurement() -> Measurement:
    """The measurement that ships with the product."""
    data = files("terminology").joinpath("data", "local_mapping_measured.json").read_bytes()
    return msgspec.json.decode(data, type=Measurement)


@cache
def vocabulary_digest() -> str:
    """Return a digest of the curated words: other words need another measurement."""
    folder = files("terminology").joinpath("data")
    content = b"".join(
        folder.joinpath(name).read_bytes() for name in ("local_analytes.csv", "local_words.csv")
    )
    return hashlib.sha256(content).hexdigest()[:12]


def _at_most(wrong: int, *, of: int, chance: float) -> float:
    """Return the probability of so many wrong or fewer, each wrong with that chance."""
    return sum(comb(of, k) * chance**k * (1 - chance) ** (of - k) for k in range(wrong + 1))
