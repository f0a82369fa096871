"""The fields of an OBX that every result of a test has alike: what it is, its flags and range."""

from fhir_server.hl7v2.escapes import Separators
from fhir_server.hl7v2.mapping import tables
from fhir_server.hl7v2.mapping.code_systems import INTERPRETATION, v2_table
from fhir_server.hl7v2.mapping.context import Naming
from fhir_server.hl7v2.mapping.datatypes import (
    clean,
    concept,
    filled,
    identifying_concept,
    quantity_unit,
    token,
)
from fhir_server.hl7v2.mapping.recurring import recurring
from fhir_server.hl7v2.mapping.reference_range import reference_range
from fhir_server.hl7v2.tokenizer import Composite, repetitions_of
from fhir_server.r4.codec import JsonObject


@recurring
def code_of(raw: str, separators: Separators, codec: str, naming: Naming) -> JsonObject:
    """Return what was measured (OBX-3), with the LOINC codes accepted for it."""
    return identifying_concept(Composite(raw, separators, codec), naming)


@recurring
def flags_of(raw: str, separators: Separators, codec: str, naming: Naming) -> list[JsonObject]:
    """Return the interpretations of OBX-8."""
    flags = repetitions_of(raw, separators, codec)
    found = (_interpretation(each, naming) for each in flags)
    return [each for each in found if each]


def _interpretation(value: Composite, naming: Naming) -> JsonObject:
    """Return a code of table 0078 in FHIR's code system; any other flag as its text alone."""
    code = token(value.text(1))
    named = value.text(3).upper()
    if named and named != "HL70078":
        return concept(value, naming)
    if code.upper() in tables.INTERPRETATION:
        code = code.upper()
        display = tables.INTERPRETATION[code]
        coding = {"system": INTERPRETATION, "code": code, "display": display}
    elif code.upper() in tables.INTERPRETATION_INACTIVE:
        coding = {"system": v2_table("0078"), "code": code.upper()}
    else:
        text = clean(value.text(9)) or clean(value.text(2)) or clean(value.whole())
        return {"text": text} if code or value.text(2) else {}
    return filled(coding=[coding], text=clean(value.text(9)) or clean(value.text(2)))


@recurring
def ranges_of(raw: str, unit: str, separators: Separators, codec: str) -> list[JsonObject]:
    """Return the ranges of OBX-7 in the unit of OBX-6."""
    # ST does not repeat; a bare `~` between the bounds is a sender's dash.
    lines = repetitions_of(raw, separators, codec)
    text = separators.repetition.join(each.whole() for each in lines)
    return reference_range(text, quantity_unit(Composite(unit, separators, codec)))
