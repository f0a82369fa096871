"""HL7 table 0396 names, OIDs and local names to the system URIs of FHIR."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from terminology import codings

# Table 0396, "Coding system"; the URIs are those of terminology.hl7.org.
SYSTEMS: Final[Mapping[str, str]] = {
    "ATC": codings.ATC,
    "C4": "http://www.ama-assn.org/go/cpt",
    "CDCREC": "urn:oid:2.16.840.1.113883.6.238",
    "CPTM": "http://www.ama-assn.org/go/cpt",
    "CVX": "http://hl7.org/fhir/sid/cvx",
    "HL7": "http://terminology.hl7.org/CodeSystem/v2-0396",
    "I10": codings.ICD10,
    "I10C": codings.ICD10_CM,
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
    "ISO3166_1": "urn:iso:std:iso:3166",
    "LN": codings.LOINC,
    "LOINC": codings.LOINC,
    "MDC": "urn:iso:std:iso:11073:10101",
    "MVX": "http://hl7.org/fhir/sid/mvx",
    "NDC": "http://hl7.org/fhir/sid/ndc",
    "NULLFL": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
    "RXNORM": codings.RXNORM,
    "SCT": codings.SNOMED,
    "SNOMED": codings.SNOMED,
    "SNOMED-CT": codings.SNOMED,
    "UCUM": codings.UCUM,
}
# HL7's registry of OIDs: systems that FHIR names by another URI.
OIDS: Final[Mapping[str, str]] = {
    "2.16.840.1.113883.6.1": codings.LOINC,
    "2.16.840.1.113883.6.8": codings.UCUM,
    "2.16.840.1.113883.6.90": codings.ICD10_CM,
    "2.16.840.1.113883.6.3": codings.ICD10,
    "2.16.840.1.113883.6.88": codings.RXNORM,
    "2.16.840.1.113883.6.96": codings.SNOMED,
    "2.16.840.1.113883.12.292": "http://hl7.org/fhir/sid/cvx",
    "2.16.840.1.113883.6.73": codings.ATC,
}

INTERPRETATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
IDENTIFIER_TYPE: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
ABSENT_REASON: Final = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
ACT_CODE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
NULL_FLAVOR: Final = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/observation-category"

_OID: Final = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_TABLE: Final = re.compile(r"HL7([0-9]{4})")
_V2_TABLE_OID: Final = re.compile(r"2\.16\.840\.1\.113883\.12\.([1-9][0-9]{0,3})")
# RFC 3986: what may stand in a path unescaped.
_SAFE: Final = "-._~:@!$&'()*+,;=/"


def is_oid(text: str) -> bool:
    """Whether `text` is an OID as `urn:oid:` writes it."""
    return _OID.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def sender_uri(*names: str) -> str:
    """Return the URI of something that only has a name: `urn:id:<name>[:<name>]`.

    Used for assigning authorities and code systems that no registry knows. White space and
    characters outside RFC 3986 are percent-encoded.
    """
    return "urn:id:" + ":".join(quote(name, safe=_SAFE) for name in names)


def v2_table(number: str) -> str:
    """Return the system of an HL7 v2 table, given as four digits."""
    return f"http://terminology.hl7.org/CodeSystem/v2-{number}"


@lru_cache(maxsize=1024)
def system_uri(name: str, *, scope: str) -> str:
    """Return the FHIR system of a coding system name, an OID or an URI.

    A name of no registry, `L` and `99xxx` included, is the sender's own: `urn:id:<scope>:<name>`;
    a code without a name is too: `urn:id:<scope>`. `scope` is the sending facility.
    """
    if not name:
        return sender_uri(scope)
    known = SYSTEMS.get(name.upper()) or OIDS.get(name)
    if known is not None:
        return known
    if name.startswith(("http://", "https://", "urn:")) and not re.search(r"\s", name):
        return name
    table = _TABLE.fullmatch(name.upper())
    if table is not None:
        return v2_table(table[1])
    table = _V2_TABLE_OID.fullmatch(name)
    if table is not None:
        return v2_table(table[1].zfill(4))
    return f"urn:oid:{name}" if is_oid(name) else sender_uri(scope, name)
