"""PV1 and PV2 to Encounter.

Source: v2-to-FHIR implementation guide, PV1[Encounter] and PV2[Encounter]; the decisions where it
is silent are in docs/reference/hl7v2-mapping.md.
"""

from typing import Final

from fhir_server.hl7v2.mapping import tables
from fhir_server.hl7v2.mapping.code_systems import ACT_CODE, IDENTIFIER_TYPE, NULL_FLAVOR, v2_table
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import (
    CONCEPT_PARTS,
    CX_PARTS,
    clean,
    concept,
    cx,
    cx_authority,
    filled,
    token,
)
from fhir_server.hl7v2.mapping.groups import PatientGroup
from fhir_server.hl7v2.mapping.parties import XCN_PARTS, person
from fhir_server.hl7v2.mapping.parts import ONE, Fields, parts, repeated
from fhir_server.hl7v2.mapping.structures import Structure
from fhir_server.hl7v2.mapping.times import Moment, moment
from fhir_server.hl7v2.tokenizer import NULL, Composite, Segment
from fhir_server.r4.codec import JsonObject

_PL_PARTS: Final = parts(1, 2, 3, 4, 7, 8, 9)
PV1_FIELDS: Final[Fields] = {
    **dict.fromkeys((1, 2, 44, 45), ONE),
    **dict.fromkeys((3, 6), _PL_PARTS),
    **dict.fromkeys((4, 10, 14, 36), CONCEPT_PARTS),
    **dict.fromkeys((7, 8, 9, 17), repeated(XCN_PARTS)),
    19: CX_PARTS,
}
PV2_FIELDS: Final[Fields] = {3: CONCEPT_PARTS}

# Of which element a field that is null (two quotes) says that there is nothing any more.
_STATES: Final = {4: "type", 10: "serviceType", 44: "period.start", 45: "period.end"}
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
# PV1-7 attending, 8 referring, 9 consulting, 17 admitting doctor.
_PARTICIPANTS: Final = ((7, "ATND"), (8, "REF"), (9, "CON"), (17, "ADM"))


def visit_number(pv1: Segment, context: Context) -> JsonObject:
    """Return PV1-19 as Identifier, {} where the visit has no number."""
    value = pv1.first(19)
    system = cx_authority(value, context) or context.own("VN")
    found = cx(value, context, system=system)
    if found:
        # The guide: VN whatever CX.5 says; what it says otherwise stands beside it.
        number = {"system": IDENTIFIER_TYPE, "code": "VN"}
        sent = [each for each in found.get("type", {}).get("coding", ()) if each != number]
        found["type"] = {"coding": [number, *sent]}
    return found


def encounter(
    group: PatientGroup, number: JsonObject, structure: Structure, context: Context
) -> JsonObject:
    """Return the Encounter of a patient's PV1, without id and subject; `number` is PV1-19."""
    pv1, pv2 = group.pv1, group.pv2
    if pv1 is None:
        raise ValueError("an Encounter is made of a PV1")
    start, end = _time(pv1, 44, context), _time(pv1, 45, context)
    hospitalization = filled(
        admitSource=concept(pv1.first(14), context, table="0023"),
        dischargeDisposition=concept(pv1.first(36), context, table="0112"),
    )
    return {
        "resourceType": "Encounter",
        **filled(
            identifier=[number],
            status=_status(pv1, end, structure, context),
            class_=_class(pv1),
            type_=[c for c in (concept(pv1.first(4), context, table="0007"),) if c],
            serviceType=concept(pv1.first(10), context, table="0069"),
            participant=[*_participants(pv1, context)],
            period=filled(
                start=start.text if start is not None else "",
                end=end.text if end is not None else "",
            ),
            reasonCode=_reasons(pv2, context),
            hospitalization=hospitalization,
            location=_locations(pv1, context),
        ),
    }


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


def _participants(pv1: Segment, context: Context) -> list[JsonObject]:
    return [
        {
            "type": [{"coding": [{"system": _PARTICIPATION, "code": code}]}],
            "individual": individual,
        }
        for number, code in _PARTICIPANTS
        for each in pv1.repetitions(number)
        if (individual := person(each, context))
    ]


def _reasons(pv2: Segment | None, context: Context) -> list[JsonObject]:
    found = concept(pv2.first(3), context) if pv2 is not None else {}
    return [found] if found else []


def _locations(pv1: Segment, context: Context) -> list[JsonObject]:
    """Return the assigned (PV1-3) and the prior place (PV1-6)."""
    places = ((3, "active"), (6, "completed"))
    return [
        {"location": place, "status": status}
        for number, status in places
        if (place := _place(pv1.first(number)))
    ]


def _place(value: Composite) -> JsonObject:
    """Return a PL as Reference to a Location: point of care, room, bed, facility as one text."""
    parts = [clean(value.component(part).subcomponent(1)) for part in (4, 8, 7, 1, 2, 3)]
    text = " ".join(part for part in (*parts, clean(value.text(9))) if part)
    return {"type": "Location", "display": text} if text else {}


def _time(pv1: Segment, number: int, context: Context) -> Moment | None:
    sent = pv1.text(number)
    try:
        return moment(sent, zone=context.zone) if sent else None
    except ValueError as error:
        context.remark("102", f"PV1-{number} is no time: {error}", pv1.at(number))
        return None
