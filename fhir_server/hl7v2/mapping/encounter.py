"""PV1 and PV2 to Encounter.

Source: v2-to-FHIR implementation guide, PV1[Encounter] and PV2[Encounter]; the decisions where it
is silent are in docs/reference/hl7v2-mapping.md.
"""

from collections.abc import Iterator
from typing import Final

from fhir_server.hl7v2.mapping import tables
from fhir_server.hl7v2.mapping.code_systems import ACT_CODE, NULL_FLAVOR, v2_table
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import (
    CONCEPT_PARTS,
    CX_PARTS,
    clean,
    concept,
    cx,
    cx_authority,
    filled,
    of_kind,
    token,
)
from fhir_server.hl7v2.mapping.datatypes import number as amount
from fhir_server.hl7v2.mapping.groups import PatientGroup
from fhir_server.hl7v2.mapping.parties import XCN_PARTS, person
from fhir_server.hl7v2.mapping.parts import ONE, Fields, parts, repeated
from fhir_server.hl7v2.mapping.structures import Structure
from fhir_server.hl7v2.mapping.times import Moment, moment
from fhir_server.hl7v2.mapping.vocabulary import known_concept
from fhir_server.hl7v2.tokenizer import NULL, Composite, Segment
from fhir_server.r4.codec import JsonObject
from terminology.codings import UCUM

_PL_PARTS: Final = parts(1, 2, 3, 4, 7, 8, 9)
PV1_FIELDS: Final[Fields] = {
    **dict.fromkeys((1, 2, 44, 45), ONE),
    **dict.fromkeys((3, 6, 11, 42), _PL_PARTS),
    **dict.fromkeys((4, 10, 13, 14, 16, 36), CONCEPT_PARTS),
    **dict.fromkeys((5, 19), CX_PARTS),
    **dict.fromkeys((7, 8, 9, 17, 52), repeated(XCN_PARTS)),
    15: repeated(CONCEPT_PARTS),
    # DLD: the place as CWE; its date has no element.
    37: parts(inner={1: (1, 2)}),
    38: CONCEPT_PARTS,
    50: repeated(CX_PARTS),
}
PV2_FIELDS: Final[Fields] = {
    1: _PL_PARTS,
    3: CONCEPT_PARTS,
    **dict.fromkeys((8, 9, 11), ONE),
    13: repeated(XCN_PARTS),
    25: CONCEPT_PARTS,
    38: parts(1, 2, 3, 7, 14),
}

# Of which element a field that is null (two quotes) says that there is nothing any more.
_STATES: Final = {
    4: "type",
    5: "hospitalization.preAdmissionIdentifier",
    10: "serviceType",
    13: "hospitalization.reAdmission",
    14: "hospitalization.admitSource",
    15: "hospitalization.specialArrangement",
    16: "hospitalization.specialCourtesy",
    36: "hospitalization.dischargeDisposition",
    37: "hospitalization.destination",
    38: "hospitalization.dietPreference",
    44: "period.start",
    45: "period.end",
}
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
# PV1-7 attending, 8 referring, 9 consulting, 17 admitting doctor, 52 another provider; PV2-13 who
# referred the patient.
_PARTICIPANTS: Final = ((7, "ATND"), (8, "REF"), (9, "CON"), (17, "ADM"), (52, "PART"))
_REFERRERS: Final = ((13, "REF"),)
_ARRIVAL: Final = "http://hl7.org/fhir/StructureDefinition/encounter-modeOfArrival"
# R5's elements in a resource of R4 (R5 versions.html#extensions).
_PLANNED: Final = tuple(
    (number, f"http://hl7.org/fhir/5.0/StructureDefinition/extension-Encounter.{name}")
    for number, name in ((8, "plannedStartDate"), (9, "plannedEndDate"))
)
_CLASSIFICATION: Final = "http://hl7.org/fhir/StructureDefinition/subject-locationClassification"


