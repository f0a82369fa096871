"""HL7 v2 data types to FHIR data types: CX, EI, HD, CE/CWE/CNE, NM.

Source: v2-to-FHIR implementation guide, folder mappings/datatypes. A function returns {} where
the value is empty: an element without content does not stand in a resource.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fhir_server.hl7v2.mapping.code_systems import IDENTIFIER_TYPE, is_oid, sender_uri, v2_table
from fhir_server.hl7v2.mapping.context import Context, Naming
from fhir_server.hl7v2.mapping.parts import Parts, chosen, component, parts
from fhir_server.hl7v2.mapping.times import is_time, moment
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject
from terminology.codings import UCUM
from terminology.units import ucum_code

# HL7 v2.8 section 2A.3.45 (NM): a sign, digits, a point; no exponent, no thousands separator.
_NUMBER: Final = re.compile(r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_LONGEST_NUMBER: Final = 40
# `10^9/L` as it is printed, unescaped: its `^` was taken for the separator of components.
_POWER_OF_TEN: Final = re.compile(r"(?:[×xX*]\s*)?10")
_EXPONENT: Final = re.compile(r"-?[0-9]{1,2}(?:\s*/.+)?")
# What FHIR forbids in a string, beside the empty one.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# What the functions below read of each type; `mapping.accounting` lists what they do not.
HD_PARTS: Final = (1, 2, 3)
_CHECK_DIGIT: Final = "http://hl7.org/fhir/StructureDefinition/identifier-checkDigit"
CX_PARTS: Final = parts(1, 2, 5, 7, 8, inner={4: HD_PARTS}, valid={7: is_time, 8: is_time})
EI_PARTS: Final = parts(1, 2, 3, 4)
_CODINGS: Final = (*range(1, 11), 12, 13, 14, 17, 20)
# Whether the alternate text (CWE.5) and the second one (CWE.11) are read.
_CONCEPTS: Final = {
    (True, True): parts(11, *_CODINGS),
    (True, False): parts(*_CODINGS),
    (False, True): parts(11, *(n for n in _CODINGS if n != 5)),
    (False, False): parts(*(n for n in _CODINGS if n != 5)),
}
# That a unit is of UCUM is said where it is; another coding system of units is not read.
UNIT_PARTS: Final = parts(
    1, 2, 4, 5, said=dict.fromkeys((3, 6), frozenset(("UCUM", "2.16.840.1.113883.6.8")))
)


def concept_parts(_segment: Segment, components: Sequence[str]) -> Parts:
    """Return what `concept` takes: an alternate text only beside its code, or where it is alone."""
    own = component(components, 2) or component(components, 9)
    is_alternate = bool(component(components, 4)) or not own
    return _CONCEPTS[is_alternate, bool(component(components, 10))]


CONCEPT_PARTS: Final = chosen(concept_parts, plain=4, dense=10)


def clean(text: str) -> str:
    """Return a text as FHIR's string allows it: no control characters but tab and line break."""
    # Nearly every text is printable; a tab, a line break or an ideographic space is not.
    return text.strip() if text.isprintable() else _CONTROLS.sub("", text).strip()


def token(text: str) -> str:
    """Return a code as FHIR's code allows it: single blanks inside, none around."""
    return " ".join(clean(text).split())


def filled(**elements: Any) -> JsonObject:
    """Return the elements that have content; a trailing underscore in a name is dropped."""
    empty: tuple[object, ...] = ("", None, {}, [])
    return {
        name.rstrip("_"): value
        for name, value in elements.items()
        if value or value not in empty  # a 0 and a False are content
    }


def number(text: str) -> Decimal | None:
    """Return the value of an NM with its precision, None where it is no NM."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or len(found[0]) > _LONGEST_NUMBER:
        return None
    try:
        return Decimal(("-" if found[1] == "-" else "") + found[2])
    except InvalidOperation:
        return None


def authority(namespace: str, universal: str, kind: str, context: Context) -> str:
    """Return the URI of an HD, "" where it is empty.

    A universal id says it best; then the namespace: by the settings' map, else `urn:id:`.
    """
    if universal and kind.upper() == "ISO" and is_oid(universal):
        return f"urn:oid:{universal}"
    if universal and kind.upper() in ("UUID", "GUID") and _UUID.fullmatch(universal):
        return f"urn:uuid:{universal.lower()}"
    if universal and kind.upper() in ("URI", "URL") and not re.search(r"\s", universal):
        return universal
    name = namespace or universal
    if not name:
        return ""
    return context.identifier_systems.get(name) or sender_uri(name)


def inner_authority(parts: Composite, context: Context) -> str:
    """Return the URI of an HD that stands in sub-components, "" where it is empty."""
    return authority(parts.subcomponent(1), parts.subcomponent(2), parts.subcomponent(3), context)


def cx_authority(value: Composite, context: Context) -> str:
    """Return the assigning authority of a CX (component 4), "" where it is empty."""
    return inner_authority(value.component(4), context)


def cx(value: Composite, context: Context, *, system: str) -> JsonObject:
    """Return a CX as Identifier; `system` is its assigning authority's URI."""
    if not value.raw:
        return {}
    if not clean(value.text(1)):
        return {}
    kind = token(value.text(5))
    digit = clean(value.text(2))
    return filled(
        extension=[{"url": _CHECK_DIGIT, "valueString": digit}] if digit else [],
        use="temp" if kind in ("MRT", "PNT", "TPR") else "",
        type_={"coding": [{"system": IDENTIFIER_TYPE, "code": kind}]} if kind else {},
        system=system,
        value=clean(value.text(1)),
        period=period(value.text(7), value.text(8), context),
    )


