"""Accepted mappings as the ConceptMap that `terminology.local_codes` reads, with who and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from terminology.codings import LOINC

# R4 has no element for it: a target's `comment` is for people, this is for machines.
ACCEPTED: Final = "https://attending.org/fhir/StructureDefinition/mapping-accepted"
_NOTICE: Final = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright © "
    "Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) "
    "Committee and is available at no cost under the license at http://loinc.org/license. LOINC® "
    "is a registered United States trademark of Regenstrief Institute, Inc."
)

How = Literal["rule", "person"]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One accepted mapping: of `system` and `code` to a LOINC code, by whom and when.

    `at` is a FHIR dateTime, `display` the LOINC name or "", `comment` what a person reads.
    """

    system: str
    code: str
    name: str
    loinc: str
    display: str
    by: str
    at: str
    how: How
    comment: str


def concept_map(accepted: Sequence[Acceptance], *, by: str, at: str) -> dict[str, Any]:
    """Return a ConceptMap (FHIR R4), active, a group for each system, elements by code.

    `by` is who answers for the map as a whole and `at` when it was made. Every element tells its
    own in the extension `mapping-accepted` and in words in `comment`.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in sorted(accepted, key=lambda one: (one.system, one.code)):
        groups.setdefault(each.system, []).append(_element(each))
    return {
        "resourceType": "ConceptMap",
        "name": "LocalCodesToLoinc",
        "status": "active",
        "date": at,
        "contact": [{"name": by}],
        "copyright": _NOTICE,
        "group": [
            {"source": system, "target": LOINC, "element": elements}
            for system, elements in groups.items()
        ],
    }


def _element(accepted: Acceptance) -> dict[str, Any]:
    named = {"display": accepted.display} if accepted.display else {}
    target = {
        "extension": [
            {
                "url": ACCEPTED,
                "extension": [
                    {"url": "by", "valueString": accepted.by},
                    {"url": "at", "valueDateTime": accepted.at},
                    {"url": "how", "valueCode": accepted.how},
                ],
            }
        ],
        "code": accepted.loinc,
        **named,
        "equivalence": "equivalent",
        "comment": accepted.comment,
    }
    display = {"display": accepted.name} if accepted.name else {}
    return {"code": accepted.code, **display, "target": [target]}
