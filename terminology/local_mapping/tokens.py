"""Names of laboratory items as tokens: one spelling, whatever the keyboard wrote."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

# A Latin word, a number, one ideograph, or a sign that carries meaning in laboratory names.
_TOKEN: Final = re.compile(r"[a-z]+|[0-9]+|[\u3400-\u9fff]|[%#/]")
_GREEK: Final = {
    "α": " alpha ", "β": " beta ", "γ": " gamma ", "δ": " delta ", "κ": " kappa ", "λ": " lambda ",
}  # fmt: skip
# British spelling to the one that LOINC uses.
_SPELLING: Final = (
    ("haem", "hem"), ("leuco", "leuko"), ("oestr", "estr"), ("foet", "fet"), ("faec", "fec"),
    ("aemia", "emia"), ("anaem", "anem"),
)  # fmt: skip
# Words that LOINC's names abbreviate.
_ABBREVIATED: Final = {
    "antibody": "ab", "antibodies": "ab", "abs": "ab", "antigen": "ag", "antigens": "ag",
}  # fmt: skip
# Words that end in s and are no plural.
_SINGULAR: Final = ("ss", "us", "is", "as")


def tokens(text: str) -> tuple[str, ...]:
    """Return the tokens of a name: Latin words in the singular, numbers, single ideographs.

    Width, case, Greek letters and British spelling are folded; every other sign separates.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    for letter, name in _GREEK.items():
        folded = folded.replace(letter, name)
    words = [_word(each) for each in _TOKEN.findall(folded.replace("'s ", " "))]
    return tuple(_salts(words))


def is_ideograph(token: str) -> bool:
    """Whether a token is one Chinese character."""
    return "\u3400" <= token[0] <= "\u9fff"


def _salts(words: list[str]) -> Iterator[str]:
    """Yield the words with acids as LOINC has them: uric acid is urate."""
    acid = False
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if acid:
            acid = False
        elif following == "acid" and word.endswith("ic"):
            acid = True
            yield word.removesuffix("ic") + "ate"
        else:
            yield word


@lru_cache(maxsize=16384)
def _word(word: str) -> str:
    if word in _ABBREVIATED:
        return _ABBREVIATED[word]
    for british, american in _SPELLING:
        word = word.replace(british, american)
    if len(word) > 3 and word.endswith("s") and not word.endswith(_SINGULAR):
        return word[:-1]
    return word
