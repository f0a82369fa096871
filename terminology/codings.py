"""Code system URIs and the coding that the rest of the terminology room works on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
SNOMED: Final = "http://snomed.info/sct"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
ICD10_CM: Final = "http://hl7.org/fhir/sid/icd-10-cm"
# ICD-10 by its FHIR URIs, by the OIDs of WHO and NCHS, and by the OIDs under which Chinese
# shared documents (WS/T 500) carry it.
ICD10_SYSTEMS: Final = frozenset(
    {
        ICD10,
        ICD10_CM,
        "urn:oid:2.16.840.1.113883.6.3",
        "urn:oid:2.16.840.1.113883.6.90",
        "urn:oid:2.16.156.10011.2.3.3.11",
        "urn:oid:2.16.156.10011.2.3.3.11.3",
    }
)
ATC: Final = "http://www.whocc.no/atc"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
RADLEX: Final = "http://radlex.org"


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of one code system, as FHIR's Coding datatype states it."""

    system: str | None
    code: str
    display: str | None = None


def concept_codings(concept: Any) -> Iterator[Coding]:
    """Every coding with a code of a FHIR CodeableConcept; whatever is malformed yields nothing."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and isinstance(code := coding.get("code"), str) and code:
            yield Coding(_text(coding.get("system")), code, _text(coding.get("display")))


def concept_text(concept: Any) -> str | None:
    """The `text` of a FHIR CodeableConcept, None where there is none."""
    return _text(concept.get("text")) if isinstance(concept, dict) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
