"""Writes an RF2 release of made-up concepts, in the form and, if wanted, the size of SNOMED CT.

`python -m scripts.make_rf2_release FOLDER [--concepts 370000] [--seed 1]`. Nothing in it is
SNOMED CT but the concepts by which every release is built (is a, the uses of texts, modules).
"""

import argparse
import random
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

DATE: Final = "20260101"
CORE: Final = "900000000000207008"
ROOT: Final = "138875005"
IS_A: Final = "116680003"
FSN, SYNONYM = "900000000000003001", "900000000000013009"
US, GB = "900000000000509007", "900000000000508004"
ZH: Final = "722128001"
PREFERRED, ACCEPTABLE = "900000000000548007", "900000000000549004"
INFERRED, SOME = "900000000000011006", "900000000000451002"
PRIMITIVE, DEFINED = "900000000000074008", "900000000000073002"
REPLACED_BY: Final = "900000000000526001"
# What every release has, with what stands above it.
MODEL: Final = {
    ROOT: ("SNOMED CT Concept", ""),
    "900000000000441003": ("SNOMED CT Model Component", ROOT),
    "106237007": ("Linkage concept", "900000000000441003"),
    "410662002": ("Concept model attribute", "106237007"),
    IS_A: ("Is a", "106237007"),
    "900000000000455006": ("Reference set", "900000000000441003"),
    US: ("US English language reference set", "900000000000455006"),
    GB: ("GB English language reference set", "900000000000455006"),
    ZH: ("Chinese language reference set", "900000000000455006"),
    REPLACED_BY: ("REPLACED BY association reference set", "900000000000522004"),
    "900000000000522004": ("Historical association reference set", "900000000000455006"),
    "900000000000444006": ("Definition status", "900000000000441003"),
    PRIMITIVE: ("Primitive", "900000000000444006"),
    DEFINED: ("Defined", "900000000000444006"),
    "900000000000446008": ("Description type", "900000000000441003"),
    FSN: ("Fully specified name", "900000000000446008"),
    SYNONYM: ("Synonym", "900000000000446008"),
    "900000000000550004": ("Definition", "900000000000446008"),
    "900000000000443000": ("Module", "900000000000441003"),
    CORE: ("SNOMED CT core", "900000000000443000"),
}
_CONSONANTS: Final = tuple("bcdfghklmnprstv")
_VOWELS: Final = ("a", "e", "i", "o", "u", "ia", "eo")
IDEOGRAPHS: Final = (
    "糖化血红蛋白尿肌酐胆固醇甘油三酯磷酸盐碱性酶直接总素氮心肝肾肺胃肠脑骨皮"
    "炎症瘤癌痛热寒急慢原发继性高低压左右上下动静脉"
)
# The check digits of Verhoeff: https://confluence.ihtsdotools.org/display/DOCRELFMT, appendix C.
_F: Final = [list(range(10)), [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
for _ in range(6):
    _F.append([_F[-1][_F[1][n]] for n in range(10)])
_D: Final = [
    [(a + b) % 5 if a < 5 and b < 5 else 5 + (a + b) % 5 if a < 5 else 5 + (a - b) % 5
     if b < 5 else (a - b) % 5 for b in range(10)]
    for a in range(10)
]  # fmt: skip
_INVERSE: Final = [0, 4, 3, 2, 1, 5, 6, 7, 8, 9]


def sctid(item: int, partition: str) -> str:
    """Return an identifier of the namespace 1999999 with its check digit."""
    text = f"{item}1999999{partition}"
    check = 0
    for place, digit in enumerate(reversed(text), 1):
        check = _D[check][_F[place % 8][int(digit)]]
    return f"{text}{_INVERSE[check]}"


class Release:
    """A made-up release of so many concepts, the same for the same seed."""

    def __init__(self, concepts: int, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 (made-up words)
        self.types = [sctid(n + 1, "10") for n in range(40)]
        self.refsets = [sctid(n + 101, "10") for n in range(10)]
        self.codes = [sctid(n + 1001, "10") for n in range(concepts)]
        self.words = [self._word() for _ in range(30_000)]
        self._used = 0

    def write(self, folder: Path) -> None:
        """Write every file of the release below a folder."""
        terminology, refset = folder / "Snapshot/Terminology", folder / "Snapshot/Refset"
        for each in (terminology, refset):
            each.mkdir(parents=True, exist_ok=True)
        head = "id effectiveTime active moduleId"
        _write(terminology / f"sct2_Concept_Snapshot_INT_{DATE}.txt",
               f"{head} definitionStatusId", self._concept_rows())  # fmt: skip
        with (
            _opened(terminology / f"sct2_Description_Snapshot-en_INT_{DATE}.txt") as english,
            _opened(terminology / f"sct2_Description_Snapshot-zh_INT_{DATE}.txt") as chinese,
            _opened(refset / f"der2_cRefset_LanguageSnapshot-en_INT_{DATE}.txt") as language,
        ):
            columns = f"{head} conceptId languageCode typeId term caseSignificanceId"
            for each in (english, chinese):
                each.write(_line(columns.split()))
            language.write(_line(f"{head} refsetId referencedComponentId acceptabilityId".split()))
            for text, accepted in self._texts():
                (chinese if text[5] == "zh" else english).write(_line(text))
                language.writelines(_line(each) for each in accepted)
        relation = "relationshipGroup typeId characteristicTypeId modifierId"
        _write(terminology / f"sct2_Relationship_Snapshot_INT_{DATE}.txt",
               f"{head} sourceId destinationId {relation}", self._relation_rows())  # fmt: skip
        _write(terminology / f"sct2_RelationshipConcreteValues_Snapshot_INT_{DATE}.txt",
               f"{head} sourceId value {relation}", self._amount_rows())  # fmt: skip
        _write(refset / f"der2_Refset_SimpleSnapshot_INT_{DATE}.txt",
               f"{head} refsetId referencedComponentId", self._member_rows())  # fmt: skip
        _write(refset / f"der2_cRefset_AssociationSnapshot_INT_{DATE}.txt",
               f"{head} refsetId referencedComponentId targetComponentId",
               self._association_rows())  # fmt: skip

    def is_active(self, number: int) -> bool:
        """Whether a concept of `codes` is used: one in twenty is not."""
        return number % 20 != 19

    def parents(self, number: int) -> list[str]:
        """Return what stands above a concept of `codes`: one in three has several."""
        if number < 20:
            return [ROOT]
        rng = random.Random(number)  # noqa: S311
        count = 1 if number % 3 else rng.choice((2, 2, 3))
        middle = number // 6
        picked = {rng.randrange(max(0, middle - 40), middle + 1) for _ in range(count)}
        return [self.codes[p if self.is_active(p) else p - 1] for p in sorted(picked)]

    def _word(self) -> str:
        syllables = self._random.choices(_CONSONANTS, k=3), self._random.choices(_VOWELS, k=3)
        return "".join(c + v for c, v in zip(*syllables, strict=True))

    def _everything(self) -> Iterator[tuple[str, str]]:
        yield from ((code, name) for code, (name, _) in MODEL.items())
        yield from ((code, f"Attribute {n}") for n, code in enumerate(self.types))
        yield from ((code, f"Simple reference set {n}") for n, code in enumerate(self.refsets))
        for code in self.codes:
            words = self._random.choices(self.words, k=self._random.choice((2, 3, 3, 4, 5)))
            yield code, " ".join(words).capitalize()

    def _concept_rows(self) -> Iterator[list[str]]:
        for code in (*MODEL, *self.types, *self.refsets):
            yield [code, DATE, "1", CORE, PRIMITIVE]
        for number, code in enumerate(self.codes):
            status = DEFINED if number % 4 == 0 else PRIMITIVE
            yield [code, DATE, "1" if self.is_active(number) else "0", CORE, status]

    def _texts(self) -> Iterator[tuple[list[str], list[list[str]]]]:
        choices = self._random.choices
        for code, name in self._everything():
            yield self._text(code, "en", FSN, f"{name} (finding)", {US: True, GB: True})
            yield self._text(code, "en", SYNONYM, name, {US: True, GB: True})
            other = " ".join([choices(self.words)[0], *name.lower().split()[1:]])
            yield self._text(code, "en", SYNONYM, other, {US: False, GB: False})
            chinese = "".join(choices(IDEOGRAPHS, k=self._random.choice((4, 5, 6, 8))))
            yield self._text(code, "zh", SYNONYM, chinese, {ZH: True})

    def _text(
        self, code: str, language: str, use: str, term: str, accepted: dict[str, bool]
    ) -> tuple[list[str], list[list[str]]]:
        id = sctid(self._next(), "11")
        case = "900000000000448009"
        row = [id, DATE, "1", CORE, code, language, use, term, case]
        members = [
            [self._uuid(), DATE, "1", CORE, refset, id, PREFERRED if best else ACCEPTABLE]
            for refset, best in accepted.items()
        ]
        return row, members

    def _relation_rows(self) -> Iterator[list[str]]:
        for code, (_, parent) in MODEL.items():
            if parent:
                yield self._relation(code, parent, IS_A, 0)
        for some, parent in ((self.types, "410662002"), (self.refsets, "900000000000455006")):
            for code in some:
                yield self._relation(code, parent, IS_A, 0)
        for number, code in enumerate(self.codes):
            if not self.is_active(number):
                continue
            for parent in self.parents(number):
                yield self._relation(code, parent, IS_A, 0)
            for place in range(number % 6):
                target = self.codes[self._random.randrange(len(self.codes)) // 20 * 20]
                type = self.types[(number + place) % (len(self.types) - 1)]
                yield self._relation(code, target, type, 1 + place // 2)

    def _relation(self, source: str, target: str, type: str, group: int) -> list[str]:
        id = sctid(self._next(), "12")
        return [id, DATE, "1", CORE, source, target, str(group), type, INFERRED, SOME]

    def _amount_rows(self) -> Iterator[list[str]]:
        for number, code in enumerate(self.codes):
            if number % 50 == 0:
                value = f"#{number % 1000}"
                id = sctid(self._next(), "12")
                type = self.types[-1]
                yield [id, DATE, "1", CORE, code, value, "1", type, INFERRED, SOME]

    def _member_rows(self) -> Iterator[list[str]]:
        for number, code in enumerate(self.codes):
            if number % 3 == 0 and self.is_active(number):
                yield [self._uuid(), DATE, "1", CORE, self.refsets[number % 10], code]

    def _association_rows(self) -> Iterator[list[str]]:
        for number, code in enumerate(self.codes):
            if not self.is_active(number):
                target = self.codes[number - 1]
                yield [self._uuid(), DATE, "1", CORE, REPLACED_BY, code, target]

    def _next(self) -> int:
        self._used += 1
        return 10_000_000 + self._used

    def _uuid(self) -> str:
        text = f"{self._next():032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def main() -> int:
    """Write the release; say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--concepts", type=int, default=370_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    Release(asked.concepts, asked.seed).write(asked.folder)
    print(f"{asked.folder}: {asked.concepts} concepts, {time.perf_counter() - begun:.0f} s")
    return 0


def _opened(path: Path):  # type: ignore[no-untyped-def]
    return path.open("w", encoding="utf-8", newline="\n")


def _write(path: Path, columns: str, rows: Iterable[list[str]]) -> None:
    with _opened(path) as opened:
        opened.write(_line(columns.split()))
        opened.writelines(map(_line, rows))


def _line(values: list[str]) -> str:
    return "\t".join(values) + "\r\n"


if __name__ == "__main__":
    sys.exit(main())
