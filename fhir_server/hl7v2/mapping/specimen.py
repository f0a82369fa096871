"""SPM to Specimen, and OBR-15 where an older message has no SPM.

Source: v2-to-FHIR implementation guide, SPM[Specimen], OBR[Specimen], SPS[Specimen-Source].
"""

from collections.abc import Sequence
from typing import Final

from fhir_server.hl7v2.mapping.code_systems import IDENTIFIER_TYPE
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import (
    CONCEPT_PARTS,
    CX_PARTS,
    EI_PARTS,
    UNIT_PARTS,
    authority,
    clean,
    concept,
    cx,
    cx_authority,
    ei,
    filled,
    number,
    quantity_unit,
)
from fhir_server.hl7v2.mapping.groups import SpecimenGroup
from fhir_server.hl7v2.mapping.notes import notes
from fhir_server.hl7v2.mapping.order import EIP_PARTS, Order, required_time
from fhir_server.hl7v2.mapping.parts import (
    ONE,
    TEXT,
    Fields,
    Parts,
    chosen,
    component,
    one_of,
    parts,
    repeated,
)
from fhir_server.hl7v2.mapping.times import moment
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject

_AVAILABILITY: Final = {"Y": "available", "N": "unavailable"}
# The components of an EIP: the placer's and the filler's number, with their kinds.
_KINDS: Final = ((1, "PGN"), (2, "FGN"))


def _parent_parts(_segment: Segment, components: Sequence[str]) -> Parts:
    """Return what of SPM-3 is read: the filler's number, else the placer's."""
    part = 2 if component(components, 2) else 1
    return parts(inner={part: (1, 2, 3, 4)})


# CQ: a number, and its unit as CE in sub-components.
_CQ_PARTS: Final = parts(
    1, inner={2: UNIT_PARTS.components}, valid={1: lambda text: number(text) is not None}
)
FIELDS: Final[Fields] = {
    **dict.fromkeys((1, 18), ONE),
    20: one_of(*_AVAILABILITY),
    2: EIP_PARTS,
    3: chosen(_parent_parts, repeats=True),
    6: CONCEPT_PARTS,
    **dict.fromkeys((4, 7, 8), CONCEPT_PARTS),
    12: _CQ_PARTS,
    14: TEXT,
    17: parts(1, 2),
    24: repeated(CONCEPT_PARTS),
    27: CONCEPT_PARTS,
    30: CX_PARTS,
    31: repeated(CX_PARTS),
    32: EI_PARTS,
}


def specimen(group: SpecimenGroup, context: Context) -> JsonObject:
    """Return the Specimen of an SPM, without id and subject."""
    spm = group.spm
    note = clean(spm.first(14).whole())
    return {
        "resourceType": "Specimen",
        **filled(
            identifier=_identifiers(spm, context),
            accessionIdentifier=_accession(spm, context),
            status=_AVAILABILITY.get(spm.text(20).upper(), ""),
            type_=concept(spm.first(4), context, table="0487"),
            receivedTime=_received(spm, 18, context),
            parent=_parents(spm, context),
            collection=filled(
                **_collected(spm, context),
                quantity=_quantity(spm.first(12)),
                method=concept(spm.first(7), context, table="0488"),
                bodySite=concept(spm.first(8), context),
            ),
            container=_containers(spm, context),
            condition=[
                c for each in spm.repetitions(24) if (c := concept(each, context, table="0493"))
            ],
            note=([{"text": note}] if note else []) + notes(group.notes, context),
        ),
    }


def specimen_of_obr(found: Order, context: Context) -> JsonObject:
    """Return the Specimen that OBR-15 (SPS, before 2.5) describes, {} where it is empty."""
    source = found.obr.first(15)
    if not source:
        return {}
    collected = {
        key.replace("effective", "collected"): value for key, value in found.effective.items()
    }
    note = clean(source.text(3))
    return {
        "resourceType": "Specimen",
        **filled(
            type_=_sub_concept(source.component(1), context, "0070"),
            receivedTime=_received(found.obr, 14, context),
            collection=filled(
                **collected, bodySite=_sub_concept(source.component(4), context, "0163")
            ),
            note=[{"text": note}] if note else [],
        ),
    }


def specimen_number(spm: Segment) -> str:
    """Return the filler's specimen id (SPM-2.2), else the placer's, "" without both."""
    value = spm.first(2)
    return value.component(2).subcomponent(1) or value.component(1).subcomponent(1)


def _identifiers(spm: Segment, context: Context) -> list[JsonObject]:
    """Return the numbers of SPM-2, the other ones (SPM-31) and that of the shipment (SPM-32)."""
    found = [each for part, _ in _KINDS if (each := _assigned(spm.first(2), part, context))]
    for other in spm.repetitions(31):
        number = cx(other, context, system=cx_authority(other, context) or context.own("specimen"))
        found += [number] if number else []
    shipment = ei(spm.first(32), context, kind="SHIP")
    return [*found, shipment] if shipment else found


def _assigned(value: Composite, part: int, context: Context) -> JsonObject:
    """Return the placer's (1) or the filler's (2) number of an EIP, {} where it is empty."""
    assigned = value.component(part)
    text = clean(assigned.subcomponent(1))
    if not text:
        return {}
    system = authority(
        assigned.subcomponent(2), assigned.subcomponent(3), assigned.subcomponent(4), context
    )
    return {
        "type": {"coding": [{"system": IDENTIFIER_TYPE, "code": dict(_KINDS)[part]}]},
        "system": system or context.own("specimen"),
        "value": text,
    }


def _parents(spm: Segment, context: Context) -> list[JsonObject]:
    """Return the specimens that one was taken of (SPM-3) by the filler's number, else the placer's.

    A reference holds one number; the specimen need not be known here.
    """
    found = []
    for each in spm.repetitions(3):
        assigned = _assigned(each, 2, context) or _assigned(each, 1, context)
        if assigned:
            found.append({"type": "Specimen", "identifier": assigned})
    return found


def _containers(spm: Segment, context: Context) -> list[JsonObject]:
    container = filled(
        type=concept(spm.first(27), context),
        additiveCodeableConcept=concept(spm.first(6), context, table="0371"),
    )
    return [container] if container else []


def _accession(spm: Segment, context: Context) -> JsonObject:
    value = spm.first(30)
    return cx(value, context, system=cx_authority(value, context) or context.own("accession"))


def _collected(spm: Segment, context: Context) -> JsonObject:
    start = required_time(spm, 17, context)
    if start is None:
        return {}
    try:
        end = moment(spm.text(17, 2), zone=context.zone) if spm.text(17, 2) else None
    except ValueError as error:
        context.remark("102", f"SPM-17.2 is no time: {error}", spm.at(17, component=2))
        end = None
    if end is not None and end.low >= start.low:
        return {"collectedPeriod": {"start": start.text, "end": end.text}}
    return {"collectedDateTime": start.text}


def _received(segment: Segment, field: int, context: Context) -> str:
    try:
        sent = segment.text(field)
        return moment(sent, zone=context.zone).text if sent else ""
    except ValueError as error:
        place = segment.at(field)
        context.remark("102", f"{segment.name}-{field} is no time: {error}", place)
        return ""


def _quantity(value: Composite) -> JsonObject:
    amount = number(value.text(1))
    # CQ.2 is a CE in sub-components.
    unit = quantity_unit(value.component(2).promoted())
    return {} if amount is None else {"value": amount, **unit}


def _sub_concept(value: Composite, context: Context, table: str) -> JsonObject:
    """Return a CE that stands in sub-components as CodeableConcept."""
    return concept(value.promoted(), context, table=table)