def of_kind(identifier: JsonObject, code: str) -> JsonObject:
    """Return an Identifier as one of that kind (table 0203); the kind that was sent behind it."""
    kind = {"system": IDENTIFIER_TYPE, "code": code}
    sent = identifier.get("type", {}).get("coding", ())
    return identifier | {"type": {"coding": [kind, *(each for each in sent if each != kind)]}}


def ei(value: Composite, context: Context, *, kind: str) -> JsonObject:
    """Return an EI as Identifier of a table 0203 `kind`; without authority it is the sender's."""
    if not clean(value.text(1)):
        return {}
    system = authority(value.text(2), value.text(3), value.text(4), context)
    return {
        "type": {"coding": [{"system": IDENTIFIER_TYPE, "code": kind}]},
        "system": system or context.own(kind),
        "value": clean(value.text(1)),
    }


def concept(value: Composite, context: Context | Naming, *, table: str = "") -> JsonObject:
    """Return a CE, CWE, CNE or IS as CodeableConcept, codings in the order sent.

    `table` is the HL7 table (four digits) of a code whose coding system is not named.
    """
    if not value.raw:
        return {}
    codings = list(_codings(value, context, table))
    text = clean(value.text(9)) or clean(value.text(2)) or clean(value.text(5))
    return filled(coding=codings, text=text)


def identifying_concept(value: Composite, context: Context | Naming) -> JsonObject:
    """Return a concept with the LOINC codings that the hospital accepted for its local codes."""
    found = concept(value, context)
    codings: list[JsonObject] = found.get("coding", [])
    known = {(coding.get("system"), coding["code"]) for coding in codings}
    for coding in list(codings):
        for equal in context.codes.translate(coding.get("system"), coding["code"]):
            if (equal.system, equal.code) not in known:
                known.add((equal.system, equal.code))
                codings.append(filled(system=equal.system, code=equal.code, display=equal.display))
    return found


def _codings(value: Composite, context: Context | Naming, table: str) -> Iterator[JsonObject]:
    # CWE: identifier, text, system; its version (and OID) stand apart, three times over.
    for first, version, oid in ((1, 7, 14), (4, 8, 17), (10, 13, 20)):
        code = token(value.text(first))
        if not code:
            continue
        name = value.text(first + 2) or value.text(oid)
        system = v2_table(table) if table and not name else context.system(name)
        yield filled(
            system=system,
            version=clean(value.text(version)) if name else "",
            code=code,
            display=clean(value.text(first + 1)),
        )


def quantity_unit(value: Composite) -> JsonObject:
    """Return unit, system and code of a Quantity from a CE or CWE of units (OBX-6).

    The unit is shown as it was sent. UCUM is claimed only for a unit that is recognised: of the
    code, of its text or of the alternate code, in that order. A power of ten that was sent
    unescaped is put together again: `10^9/L` must never be shown as `9/L`.
    """
    if not value.raw:
        return {}
    candidates = [clean(value.text(part)) for part in (1, 2, 4, 5)]
    if _POWER_OF_TEN.fullmatch(candidates[0]) and _EXPONENT.fullmatch(candidates[1]):
        candidates = [f"{candidates[0]}^{candidates[1]}", "", "", ""]
    shown = candidates[1] or candidates[0] or candidates[3] or candidates[2]
    code = next((known for text in candidates if text and (known := ucum_code(text))), None)
    if not shown:
        return {}
    return {"unit": shown} | ({"system": UCUM, "code": code} if code else {})


def period(start: str, end: str, context: Context) -> JsonObject:
    """Return two DTM as Period; one that is no time is left out, and the account lists it."""
    if not start and not end:
        return {}
    return filled(start=date_text(start, context), end=date_text(end, context))


def date_text(text: str, context: Context) -> str:
    """Return a DTM as FHIR writes it, "" where it is empty or none."""
    try:
        return moment(text, zone=context.zone).text if text else ""
    except ValueError:
        return ""