def visit_number(pv1: Segment, context: Context) -> JsonObject:
    """Return PV1-19 as Identifier, {} where the visit has no number."""
    value = pv1.first(19)
    system = cx_authority(value, context) or context.own("VN")
    found = cx(value, context, system=system)
    if found:
        # The guide: VN whatever CX.5 says.
        found = of_kind(found, "VN")
        found["type"]["text"] = "visit number"
    return found


def encounter(
    group: PatientGroup, number: JsonObject, structure: Structure, context: Context
) -> JsonObject:
    """Return the Encounter of a patient's PV1, without id and subject; `number` is PV1-19."""
    pv1, pv2 = group.pv1, group.pv2
    if pv1 is None:
        raise ValueError("an Encounter is made of a PV1")
    start, end = _time(pv1, 44, context), _time(pv1, 45, context)
    return {
        "resourceType": "Encounter",
        **filled(
            extension=[*_extensions(pv2, context)] if pv2 is not None else [],
            identifier=[number, *_alternates(pv1, context)],
            status=_status(pv1, end, structure, context),
            class_=_class(pv1),
            type_=[c for c in (_coded(pv1, 4, "0007", context),) if c],
            serviceType=_coded(pv1, 10, "0069", context),
            priority=known_concept(pv2.first(25), context, "0217") if pv2 is not None else {},
            participant=[*_participants(pv1, pv2, context)],
            period=filled(
                start=start.text if start is not None else "",
                end=end.text if end is not None else "",
            ),
            length=_length(pv2, context) if pv2 is not None else {},
            reasonCode=_reasons(pv2, context),
            hospitalization=_hospitalization(pv1, context),
            location=[*_locations(pv1, pv2)],
        ),
    }


def _hospitalization(pv1: Segment, context: Context) -> JsonObject:
    arrangements = (known_concept(each, context, "0009") for each in pv1.repetitions(15))
    return filled(
        preAdmissionIdentifier=_pre_admission(pv1, context) if pv1.raw(5) else {},
        admitSource=_coded(pv1, 14, "0023", context),
        reAdmission=_coded(pv1, 13, "0092", context),
        dietPreference=[c for c in (_coded(pv1, 38, "0114", context),) if c],
        specialCourtesy=[c for c in (_coded(pv1, 16, "0099", context),) if c],
        specialArrangement=[each for each in arrangements if each],
        destination=_destination(pv1) if pv1.raw(37) else {},
        dischargeDisposition=_coded(pv1, 36, "0112", context),
    )


def _coded(segment: Segment, number: int, table: str, context: Context) -> JsonObject:
    return concept(segment.first(number), context, table=table) if segment.raw(number) else {}


def _pre_admission(pv1: Segment, context: Context) -> JsonObject:
    number = pv1.first(5)
    return cx(number, context, system=cx_authority(number, context) or context.own())


def _destination(pv1: Segment) -> JsonObject:
    """Return the place of DLD.1, a CWE in sub-components, by its text, else its code."""
    place = pv1.first(37).component(1)
    text = clean(place.subcomponent(2)) or clean(place.subcomponent(1))
    return {"type": "Location", "display": text} if text else {}


def _alternates(pv1: Segment, context: Context) -> Iterator[JsonObject]:
    """Yield the other numbers of the visit (PV1-50)."""
    for each in pv1.repetitions(50):
        found = cx(each, context, system=cx_authority(each, context) or context.own())
        if found:
            yield found


def _extensions(pv2: Segment, context: Context) -> Iterator[JsonObject]:
    for number, url in _PLANNED:
        planned = _time(pv2, number, context)
        if planned is not None:
            yield {"url": url, "valueDateTime": planned.text}
    arrival = pv2.first(38)
    coding: JsonObject = filled(display=clean(arrival.text(2)))
    if arrival.text(1):
        coding = concept(arrival, context, table="0430")["coding"][0]
    if coding:
        yield {"url": _ARRIVAL, "valueCoding": coding}


