"""ORC and OBR to ServiceRequest and DiagnosticReport.

Source: v2-to-FHIR implementation guide, ORC[ServiceRequest], OBR[ServiceRequest],
OBR[DiagnosticReport].
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fhir_server.hl7v2.mapping import tables
from fhir_server.hl7v2.mapping.code_systems import IDENTIFIER_TYPE
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import (
    CONCEPT_PARTS,
    CX_PARTS,
    EI_PARTS,
    concept,
    cx,
    cx_authority,
    ei,
    filled,
    identifying_concept,
    of_kind,
)
from fhir_server.hl7v2.mapping.groups import OrderGroup
from fhir_server.hl7v2.mapping.notes import notes
from fhir_server.hl7v2.mapping.parties import (
    NDL_PARTS,
    XCN_PARTS,
    XON_PARTS,
    named_person,
    organization,
    person,
)
from fhir_server.hl7v2.mapping.parts import ONE, Fields, one_of, parts, repeated
from fhir_server.hl7v2.mapping.times import Moment, is_time, moment
from fhir_server.hl7v2.problems import refuse
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject

# EIP: the placer's and the filler's EI in sub-components.
EIP_PARTS: Final = parts(inner={1: (1, 2, 3, 4), 2: (1, 2, 3, 4)})
# SPS: type and site are CWE in sub-components.
_SPS_PARTS: Final = parts(3, inner=dict.fromkeys((1, 4), range(1, 15)))
# TQ, before TQ1 of 2.5: from when to when, and how urgent.
_TQ_PARTS: Final = parts(
    *(4, 5, 6),
    valid={4: is_time, 5: is_time, 6: lambda text: text.upper() in tables.PRIORITY},
)
ORC_FIELDS: Final[Fields] = {
    **dict.fromkeys((1, 5, 9), ONE),
    **dict.fromkeys((2, 3, 4), EI_PARTS),
    7: _TQ_PARTS,
    12: XCN_PARTS,
    16: CONCEPT_PARTS,
    21: XON_PARTS,
    33: repeated(CX_PARTS),
    38: EI_PARTS,
}
TQ1_FIELDS: Final[Fields] = {**dict.fromkeys((1, 7, 8), ONE), 9: one_of(*tables.PRIORITY)}
DG1_FIELDS: Final[Fields] = {1: ONE, 3: CONCEPT_PARTS}
OBR_FIELDS: Final[Fields] = {
    **dict.fromkeys((1, 6, 7, 8, 11, 14, 22, 25), ONE),
    5: one_of(*tables.PRIORITY),
    **dict.fromkeys((2, 3), EI_PARTS),
    **dict.fromkeys((4, 24), CONCEPT_PARTS),
    15: _SPS_PARTS,
    16: XCN_PARTS,
    26: parts(2, 3, inner={1: (1, 2)}),
    27: _TQ_PARTS,
    29: EIP_PARTS,
    31: repeated(CONCEPT_PARTS),
    32: NDL_PARTS,
    **dict.fromkeys((34, 35), repeated(NDL_PARTS)),
    **dict.fromkeys((46, 47), repeated(CONCEPT_PARTS)),
    53: repeated(CX_PARTS),
}
_HL7: Final = "http://hl7.org/fhir/StructureDefinition/"
_STATUS_REASON: Final = f"{_HL7}request-statusReason"
_REPORT_REASON: Final = f"{_HL7}event-statusReason"
_FUNCTION: Final = f"{_HL7}event-performerFunction"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
# OBR-34, the technician, and OBR-35, who wrote the report down.
_PERFORMERS: Final = ((34, "SPRF"), (35, "TRANS"))

# Fields of OBR that only a report, and only a specimen that no SPM describes, are made of.
REPORTED: Final = (7, 8, 24, 32, 34, 35)
SAMPLED: Final = (14, 15)


@dataclass(frozen=True, slots=True)
class Order:
    """What an OBR says of all its observations.

    `number` is the filler's order number, else the placer's ("" without both); `service` the
    code of OBR-4 for identities. `issued` is OBR-22, else MSH-7.
    """

    obr: Segment
    orc: Segment | None
    number: str
    service: str
    code: JsonObject
    effective: JsonObject
    observed: Moment | None
    issued: Moment
    status: str
    report_status: str


def order(group: OrderGroup, context: Context, *, is_result: bool = True) -> Order | None:
    """Return the order of a group, None for observations without one.

    `is_result`: the group reports results; an order alone may lie ahead and has no report, and
    it is known by its placer's number, which it has from its first message on.

    Refusal: 101 without OBR-4, 102 where OBR-7 or OBR-22 is no time or OBR-7 lies in the
    future, 103 where OBR-25 says that there is no such order or patient.
    """
    obr = group.obr
    if obr is None:
        return None
    code = identifying_concept(obr.first(4), context)
    if not code:
        raise refuse("101", "OBR-4 is empty: what was ordered cannot be told", obr.at(4))
    observed, effective = _observed(obr, context, is_result)
    sent = obr.text(25).upper()
    return Order(
        obr=obr,
        orc=group.orc,
        number=_number(group, is_result),
        service=identity_code(obr.first(4)),
        code=code,
        effective=effective,
        observed=observed,
        issued=_released(obr, context),
        status=_order_status(group.orc, sent),
        report_status=_report_status(obr, sent, context) if is_result else "",
    )


def identity_code(value: Composite) -> str:
    """Return what a code is recognised by in another message: code and system, else its text."""
    code = value.text(1)
    return f"{code}^{value.text(3)}" if code else value.text(2) or value.text(4)


def service_request(found: Order, group: OrderGroup, context: Context) -> JsonObject:
    """Return the ServiceRequest of an order, without id and subject."""
    obr, orc = found.obr, found.orc
    return {
        "resourceType": "ServiceRequest",
        **filled(
            extension=_status_reason(orc, context),
            identifier=[*_identifiers(group, context), *_further_numbers(obr, orc, context)],
            requisition=_requisition(orc, context),
            status=found.status,
            intent="reflex-order" if obr.text(11).upper() == "G" else "order",
            priority=_priority(group),
            code=found.code,
            orderDetail=_details(obr, context),
            **_occurrence(group, context),
            authoredOn=_authored(orc, context),
            requester=_requester(obr, orc, context),
            reasonCode=_reasons(group, context),
            note=notes(group.notes, context),
        ),
    }


def passed_over(found: Order) -> Iterator[tuple[Segment, int]]:
    """Yield the fields that say otherwise than the ones that are read in their place."""
    obr, orc = found.obr, found.orc
    if orc is None:
        return
    for better, field, worse, other in ((obr, 2, orc, 2), (obr, 3, orc, 3), (orc, 12, obr, 16)):
        if better.raw(field) not in ("", worse.raw(other)):
            yield worse, other
    if orc.raw(12) or obr.raw(16):
        yield orc, 21
    if orc.raw(5) and not found.report_status:
        # No report says why, and ORC-5 says the order's state.
        yield orc, 16
    if obr.raw(53):
        yield orc, 33
    if orc.raw(7):
        yield obr, 27


def diagnostic_report(found: Order, group: OrderGroup, context: Context) -> JsonObject:
    """Return the DiagnosticReport of an order, without id, subject and references."""
    obr = found.obr
    reason = _reason(found.orc, _REPORT_REASON, context)
    interpreter = named_person(obr.first(32), context)
    return {
        "resourceType": "DiagnosticReport",
        **filled(
            extension=reason,
            identifier=list(_identifiers(group, context)),
            status=found.report_status,
            category=[c] if (c := concept(obr.first(24), context, table="0074")) else [],
            code=found.code,
            **found.effective,
            issued=found.issued.text if found.issued.is_instant else "",
            performer=[*_performers(obr, context)],
            resultsInterpreter=[interpreter] if interpreter else [],
        ),
    }


def _number(group: OrderGroup, is_result: bool) -> str:
    fields = (3, 2) if is_result else (2, 3)
    places = [(segment, field) for field in fields for segment in (group.obr, group.orc)]
    texts = (segment.text(number) for segment, number in places if segment is not None)
    return next((text for text in texts if text), "")


def _identifiers(group: OrderGroup, context: Context) -> Iterable[JsonObject]:
    for number, kind in ((2, "PLAC"), (3, "FILL")):
        for segment in (group.obr, group.orc):
            identifier = ei(segment.first(number), context, kind=kind) if segment else {}
            if identifier:
                yield identifier
                break


def _further_numbers(obr: Segment, orc: Segment | None, context: Context) -> Iterator[JsonObject]:
    """Yield the placer's other numbers (OBR-53, else ORC-33), and the filler's of the group."""
    sent = obr.repetitions(53)
    if not sent and orc is not None:
        sent = orc.repetitions(33)
    for each in sent:
        found = cx(each, context, system=cx_authority(each, context) or context.own("PLAC"))
        if found:
            yield of_kind(found, "PLAC")
    group = ei(orc.first(38), context, kind="FGN") if orc is not None else {}
    if group:
        yield group


def _details(obr: Segment, context: Context) -> list[JsonObject]:
    """Return what placer and filler say beside the code of the service (OBR-46, OBR-47)."""
    sent = (*obr.repetitions(46), *obr.repetitions(47))
    return [found for each in sent if (found := concept(each, context))]


def _status_reason(orc: Segment | None, context: Context) -> list[JsonObject]:
    """Return why an order is in its state (ORC-16), where ORC-1 and not ORC-5 says the state."""
    return [] if orc is None or orc.raw(5) else _reason(orc, _STATUS_REASON, context)


def _reason(orc: Segment | None, url: str, context: Context) -> list[JsonObject]:
    reason = concept(orc.first(16), context) if orc is not None else {}
    return [{"url": url, "valueCodeableConcept": reason}] if reason else []


def _performers(obr: Segment, context: Context) -> Iterator[JsonObject]:
    for number, code in _PERFORMERS:
        function = {"coding": [{"system": _PARTICIPATION, "code": code}]}
        for each in obr.repetitions(number):
            found = named_person(each, context)
            if found:
                told = [{"url": _FUNCTION, "valueCodeableConcept": function}]
                yield {"extension": told, **found}


def _requisition(orc: Segment | None, context: Context) -> JsonObject:
    found = ei(orc.first(4), context, kind="PGN") if orc is not None else {}
    if found:
        found["type"] = {"coding": [{"system": IDENTIFIER_TYPE, "code": "PGN"}]}
    return found


def _observed(obr: Segment, context: Context, is_result: bool) -> tuple[Moment | None, JsonObject]:
    """Return OBR-7, and effective[x] of it: a period where OBR-8 ends it."""
    start, end = _time(obr, 7, context), _time(obr, 8, context)
    if start is None:
        return None, {}
    if is_result:
        refuse_future(start, obr, 7, context)
    if end is not None and end.low >= start.low:
        return start, {"effectivePeriod": {"start": start.text, "end": end.text}}
    return start, {"effectiveDateTime": start.text}


def _released(obr: Segment, context: Context) -> Moment:
    """Return OBR-22, the time at which the report was released or changed, else MSH-7."""
    time = _time(obr, 22, context)
    if time is None:
        return context.sent
    refuse_future(time, obr, 22, context)
    return time


def refuse_future(time: Moment, segment: Segment, field: int, context: Context) -> None:
    """Refuse a time that has not come yet (more than five minutes ahead)."""
    if context.is_future(time.low):
        text = f"{segment.name}-{field} lies in the future: a result is of the past"
        raise refuse("102", text, segment.at(field))


def required_time(segment: Segment, field: int, context: Context) -> Moment | None:
    """Return a time of the message, None where it is empty; Refusal (102) where it is no time."""
    sent = segment.text(field)
    if not sent:
        return None
    try:
        return moment(sent, zone=context.zone)
    except ValueError as error:
        raise refuse(
            "102", f"{segment.name}-{field} is no time: {error}", segment.at(field)
        ) from None


_time = required_time


def _text_of(time: Moment | None) -> str:
    return "" if time is None else time.text


def _authored(orc: Segment | None, context: Context) -> str:
    # The guide: ORC-9 is the time of ordering only in a new order; in a result, of the event.
    if orc is None or orc.text(1).upper() != "NW":
        return ""
    return _text_of(_time(orc, 9, context))


def _priority(group: OrderGroup) -> str:
    """Return TQ1-9 (since 2.5), else OBR-5, else the sixth component of TQ."""
    obr, timing = group.obr, _timing(group)
    sent = [each.text(9) for each in group.timings]
    sent += [obr.text(5)] if obr is not None else []
    sent += [timing[0].text(timing[1], 6)] if timing is not None else []
    return next((p for each in sent if (p := tables.PRIORITY.get(each.upper()))), "")


def _timing(group: OrderGroup) -> tuple[Segment, int] | None:
    """Return where the TQ of an order stands: ORC-7, else OBR-27."""
    for segment, number in ((group.orc, 7), (group.obr, 27)):
        if segment is not None and segment.raw(number):
            return segment, number
    return None


def _occurrence(group: OrderGroup, context: Context) -> JsonObject:
    """Return when the service is wanted: TQ1-7 to TQ1-8, else the same of TQ, else OBR-6."""
    for each in group.timings:
        found = _wanted(_time(each, 7, context), _time(each, 8, context))
        if found:
            return found
    timing = _timing(group)
    if timing is not None:
        # What is no time is listed: a result is not refused for when it was once wanted.
        segment, number = timing
        sent = (segment.text(number, part) for part in (4, 5))
        start, end = (
            moment(text, zone=context.zone) if text and is_time(text) else None for text in sent
        )
        found = _wanted(start, end)
        if found:
            return found
    return _wanted(_time(group.obr, 6, context) if group.obr is not None else None, None)


def _wanted(start: Moment | None, end: Moment | None) -> JsonObject:
    if start is None:
        return {}
    if end is not None and end.low >= start.low:
        return {"occurrencePeriod": {"start": start.text, "end": end.text}}
    return {"occurrenceDateTime": start.text}


def _reasons(group: OrderGroup, context: Context) -> list[JsonObject]:
    """Return the reasons of an order: OBR-31, and the diagnoses (DG1-3) that came with it."""
    obr = group.obr
    sent = list(obr.repetitions(31)) if obr is not None else []
    sent += [diagnosis.first(3) for diagnosis in group.diagnoses]
    found: list[JsonObject] = []
    for each in sent:
        reason = concept(each, context)
        if reason and reason not in found:
            found.append(reason)
    return found


def _requester(obr: Segment, orc: Segment | None, context: Context) -> JsonObject:
    for segment, field in ((orc, 12), (obr, 16)):
        found = person(segment.first(field), context) if segment is not None else {}
        if found:
            return found
    # The guide names both in a PractitionerRole; a reference names one.
    return organization(orc.first(21), context) if orc is not None else {}


def _order_status(orc: Segment | None, report: str) -> str:
    if orc is not None:
        found = tables.ORDER_STATUS.get(orc.text(5).upper())
        if found is None and not orc.text(5):
            found = tables.ORDER_CONTROL.get(orc.text(1).upper())
        if found is not None:
            return found
    return tables.ORDER_BY_REPORT.get(report, "unknown")


def _report_status(obr: Segment, sent: str, context: Context) -> str:
    if sent in tables.REFUSED_REPORT:
        raise refuse(
            "103",
            f"OBR-25 is {sent}: it answers a query about an unknown order or patient",
            obr.at(25),
        )
    found = tables.REPORT_STATUS.get(sent)
    if found is None:
        reason = "is no code of table 0123" if sent else "is empty"
        context.remark("103", f"OBR-25 {reason}; the report's status is unknown", obr.at(25))
    return found or "unknown"
