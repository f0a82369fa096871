"""The questions of point scores that no laboratory answers, and how their answers are coded.

Where a code system in wide use has the question or the answer, its codes are read too; the rest
has codes of this product's own, listed in docs/reference/models.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from terminology.codings import LOINC, SNOMED, Coding

SCORE_ITEMS: Final = "https://attending.org/fhir/CodeSystem/score-items"
SCORE_ANSWERS: Final = "https://attending.org/fhir/CodeSystem/score-answers"
_YES_NO: Final = "http://terminology.hl7.org/CodeSystem/v2-0136"

_Key = tuple[str, str]

YES_OR_NO: Final[Mapping[_Key, float]] = {
    (SNOMED, "373066001"): 1.0,
    (SNOMED, "373067005"): 0.0,
    (LOINC, "LA33-6"): 1.0,
    (LOINC, "LA32-8"): 0.0,
    (_YES_NO, "Y"): 1.0,
    (_YES_NO, "N"): 0.0,
}


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """One question: the codes that ask it and the value of each coded answer.

    `grades` are the numbers of a scale that is answered by numbers too; a question without them
    is answered by yes or no, or by codes alone.
    """

    id: str
    asked: frozenset[_Key]
    answers: Mapping[_Key, float]
    grades: range | None = None

    @property
    def yes_or_no(self) -> bool:
        """Whether a Boolean answers it."""
        return self.answers is YES_OR_NO

    def coded(self, codings: Iterable[Coding]) -> float | None:
        """Return what coded answers say; None where none can be read or two contradict."""
        keys = [(coding.system or "", coding.code) for coding in codings]
        found = {self.answers[key] for key in keys if key in self.answers}
        return found.pop() if len(found) == 1 else None


def _item(
    id: str,
    *asked: _Key,
    answers: Mapping[_Key, float] = YES_OR_NO,
    grades: range | None = None,
) -> ScoreItem:
    return ScoreItem(id, frozenset({(SCORE_ITEMS, id), *asked}), answers, grades)


def _own(prefix: str, values: Iterable[int]) -> dict[_Key, float]:
    return {(SCORE_ANSWERS, f"{prefix}-{value}"): float(value) for value in values}


# LOINC 88020-3 "Functional capacity NYHA" with its answers, SNOMED CT's assessment scale with its
# four findings.
NYHA_CLASS: Final = _item(
    "nyha-class",
    (LOINC, "88020-3"),
    (SNOMED, "420816009"),
    answers={
        **_own("nyha", range(1, 5)),
        (LOINC, "LA28404-4"): 1.0,
        (LOINC, "LA28405-1"): 2.0,
        (LOINC, "LA28406-9"): 3.0,
        (LOINC, "LA28407-7"): 4.0,
        (SNOMED, "420300004"): 1.0,
        (SNOMED, "421704003"): 2.0,
        (SNOMED, "420913000"): 3.0,
        (SNOMED, "422293003"): 4.0,
    },
    grades=range(1, 5),
)

# The *modified* scale of 0-4. The older MRC scale counts the same grades as 1-5, so its codes are
# not read: the one taken for the other is a wrong grade for everybody.
MMRC_DYSPNOEA: Final = _item("mmrc-dyspnoea", answers=_own("mmrc", range(5)), grades=range(5))

LABILE_INR: Final = _item("labile-inr")
ALCOHOL_EXCESS: Final = _item("alcohol-excess")
PHYSICALLY_ACTIVE: Final = _item("physically-active")
DAILY_VEGETABLES: Final = _item("daily-vegetables")
HIGH_GLUCOSE_HISTORY: Final = _item("high-glucose-history")
FAMILY_DIABETES_DEGREE: Final = _item(
    "family-diabetes",
    answers={
        (SCORE_ANSWERS, "no-relative"): 0.0,
        (SCORE_ANSWERS, "second-degree-relative"): 1.0,
        (SCORE_ANSWERS, "first-degree-relative"): 2.0,
    },
)

ALL: Final = (
    NYHA_CLASS, MMRC_DYSPNOEA, LABILE_INR, ALCOHOL_EXCESS, PHYSICALLY_ACTIVE, DAILY_VEGETABLES,
    HIGH_GLUCOSE_HISTORY, FAMILY_DIABETES_DEGREE,
)  # fmt: skip

CODES: Final = frozenset(code for item in ALL for _, code in item.asked)
"""The codes, of whichever system, of Observations that answer a question."""
