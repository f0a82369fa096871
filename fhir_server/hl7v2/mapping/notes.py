"""NTE to Annotation: the repetitions of NTE-3 are lines of one comment.

Source: HL7 v2.8 section 2.14.10 (NTE); v2-to-FHIR implementation guide, NTE[Annotation].
"""

from collections.abc import Iterable
from typing import Final

from fhir_server.hl7v2.mapping.code_systems import v2_table
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import CONCEPT_PARTS, clean, concept, filled, token
from fhir_server.hl7v2.mapping.parties import XCN_PARTS, person
from fhir_server.hl7v2.mapping.parts import ONE, TEXTS, Fields
from fhir_server.hl7v2.mapping.times import moment
from fhir_server.hl7v2.tokenizer import Segment
from fhir_server.r4.codec import JsonObject

FIELDS: Final[Fields] = {1: ONE, 2: ONE, 3: TEXTS, 4: CONCEPT_PARTS, 5: XCN_PARTS, 6: ONE}
# Who the comment is of (table 0105: L the laboratory, P the placer): R4 has no element for it.
SOURCE: Final = "urn:attending:hl7v2-note-source"
# HL7 FHIR extension pack: the kind of an annotation.
KIND: Final = "http://hl7.org/fhir/StructureDefinition/annotationType"


def notes(segments: Iterable[Segment], context: Context) -> list[JsonObject]:
    """Return one Annotation per NTE that says anything, with its source, kind, author and time."""
    found = []
    for nte in segments:
        text = "\n".join(clean(each.whole()) for each in nte.repetitions(3)).strip()
        if text:
            found.append(_described(nte, context) | {"text": text})
    return found


def _described(nte: Segment, context: Context) -> JsonObject:
    extensions: list[JsonObject] = []
    source = token(nte.text(2))
    if source:
        coding = {"system": v2_table("0105"), "code": source}
        extensions.append({"url": SOURCE, "valueCoding": coding})
    kind = concept(nte.first(4), context, table="0364")
    if kind:
        extensions.append({"url": KIND, "valueCodeableConcept": kind})
    author = person(nte.first(5), context)
    return filled(extension=extensions, authorReference=author, time=_time(nte, context))


def _time(nte: Segment, context: Context) -> str:
    sent = nte.text(6)
    if not sent:
        return ""
    try:
        return moment(sent, zone=context.zone).text
    except ValueError as error:
        context.remark("102", f"NTE-6 is no time: {error}", nte.at(6))
        return ""
