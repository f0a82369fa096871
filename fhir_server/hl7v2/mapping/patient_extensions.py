"""What PID and PD1 say that R4's Patient has no element for: HL7's published extensions.

Source: v2-to-FHIR implementation guide, PID[Patient] and PD1[Patient].
"""

from collections.abc import Callable, Iterator
from typing import Final

from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import CONCEPT_PARTS, clean, concept
from fhir_server.hl7v2.mapping.names import XPN_TEXT_PARTS, xpn
from fhir_server.hl7v2.mapping.parts import TEXT, Fields, parts, repeated
from fhir_server.hl7v2.mapping.vocabulary import known_concept
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject

_HL7: Final = "http://hl7.org/fhir/StructureDefinition/"
MAIDEN_NAME: Final = f"{_HL7}patient-mothersMaidenName"
RELIGION: Final = f"{_HL7}patient-religion"
BIRTH_PLACE: Final = f"{_HL7}patient-birthPlace"
CITIZENSHIP: Final = f"{_HL7}patient-citizenship"
NATIONALITY: Final = f"{_HL7}patient-nationality"
ANIMAL: Final = f"{_HL7}patient-animal"
DISABILITY: Final = f"{_HL7}patient-disability"
CONGREGATION: Final = f"{_HL7}patient-congregation"

PID_FIELDS: Final[Fields] = {
    6: XPN_TEXT_PARTS,
    **dict.fromkeys((17, 28, 35, 36), CONCEPT_PARTS),
    23: TEXT,
    26: repeated(CONCEPT_PARTS),
    39: repeated(CONCEPT_PARTS),
}
PD1_FIELDS: Final[Fields] = {6: CONCEPT_PARTS, 14: parts(1)}
# Of which element (names as in `hl7v2.stated`) a null field says that it holds no more.
PID_STATES: Final = {
    number: f"extension {url}"
    for number, url in (
        (6, MAIDEN_NAME),
        (17, RELIGION),
        (23, BIRTH_PLACE),
        (26, CITIZENSHIP),
        (28, NATIONALITY),
        (35, ANIMAL),
    )
}
PD1_STATES: Final = {6: f"extension {DISABILITY}", 14: f"extension {CONGREGATION}"}


def extensions(pid: Segment, pd1: Segment | None, context: Context) -> list[JsonObject]:
    """Return the extensions of a Patient, in the order of the fields."""
    found: list[JsonObject] = []
    for number, read in _READERS:
        # Results name a person and leave all of this empty.
        if pid.raw(number):
            found += read(pid, context)
    return found if pd1 is None else [*found, *_of_pd1(pd1, context)]


def _maiden_name(pid: Segment, context: Context) -> Iterator[JsonObject]:
    name = xpn(pid.first(6), context)
    if name:
        yield {"url": MAIDEN_NAME, "valueString": name["text"]}


def _religion(pid: Segment, context: Context) -> Iterator[JsonObject]:
    found = known_concept(pid.first(17), context, "0006")
    if found:
        yield {"url": RELIGION, "valueCodeableConcept": found}


def _birth_place(pid: Segment, _context: Context) -> Iterator[JsonObject]:
    text = clean(pid.first(23).whole())
    if text:
        yield {"url": BIRTH_PLACE, "valueAddress": {"text": text}}


def _citizenships(pid: Segment, context: Context) -> Iterator[JsonObject]:
    for each in pid.repetitions(26):
        yield from _coded(CITIZENSHIP, each, "0171", context)


def _tribes(pid: Segment, context: Context) -> Iterator[JsonObject]:
    """Yield the tribal citizenships: the guide has the same extension for them."""
    for each in pid.repetitions(39):
        yield from _coded(CITIZENSHIP, each, "0171", context)


def _nationality(pid: Segment, context: Context) -> Iterator[JsonObject]:
    yield from _coded(NATIONALITY, pid.first(28), "0212", context)


def _animal(pid: Segment, context: Context) -> Iterator[JsonObject]:
    """Yield species and breed of an animal; R4's extension has no breed without species."""
    species = concept(pid.first(35), context, table="0446")
    breed = concept(pid.first(36), context, table="0447")
    told = [("species", species), ("breed", breed)] if species else []
    parts_of_it = [{"url": url, "valueCodeableConcept": each} for url, each in told if each]
    if parts_of_it:
        yield {"url": ANIMAL, "extension": parts_of_it}


def _of_pd1(pd1: Segment, context: Context) -> Iterator[JsonObject]:
    disability = concept(pd1.first(6), context, table="0295")
    if disability:
        yield {"url": DISABILITY, "valueCodeableConcept": disability}
    congregation = clean(pd1.text(14))
    if congregation:
        yield {"url": CONGREGATION, "valueString": congregation}


def _coded(url: str, value: Composite, table: str, context: Context) -> Iterator[JsonObject]:
    found = concept(value, context, table=table)
    if found:
        yield {"url": url, "extension": [{"url": "code", "valueCodeableConcept": found}]}


_READERS: Final[tuple[tuple[int, Callable[[Segment, Context], Iterator[JsonObject]]], ...]] = (
    (6, _maiden_name),
    (17, _religion),
    (23, _birth_place),
    (26, _citizenships),
    (28, _nationality),
    (35, _animal),
    (39, _tribes),
)
