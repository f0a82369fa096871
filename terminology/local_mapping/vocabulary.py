"""The curated words of laboratory names: what a phrase in Chinese or English stands for."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, get_args

from terminology.local_mapping.tokens import tokens

Kind = Literal["analyte", "part", "specimen", "scale", "property", "method", "time", "noise"]

# What a word says beside its analyte: 血糖 is glucose in blood.
_ALSO: Final[Mapping[str, tuple[Kind, str]]] = {
    "blood": ("specimen", "Blood"),
    "Ser": ("specimen", "Ser"),
    "urine": ("specimen", "Ur"),
    "Stl": ("specimen", "Stl"),
    "CSF": ("specimen", "CSF"),
    "Plr": ("specimen", "Plr"),
    "Periton": ("specimen", "Periton"),
    # 血清蛋白 is written for protein, and by a slip for 血清白蛋白, which is albumin.
    "unspecific": ("part", "unspecific"),
    "#": ("property", "count"),
    "pressure": ("property", "pressure"),
    "24H": ("time", "24H"),
    "hs": ("method", "hs"),
    "intact": ("part", "intact"),
    "beta": ("part", "beta"),
    "pregnancy": ("part", "pregnancy"),
}

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one phrase stands for: the kind of word and its canonical value."""

    kind: Kind
    value: str


class Vocabulary:
    """Phrases with their meanings; a phrase has one row."""

    def __init__(
        self,
        phrases: Mapping[Phrase, tuple[Meaning, ...]],
        *,
        units: Mapping[str, frozenset[str]],
        serum_only: frozenset[str],
    ) -> None:
        self._phrases = dict(phrases)
        self._units = dict(units)
        self._serum_only = serum_only
        self.longest = max((len(phrase) for phrase in self._phrases), default=0)

    def meanings(self, phrase: Phrase) -> tuple[Meaning, ...] | None:
        """What the phrase stands for, None where no row has it."""
        return self._phrases.get(phrase)

    def units(self, analyte: str) -> frozenset[str]:
        """The UCUM units that laboratories print for an analyte; empty: never accepted by rule."""
        return self._units.get(analyte, frozenset())

    def is_serum_only(self, analyte: str) -> bool:
        """Whether laboratories measure it in serum or plasma, and never in whole blood."""
        return analyte in self._serum_only


@cache
def load() -> Vocabulary:
    """The vocabulary that ships with the product; ValueError where a phrase has two rows."""
    phrases: dict[Phrase, tuple[Meaning, ...]] = {}
    units: dict[str, frozenset[str]] = {}
    serum_only: set[str] = set()
    for row in _rows("local_analytes.csv"):
        units[row["id"]] = frozenset(row["units"].split())
        if row["blood"] == "serum":
            serum_only.add(row["id"])
        for phrase, meanings in _phrases_of(row, Meaning("analyte", row["id"])):
            _add(phrases, phrase, meanings)
    for row in _rows("local_words.csv"):
        for phrase, meanings in _phrases_of(row, Meaning(_kind(row["kind"]), row["value"])):
            _add(phrases, phrase, meanings)
    return Vocabulary(phrases, units=units, serum_only=frozenset(serum_only))


def _rows(name: str) -> list[dict[str, str]]:
    text = files("terminology").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _phrases_of(
    row: Mapping[str, str], meaning: Meaning
) -> Iterator[tuple[Phrase, tuple[Meaning, ...]]]:
    for written in filter(None, f"{row['english']};{row['chinese']}".split(";")):
        text, *also = written.split("@")
        yield tokens(text), (meaning, *(Meaning(*_ALSO[each]) for each in also))


def _add(
    phrases: dict[Phrase, tuple[Meaning, ...]], phrase: Phrase, meanings: tuple[Meaning, ...]
) -> None:
    if not phrase:
        raise ValueError(f"a row of {meanings} has a phrase without letters")
    if phrases.setdefault(phrase, meanings) != meanings:
        raise ValueError(f"{' '.join(phrase)!r} stands for {phrases[phrase]} and for {meanings}")


def _kind(text: str) -> Kind:
    for kind in get_args(Kind):
        if text == kind:
            return kind  # type: ignore[no-any-return]  # get_args loses the Literal
    raise ValueError(f"local_words.csv has an unknown kind {text!r}")
