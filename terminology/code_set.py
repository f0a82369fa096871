"""The rule by which a concept belongs to a clinical code set."""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal

from terminology.code_relations import LISTED_ONLY, CodeRelations
from terminology.codings import ATC, ICD10_SYSTEMS, RXNORM, SNOMED, Coding

Verdict = Literal["member", "not-member", "unconfirmed"]

# ICD-10 with the point or without, with national extensions (E11.900x001), and dagger and
# asterisk codes in one string (E11.2+N08.3*).
_ICD10_CODE: Final = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]+)?")
_ICD10_TEXT: Final = re.compile(rf"{_ICD10_CODE.pattern}(?:[+*†/ ]+{_ICD10_CODE.pattern})*[+*†]?")
_ATC_CODE: Final = re.compile(r"[A-V](?:[0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)?")


@dataclass(frozen=True, slots=True)
class Rule:
    """A verdict for all codes that begin with one of `prefixes` (parted by spaces), and why.

    The longest prefix that fits a code decides. `E11=` is the code E11 alone, cut short as it is.
    """

    verdict: Verdict
    prefixes: str
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CodeSet:
    """A clinical flag as data; compared by identity, because each flag is one constant.

    `icd10` and `atc` give a verdict by prefix and decide every well-formed code of their system;
    a drug's other codes are judged by the ATC codes of its substances. `sctids` gives a verdict for
    each listed SNOMED CT code. `keywords` finds the concept in a text.
    """

    id: str
    name_en: str
    name_zh: str
    icd10: Mapping[str, Verdict] | None
    atc: Mapping[str, Verdict] | None
    sctids: Mapping[str, Verdict] | None
    keywords: re.Pattern[str]

    def verdict(
        self,
        codings: Iterable[Coding],
        text: str | None,
        relations: CodeRelations = LISTED_ONLY,
    ) -> Verdict:
        """Whether a concept with these codings and this text belongs to the set.

        `unconfirmed`: no coding that the set understands, a code too coarse or too vague to
        decide, or a text that names the concept beside codes that do not. `relations` is what
        loaded releases say of the codes.
        """
        return _verdict(self, tuple(codings), text, relations)

    def is_named(self, codings: Iterable[Coding], text: str | None) -> bool:
        """Whether the words of a concept name what the set is of, whatever its codes say."""
        return bool(self.keywords.search(_words(codings, text)))

    def judge(
        self, coding: Coding, words: str, relations: CodeRelations
    ) -> Iterable[tuple[Verdict, bool]]:
        """The (verdict, whether a rule names the code) of all that the set understands.

        `words` is what the concept is called, in any language.
        """
        if coding.system in ICD10_SYSTEMS and self.icd10 is not None:
            text = coding.code.strip().upper()
            if _ICD10_TEXT.fullmatch(text):
                for code in _ICD10_CODE.findall(text):
                    yield _by_prefix(code.replace(".", ""), self.icd10)
        elif coding.system == ATC and self.atc is not None:
            code = coding.code.strip().upper()
            if _ATC_CODE.fullmatch(code):
                yield _by_prefix(code, self.atc)
        elif coding.system in (RXNORM, SNOMED) and self.atc is not None:
            for codes in relations.substances(coding):
                yield _of_substance(codes, self.atc)
        elif coding.system == SNOMED and self.sctids is not None:
            yield from _by_sctid(coding.code, self.sctids, words, relations)


def _words(codings: Iterable[Coding], text: str | None) -> str:
    return " ".join(filter(None, (text, *(coding.display for coding in codings)))).casefold()


