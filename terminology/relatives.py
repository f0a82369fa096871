"""How a relative is related to the patient, by HL7's role codes and SNOMED CT.

FTH, MTH and PRN are HL7's for any father, mother and parent; relatives by marriage, adoption or a
step have codes of their own. A first cousin is not told from a more distant one (COUSN), and half
siblings are in none of the groups.
"""

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from terminology.codings import SNOMED, Coding

Kinship = Literal["parent-or-sibling", "child", "second-degree", "more-distant", "not-by-blood"]

ROLE_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_SYSTEMS: Final = {"role-code": ROLE_CODE, "snomed": SNOMED}
_KINSHIPS: Final[Mapping[str, Kinship]] = {
    "parent-or-sibling": "parent-or-sibling",
    "child": "child",
    "second-degree": "second-degree",
    "more-distant": "more-distant",
    "not-by-blood": "not-by-blood",
}


def kinship(codings: Iterable[Coding]) -> tuple[Kinship, str] | None:
    """Return the kinship and the code that tells it, None where none of the codings does."""
    known = _known()
    for coding in codings:
        found = known.get((coding.system or "", coding.code))
        if found:
            return found, coding.code
    return None


@cache
def _known() -> Mapping[tuple[str, str], Kinship]:
    text = files("terminology").joinpath("data", "relatives.csv").read_text("utf-8")
    return {
        (_SYSTEMS[row["system"]], row["code"]): _KINSHIPS[row["kinship"]]
        for row in csv.DictReader(text.splitlines())
    }