def _length(pv2: Segment, context: Context) -> JsonObject:
    """Return the length of the stay (PV2-11) in days; the guide has it positive."""
    sent = pv2.text(11)
    days = amount(sent)
    if days is not None and days > 0:
        return {"value": days, "unit": "days", "system": UCUM, "code": "d"}
    if sent:
        context.remark("102", "PV2-11 is no number of days", pv2.at(11))
    return {}


def ended_by(pv1: Segment, found: JsonObject) -> frozenset[str]:
    """Return what a PV1 says a visit has no more (names as in `hl7v2.stated`).

    Without the end that was told by mistake the visit is not known to be finished.
    """
    nulls = {number for number in _STATES if pv1.fields[number : number + 1] == (NULL,)}
    ended = {_STATES[number] for number in nulls}
    if 45 in nulls and found["status"] == "unknown":
        ended.add("status")
    return frozenset(ended)


def _status(pv1: Segment, end: Moment | None, structure: Structure, context: Context) -> str:
    """Return what the event and the dates say; nothing else tells how far a visit is."""
    if end is not None and not context.is_future(end.low):
        return "finished"
    if pv1.text(2).upper() == "P":
        return "planned"
    return {"admitted": "in-progress", "arrived": "arrived"}.get(structure.event, "unknown")


def _class(pv1: Segment) -> JsonObject:
    sent = token(pv1.text(2)).upper()
    known = tables.ENCOUNTER_CLASS.get(sent)
    if known is not None:
        return {"system": ACT_CODE, "code": known}
    if sent and sent != "U":
        return {"system": v2_table("0004"), "code": sent}
    # Encounter.class is required: that nobody said it is said.
    return {"system": NULL_FLAVOR, "code": "UNK"}


def _participants(pv1: Segment, pv2: Segment | None, context: Context) -> Iterator[JsonObject]:
    fields = [(pv1, *each) for each in _PARTICIPANTS]
    fields += [(pv2, *each) for each in _REFERRERS] if pv2 is not None else []
    for segment, place, code in fields:
        for each in segment.repetitions(place):
            individual = person(each, context)
            if individual:
                kind = {"coding": [{"system": _PARTICIPATION, "code": code}]}
                yield {"type": [kind], "individual": individual}


def _reasons(pv2: Segment | None, context: Context) -> list[JsonObject]:
    found = concept(pv2.first(3), context) if pv2 is not None else {}
    return [found] if found else []


def _locations(pv1: Segment, pv2: Segment | None) -> Iterator[JsonObject]:
    """Yield the assigned, prior, temporary and pending place, and the one that was pending."""
    assigned = "planned" if pv1.text(2).upper() == "P" else "active"
    fields = [(pv1, 3, assigned), (pv1, 6, "completed"), (pv1, 11, "active"), (pv1, 42, "reserved")]
    fields += [(pv2, 1, "planned")] if pv2 is not None else []
    for segment, number, status in fields:
        place = _place(segment.first(number)) if segment.raw(number) else {}
        if place:
            # That a place is temporary no status says, and the extension's codes name no system.
            kind = {"url": _CLASSIFICATION, "valueCodeableConcept": {"text": "temporary"}}
            yield filled(extension=[kind] if number == 11 else [], location=place, status=status)


def _place(value: Composite) -> JsonObject:
    """Return a PL as Reference to a Location: point of care, room, bed, facility as one text."""
    parts = [clean(value.component(part).subcomponent(1)) for part in (4, 8, 7, 1, 2, 3)]
    text = " ".join(part for part in (*parts, clean(value.text(9))) if part)
    return {"type": "Location", "display": text} if text else {}


def _time(segment: Segment, number: int, context: Context) -> Moment | None:
    sent = segment.text(number)
    try:
        return moment(sent, zone=context.zone) if sent else None
    except ValueError as error:
        text = f"{segment.name}-{number} is no time: {error}"
        context.remark("102", text, segment.at(number))
        return None
