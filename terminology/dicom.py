"""The codes and context groups of DICOM PS3.16, as the package pydicom carries them.

pydicom and its tables take 30 MB and more than half a second: they are read when somebody asks for
one of these codes, and not before.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import msgspec

from terminology import codings
from terminology.check_digits import is_loinc_code, is_sctid

# The edition of the standard that pydicom 3.0 was made from; a test holds the two together.
EDITION: Final = "2024c"
DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_PART_16: Final = "http://dicom.nema.org/medical/dicom/current/output/chtml/part16"
_GROUP: Final = re.compile(rf"{re.escape(_PART_16)}/sect_CID_([0-9]{{1,6}})\.html")
# PS3.16 Table 8-1, "Coding Schemes": their designators, by the uri that FHIR or HL7 has for each.
# BARI has neither, nor an OID; it is named by the table that defines it.
SYSTEMS: Final[Mapping[str, str]] = {
    "DCM": DCM,
    "SCT": codings.SNOMED,
    "LN": codings.LOINC,
    "UCUM": codings.UCUM,
    "RADLEX": codings.RADLEX,
    "MDC": "urn:iso:std:iso:11073:10101",
    "NCIt": "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl",
    "UMLS": "http://terminology.hl7.org/CodeSystem/umls",
    "MSH": "urn:oid:2.16.840.1.113883.6.177",
    "FMA": "urn:oid:2.16.840.1.113883.6.119",
    "NEU": "urn:oid:2.16.840.1.113883.6.210",
    "IBSI": "urn:oid:1.2.840.10008.2.16.13",
    "PUBCHEM_CID": "urn:oid:1.2.840.10008.2.16.9",
    "ITIS_TSN": "urn:oid:1.2.840.10008.2.16.7",
    "BARI": f"{_PART_16}/chapter_8.html#BARI",
    "I10": codings.ICD10,
    "NDC": "http://hl7.org/fhir/sid/ndc",
    "RXNORM": codings.RXNORM,
}
_CHECKED: Final = {"SCT": is_sctid, "LN": is_loinc_code}


class Term(msgspec.Struct, frozen=True):
    """A code with its meanings in PS3.16: those of context groups first, older ones after them."""

    code: str
    meanings: tuple[str, ...]


class Group(msgspec.Struct, frozen=True):
    """A context group: its name (`AcquisitionModality`), and by system its codes and meanings."""

    number: int
    name: str
    codes: Mapping[str, tuple[tuple[str, str], ...]]


def group_number(url: str) -> int | None:
    """Return the number of the context group that a canonical names, None where it is another's.

    The canonical that FHIR R4 binds ImagingStudy.modality to is that of CID 29.
    """
    match = _GROUP.fullmatch(url.partition("|")[0])
    return None if match is None else int(match[1])


def group(url: str) -> Group | None:
    """Return the context group of a canonical, None where pydicom has none."""
    number = group_number(url)
    return None if number is None else _tables().groups.get(number)


def terms(scheme: str) -> tuple[Term, ...]:
    """Return every code of a coding scheme that PS3.16 uses, in no order that means something."""
    return _tables().terms.get(scheme, ())


def is_read() -> bool:
    """Whether the tables are in memory: else the next question takes most of a second."""
    return _tables.cache_info().currsize > 0


class _Tables(msgspec.Struct, frozen=True):
    terms: Mapping[str, tuple[Term, ...]]
    groups: Mapping[int, Group]


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    # Imported where it is used, see above.
    from pydicom.sr.codedict import name_for_cid  # noqa: PLC0415

    meanings: dict[str, dict[str, list[tuple[int, str]]]] = {}
    listed: dict[int, dict[str, list[tuple[str, str]]]] = {}
    for scheme, code, meaning, numbers in _rows():
        of_code = meanings.setdefault(scheme, {}).setdefault(code, [])
        of_code.append((-len(numbers), meaning))
        for number in numbers:
            of_group = listed.setdefault(number, {}).setdefault(SYSTEMS[scheme], [])
            if all(code != each for each, _ in of_group):
                of_group.append((code, meaning))
    return _Tables(
        terms={
            scheme: tuple(
                Term(code, tuple(dict.fromkeys(m for _, m in sorted(found))))
                for code, found in codes.items()
            )
            for scheme, codes in meanings.items()
        },
        groups={
            number: Group(number, name_for_cid[number], {s: tuple(c) for s, c in codes.items()})
            for number, codes in listed.items()
        },
    )


def _rows() -> Iterator[tuple[str, str, str, list[int]]]:
    """Yield scheme, code, meaning and context groups.

    A few rows of pydicom are slips: no code, or one whose check digit shows that it is no code of
    its scheme (`LN C74569` is of the NCI thesaurus). They are left out.
    """
    from pydicom.sr.codedict import CONCEPTS  # noqa: PLC0415

    for scheme, keywords in CONCEPTS.items():
        check = _CHECKED.get(scheme, bool)
        for codes in keywords.values():
            for code, (meaning, numbers) in codes.items():
                if check(code) and meaning:
                    yield scheme, _as_fhir_has_it(scheme, code), meaning, numbers


def _as_fhir_has_it(scheme: str, code: str) -> str:
    """Return `7:1289` of ISO/IEEE 11073 as 460041, http://hl7.org/fhir/R4/mdc.html."""
    partition, colon, own = code.partition(":")
    return str((int(partition) << 16) + int(own)) if scheme == "MDC" and colon else code