# A hospital's problem lists repeat the same few hundred concepts; no patient is kept with them.
@lru_cache(maxsize=8192)
def _verdict(
    wanted: CodeSet, codings: tuple[Coding, ...], text: str | None, relations: CodeRelations
) -> Verdict:
    words = _words(codings, text)
    judged = [found for coding in codings for found in wanted.judge(coding, words, relations)]
    verdicts = {verdict for verdict, _ in judged}
    if "member" in verdicts:
        return "member"
    if not verdicts or "unconfirmed" in verdicts:
        return "unconfirmed"
    # A rule that names a non-member (family history, diabetes insipidus) explains the word.
    explained = any(explicit for _, explicit in judged)
    return "not-member" if explained or not wanted.keywords.search(words) else "unconfirmed"


def code_set(
    id: str,
    *,
    name_en: str,
    name_zh: str,
    keywords: Iterable[str],
    icd10: Iterable[Rule] | None = None,
    atc: Iterable[Rule] | None = None,
    sctids: Mapping[str, Verdict] | None = None,
) -> CodeSet:
    """Build a set from rules; `keywords` are regular expressions over case-folded text."""
    return CodeSet(
        id=id,
        name_en=name_en,
        name_zh=name_zh,
        icd10=_prefixes(icd10),
        atc=_prefixes(atc),
        sctids=sctids,
        keywords=re.compile("|".join(keywords)),
    )


def listed_sctids(name: str) -> Mapping[str, Mapping[str, Verdict]]:
    """Return the SNOMED CT codes that the file `name` of `terminology/data` lists, by code set."""
    text = files("terminology").joinpath("data", name).read_text("utf-8")
    verdicts: dict[str, Verdict] = {v: v for v in ("member", "not-member", "unconfirmed")}
    by_set: dict[str, dict[str, Verdict]] = {}
    for row in csv.DictReader(text.splitlines()):
        by_set.setdefault(row["code_set"], {})[row["sctid"]] = verdicts[row["verdict"]]
    return by_set


def _prefixes(rules: Iterable[Rule] | None) -> Mapping[str, Verdict] | None:
    if rules is None:
        return None
    by_prefix: dict[str, Verdict] = {}
    for rule in rules:
        for prefix in rule.prefixes.replace(".", "").split():
            if prefix in by_prefix:
                raise ValueError(f"two rules for the prefix {prefix}")
            by_prefix[prefix] = rule.verdict
    return by_prefix


def _by_prefix(code: str, verdicts: Mapping[str, Verdict]) -> tuple[Verdict, bool]:
    if f"{code}=" in verdicts:
        return verdicts[f"{code}="], False
    longest = next((code[:end] for end in range(len(code), 0, -1) if code[:end] in verdicts), None)
    verdict: Verdict = verdicts[longest] if longest else "not-member"
    finer = {verdicts[prefix] for prefix in verdicts if prefix != code and prefix.startswith(code)}
    # A code above its rules (I70 where I70.2 is the member) may be either.
    return ("unconfirmed", True) if finer - {verdict} else (verdict, longest is not None)


def _of_substance(codes: Iterable[str], verdicts: Mapping[str, Verdict]) -> tuple[Verdict, bool]:
    """Judge a substance by all its ATC codes: where they differ, its route or use decides."""
    found = [_by_prefix(code, verdicts) for code in codes]
    if len({verdict for verdict, _ in found}) != 1:
        return "unconfirmed", True
    return found[0][0], any(explained for _, explained in found)


def _by_sctid(
    code: str, verdicts: Mapping[str, Verdict], words: str, relations: CodeRelations
) -> Iterable[tuple[Verdict, bool]]:
    if code in verdicts:
        yield verdicts[code], True
        return
    above = relations.ancestors(code)
    if above is None:
        if any(each.isalpha() for each in words):
            # Without SNOMED's hierarchy an unlisted code may be a descendant; what it is called
            # tells, and where it is called nothing it stays unknown.
            yield "not-member", False
        return
    listed = above & verdicts.keys()
    # What stands above another of them says less.
    nearest = listed - {far for near in listed for far in relations.ancestors(near) or ()}
    found = {verdicts[each] for each in nearest}
    if not found:
        yield "not-member", False
    elif len(found) > 1:
        yield "unconfirmed", True
    else:
        yield found.pop(), True
