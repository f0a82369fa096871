"""OBX to Observation.

Source: v2-to-FHIR implementation guide, OBX[Observation]; the decisions where it is silent are
in docs/reference/hl7v2-mapping.md.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from fhir_server.hl7v2.mapping import tables
from fhir_server.hl7v2.mapping.code_systems import (
    ABSENT_REASON,
    CATEGORY,
    SYSTEMS,
)
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import (
    CONCEPT_PARTS,
    EI_PARTS,
    UNIT_PARTS,
    authority,
    clean,
    concept,
    concept_parts,
    filled,
    number,
)
from fhir_server.hl7v2.mapping.groups import ObservationGroup
from fhir_server.hl7v2.mapping.notes import notes
from fhir_server.hl7v2.mapping.order import Order, identity_code, refuse_future, required_time
from fhir_server.hl7v2.mapping.panel_fields import code_of, flags_of, ranges_of
from fhir_server.hl7v2.mapping.parties import (
    LABORATORY_PARTS,
    XCN_PARTS,
    XON_PARTS,
    coded_organization,
    organization,
    person,
)
from fhir_server.hl7v2.mapping.parts import (
    ONE,
    TEXT,
    TEXTS,
    Fields,
    Parts,
    chosen,
    component,
    parts,
    repeated,
)
from fhir_server.hl7v2.mapping.tables import ResultStatus
from fhir_server.hl7v2.mapping.times import Moment
from fhir_server.hl7v2.mapping.values import VALUE_PARTS, values
from fhir_server.hl7v2.problems import refuse
from fhir_server.hl7v2.tokenizer import Composite, Segment
from fhir_server.r4.codec import JsonObject


def _flag_parts(segment: Segment, components: Sequence[str]) -> Parts:
    """Return what of OBX-8 is read: all of a concept only where it names another table."""
    named = component(components, 3).strip().upper()
    is_other = bool(named) and named != "HL70078"
    return concept_parts(segment, components) if is_other else parts(1, 2, 3, 9)


def _sub_id_parts(_segment: Segment, components: Sequence[str]) -> Parts:
    """Return what of OBX-4 is read: the four parts of an OG; one that is none as one text."""
    sent = [component(components, place) for place in (2, 3, 4)]
    has_numbers = all(number(text) is not None for text in sent[:2] if text)
    return parts(1, 2, 3, 4) if any(sent) and has_numbers else TEXT


FIELDS: Final[Fields] = {
    **dict.fromkeys((1, 2, 11, 14, 19), ONE),
    **dict.fromkeys((3, 17, 20), CONCEPT_PARTS),
    4: chosen(_sub_id_parts),
    5: VALUE_PARTS,
    6: UNIT_PARTS,
    7: TEXTS,
    8: chosen(_flag_parts, repeats=True),
    10: repeated(CONCEPT_PARTS),
    15: LABORATORY_PARTS,
    16: repeated(XCN_PARTS),
    **dict.fromkeys((18, 21), EI_PARTS),
    23: XON_PARTS,
}

_ANALYSED: Final = "http://hl7.org/fhir/StructureDefinition/observation-analysis-date-time"
_NATURE: Final = "http://hl7.org/fhir/StructureDefinition/observation-nature-of-abnormal-test"
_SUB_ID: Final = "http://hl7.org/fhir/StructureDefinition/observation-v2-subid"


class ObservationDraft(msgspec.Struct, frozen=True):
    """An Observation without id, subject and references, and what its identity is made of.

    `observed` is the time of observation where there is one. `keeps_value`: the message gives
    only a new status; the value is the one that is stored.
    """

    resource: JsonObject
    code: str
    sub_id: str
    rank: int
    observed: Moment | None
    keeps_value: bool


def observation(
    group: ObservationGroup, order: Order | None, specimen: Segment | None, context: Context
) -> ObservationDraft:
    """Return the Observation of an OBX; `specimen` is the only SPM of its order, if there is one.

    Refusal: 101 without OBX-3; 101 without any time of observation where the result needs one,
    102 where a time is none or lies in the future.
    """
    obx = group.obx
    named = obx.first(3)
    code = code_of(named.raw, obx.separators, obx.codec, context.naming)
    if not code:
        raise refuse("101", "OBX-3 is empty: what was observed cannot be told", obx.at(3))
    sent = obx.text(11).upper()
    status = _status(obx, sent, context)
    observed, effective = _effective(obx, order, specimen, context)
    if observed is None and status.needs_time:
        raise refuse(
            "101",
            "OBX-14, OBR-7 and SPM-17 are all empty: a result without a time of observation "
            "cannot be judged for its age",
            obx.at(14),
        )
    resource = _resource(group, order, context, status, {"code": code, **effective})
    return ObservationDraft(
        resource=resource,
        code=identity_code(named),
        sub_id=obx.raw(4),
        rank=status.rank,
        observed=observed,
        keeps_value=sent == tables.FINALISED and not obx.raw(5),
    )


def _resource(
    group: ObservationGroup,
    order: Order | None,
    context: Context,
    status: ResultStatus,
    known: JsonObject,
) -> JsonObject:
    """Return the Observation; `known` holds its code and effective[x]."""
    obx, code = group.obx, known["code"]
    issued = context.sent if order is None else order.issued
    found = values(obx, context)
    return {
        "resourceType": "Observation",
        **filled(
            extension=_extensions(obx, context),
            identifier=_instance(obx, context),
            status=status.status,
            category=_category(code, order, context),
            **known,
            issued=issued.text if issued.is_instant else "",
            performer=_performers(obx, context),
            **(found[0] if len(found) == 1 else {}),
            dataAbsentReason={} if found else _absent(status),
            interpretation=flags_of(obx.raw(8), obx.separators, obx.codec, context.naming),
            note=notes(group.notes, context),
            bodySite=concept(obx.first(20), context, table="0163"),
            method=_method(obx, context),
            device=_analyser(obx, context),
            referenceRange=ranges_of(obx.raw(7), obx.first(6).raw, obx.separators, obx.codec),
            # The guide: several repetitions of OBX-5 are components under the code of OBX-3.
            component=[{"code": code, **each} for each in found] if len(found) > 1 else [],
        ),
    }


def _status(obx: Segment, sent: str, context: Context) -> ResultStatus:
    found = tables.OBSERVATION_STATUS.get(sent)
    if found is None:
        reason = "is no code of table 0085" if sent else "is empty"
        context.remark("103", f"OBX-11 {reason}; the result's status is unknown", obx.at(11))
    return found or tables.UNKNOWN_RESULT


def _effective(
    obx: Segment, order: Order | None, specimen: Segment | None, context: Context
) -> tuple[Moment | None, JsonObject]:
    """Return the time of observation: OBX-14, else OBR-7 to OBR-8, else SPM-17.

    HL7 v2.8 section 7.4.2.14: OBX-14 is needed where it differs from OBR-7; section 4.5.3.7:
    for a specimen OBR-7 is the time of its collection, which SPM-17 holds as well.
    """
    own = required_time(obx, 14, context)
    if own is not None:
        refuse_future(own, obx, 14, context)
        return own, {"effectiveDateTime": own.text}
    if order is not None and order.observed is not None:
        return order.observed, order.effective
    collected = None if specimen is None else required_time(specimen, 17, context)
    if collected is None or specimen is None:
        return None, {}
    refuse_future(collected, specimen, 17, context)
    return collected, {"effectiveDateTime": collected.text}


def _extensions(obx: Segment, context: Context) -> list[JsonObject]:
    found: list[JsonObject] = []
    sub_id = _sub_id(obx.first(4)) if obx.raw(4) else []
    if sub_id:
        found.append({"url": _SUB_ID, "extension": sub_id})
    analysed = required_time(obx, 19, context)
    if analysed is not None:
        found.append({"url": _ANALYSED, "valueDateTime": analysed.text})
    for each in obx.repetitions(10):
        nature = concept(each, context, table="0080")
        if nature:
            found.append({"url": _NATURE, "valueCodeableConcept": nature})
    return found


def _sub_id(value: Composite) -> list[JsonObject]:
    """Return the parts of an OG (HL7 v2.8.2 section 2A.3.48; ST before): the first as it came.

    One whose group or sequence is no number stays whole: what it means is the sender's secret.
    """
    whole = clean(value.whole())
    group, sequence, identifier = (clean(value.text(part)) for part in (2, 3, 4))
    amounts = [number(text) for text in (group, sequence)]
    told = [text for text in (group, sequence, identifier) if text]
    if not told or any(t and a is None for t, a in zip((group, sequence), amounts, strict=True)):
        return [{"url": "original-sub-identifier", "valueString": whole}] if whole else []
    return [
        {"url": name, key: part}
        for name, key, part in (
            ("original-sub-identifier", "valueString", clean(value.text(1))),
            ("group", "valueDecimal", amounts[0]),
            ("sequence", "valueDecimal", amounts[1]),
            ("identifier", "valueString", identifier),
        )
        if part not in ("", None)
    ]


def _instance(obx: Segment, context: Context) -> list[JsonObject]:
    value = obx.first(21)
    if not value.raw or not clean(value.text(1)):
        return []
    system = authority(value.text(2), value.text(3), value.text(4), context)
    return [{"system": system or context.own("observation"), "value": clean(value.text(1))}]


def _category(code: JsonObject, order: Order | None, context: Context) -> list[JsonObject]:
    loinc = {each["code"] for each in code.get("coding", ()) if each.get("system") == SYSTEMS["LN"]}
    found = "vital-signs" if loinc & tables.VITAL_SIGNS else ""
    if not found and order is not None:
        found = tables.CATEGORY.get(order.obr.text(24).upper(), "")
    return [{"coding": [{"system": CATEGORY, "code": found}]}] if found else []


def _method(obx: Segment, context: Context) -> JsonObject:
    sent = obx.raw(17)
    return context.once(("method", sent), lambda: concept(obx.first(17), context)) if sent else {}


def _analyser(obx: Segment, context: Context) -> JsonObject:
    """Return OBX-18 as Reference to a Device by its number, the same for most results of a panel.

    The number tells which analyser it was and nothing of it, so that no Device is stored (R4
    references.html#logical).
    """
    sent = obx.raw(18)
    return context.once(("analyser", sent), lambda: _read_analyser(obx, context)) if sent else {}


def _read_analyser(obx: Segment, context: Context) -> JsonObject:
    value = obx.first(18)
    number = clean(value.text(1))
    if not number:
        return {}
    system = authority(value.text(2), value.text(3), value.text(4), context)
    identifier = {"system": system or context.own("device"), "value": number}
    return {"type": "Device", "identifier": identifier}


def _performers(obx: Segment, context: Context) -> list[JsonObject]:
    """Return who measured: OBX-16 and OBX-23, else OBX-15; the same for most results of a panel."""
    sent = ("performers", obx.raw(15), obx.raw(16), obx.raw(23))
    return context.once(sent, lambda: _read_performers(obx, context))


def _read_performers(obx: Segment, context: Context) -> list[JsonObject]:
    found = [person(each, context) for each in obx.repetitions(16)]
    found.append(organization(obx.first(23), context))
    if not found[-1]:
        found.append(coded_organization(obx.first(15), context))
    return [each for each in found if each]


def _absent(status: ResultStatus) -> JsonObject:
    if status.absent is None:
        return {}
    return {"coding": [{"system": ABSENT_REASON, "code": status.absent}]}
