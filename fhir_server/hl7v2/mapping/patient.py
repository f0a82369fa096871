"""PID, PD1, NK1 and MRG to Patient, and the identifiers by which the store knows the patient.

Source: v2-to-FHIR implementation guide, PID[Patient], PD1[Patient], NK1[Patient], MRG[Patient].
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from fhir_server.hl7v2.mapping import patient_extensions, tables
from fhir_server.hl7v2.mapping.code_systems import IDENTIFIER_TYPE, sender_uri
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import (
    CONCEPT_PARTS,
    CX_PARTS,
    clean,
    concept,
    cx,
    cx_authority,
    filled,
    period,
)
from fhir_server.hl7v2.mapping.groups import PatientGroup
from fhir_server.hl7v2.mapping.identity import resource_id
from fhir_server.hl7v2.mapping.names import (
    NAMES_PARTS,
    XAD_PARTS,
    XPN_PARTS,
    XTN_PARTS,
    names,
    xad,
    xpn,
    xtn,
)
from fhir_server.hl7v2.mapping.parties import XCN_PARTS, XON_PARTS, organization, person
from fhir_server.hl7v2.mapping.parts import ONE, Fields, one_of, parts, repeated
from fhir_server.hl7v2.mapping.times import is_time, moment
from fhir_server.hl7v2.mapping.vocabulary import LANGUAGE_PARTS, known_concept, language
from fhir_server.hl7v2.problems import Location, refuse
from fhir_server.hl7v2.tokenizer import NULL, Segment
from fhir_server.r4.codec import JsonObject

# Table 0203: numbers of an account or a visit; they name a person only for a while.
_NO_PERSON: Final = frozenset(("AN", "ANC", "AND", "ANT", "VN"))

# The fields of PID that are read; others that hold something are reported.
FIELDS: Final[Fields] = {
    **dict.fromkeys((1, 7, 8, 29), ONE),
    **dict.fromkeys((24, 30), one_of("Y", "N")),
    25: one_of(*map(str, range(1, 100))),
    **dict.fromkeys((2, 3, 4), repeated(CX_PARTS)),
    **dict.fromkeys((5, 9), NAMES_PARTS),
    11: repeated(XAD_PARTS),
    12: ONE,
    20: parts(1, 2, 3, valid={3: is_time}),
    **dict.fromkeys((13, 14, 40), XTN_PARTS),
    15: LANGUAGE_PARTS,
    16: CONCEPT_PARTS,
    **patient_extensions.PID_FIELDS,
}
PD1_FIELDS: Final[Fields] = {
    3: repeated(XON_PARTS),
    4: repeated(XCN_PARTS),
    **patient_extensions.PD1_FIELDS,
}
_BIRTH_TIME: Final = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
NK1_FIELDS: Final[Fields] = {
    **dict.fromkeys((1, 8, 9), ONE),
    15: one_of(*tables.GENDER),
    2: XPN_PARTS,
    **dict.fromkeys((3, 7), CONCEPT_PARTS),
    4: XAD_PARTS,
    **dict.fromkeys((5, 6, 40, 41), XTN_PARTS),
    13: XON_PARTS,
}
MRG_FIELDS: Final[Fields] = {
    **dict.fromkeys((1, 4), repeated(CX_PARTS)),
    7: NAMES_PARTS,
}

# Of which element a field that is null (two quotes) says that there is nothing any more. A message
# that states a telephone number or a name states all of them.
_STATES: Final = {
    5: "name",
    7: "birthDate",
    8: "gender",
    11: "address",
    13: "telecom",
    14: "telecom",
    15: "communication",
    16: "maritalStatus",
    24: "multipleBirth",
    25: "multipleBirth",
    29: "deceased",
    30: "deceased",
    40: "telecom",
    **patient_extensions.PID_STATES,
}


@dataclass(frozen=True, slots=True)
class PatientDraft:
    """A PID as Patient without an id.

    `identifiers` are the (system, value) of PID-3 that tell one person from another; the first
    gives a new Patient its id. `location` is where a refusal about the identity points. `ended`
    are the elements of which the message says that they hold no more (HL7 v2.5.1 section 2.5.3.3,
    names as in `hl7v2.stated`); `sources` the segments that it is made of, `nameless` the NK1
    that make no contact.
    """

    resource: JsonObject
    identifiers: tuple[tuple[str, str], ...]
    location: Location
    ended: frozenset[str] = frozenset()
    sources: tuple[Segment, ...] = ()
    nameless: tuple[Segment, ...] = ()

    @property
    def new_id(self) -> str:
        """The id of the Patient where the store knows none of the identifiers."""
        return resource_id("Patient", *self.identifiers[0])


def patient(group: PatientGroup, context: Context) -> PatientDraft:
    """Return the Patient of a PID; Refusal (101 at PID-3) without an identifier of a person."""
    pid = group.pid
    listed = list(_listed(pid, 3, context))
    people = _people(listed)
    if not people:
        raise refuse(
            "101",
            "PID-3 has no identifier of a person: results cannot be filed without one",
            pid.at(3),
        )
    contacts = [(each, _contact(each, context)) for each in group.contacts]
    resource: JsonObject = {
        "resourceType": "Patient",
        **filled(
            identifier=[*listed, *_legacy(pid, context), *_licence(pid, context)],
            extension=patient_extensions.extensions(pid, group.pd1, context),
            name=names((*pid.repetitions(5), *pid.repetitions(9)), context),
            telecom=list(_telecom(pid, context)),
            gender=_gender(pid, context),
            **_birth_date(pid, context),
            **_death(pid, context),
            address=_addresses(pid, context),
            maritalStatus=known_concept(pid.first(16), context, "0002"),
            **_multiple_birth(pid),
            contact=[found for _, found in contacts if found],
            communication=_languages(pid),
            generalPractitioner=_practitioners(group.pd1, context),
        ),
    }
    # A null name ends the contacts (`_ended`): that is read.
    nameless = tuple(nk1 for nk1, found in contacts if not found and not _is_null(nk1, 2))
    own = (pid, *([group.pd1] if group.pd1 else []), *group.contacts)
    sources = tuple(each for each in own if each not in nameless)
    return PatientDraft(resource, people, pid.at(3), _ended(group), sources, nameless)


def merged_patient(mrg: Segment, context: Context) -> PatientDraft:
    """Return the Patient that MRG names: the one whose record is no longer used.

    Refusal (101 at MRG-1) without an identifier of a person.
    """
    listed = list(_listed(mrg, 1, context))
    people = _people(listed)
    if not people:
        text = "MRG-1 has no identifier of a person: whom to merge cannot be told"
        raise refuse("101", text, mrg.at(1))
    listed += _assigned(mrg, 4, context)
    known_as = names(mrg.repetitions(7), context)
    resource = {"resourceType": "Patient", **filled(identifier=listed, name=known_as)}
    return PatientDraft(resource, people, mrg.at(1), sources=(mrg,))


def without(draft: PatientDraft, prior: PatientDraft) -> PatientDraft:
    """Return the survivor of a merge without the numbers of the merged record, listed with it.

    They stay with that record; by them the survivor would be taken for both. Where nothing else
    is left the two are one already.
    """
    left = tuple(each for each in draft.identifiers if each not in prior.identifiers)
    if not left:
        return draft
    kept = [
        each
        for each in draft.resource["identifier"]
        if (each.get("system"), each.get("value")) not in prior.identifiers
    ]
    return replace(draft, resource={**draft.resource, "identifier": kept}, identifiers=left)


def _ended(group: PatientGroup) -> frozenset[str]:
    """Return the elements of which a null says that they hold no more."""
    found = {element for number, element in _STATES.items() if _is_null(group.pid, number)}
    if group.pd1 is not None:
        states = {4: "generalPractitioner", **patient_extensions.PD1_STATES}
        found |= {element for number, element in states.items() if _is_null(group.pd1, number)}
    if any(_is_null(nk1, 2) for nk1 in group.contacts):
        found.add("contact")
    return frozenset(found)


def _is_null(segment: Segment, number: int) -> bool:
    return number < len(segment.fields) and segment.fields[number] == NULL


def _people(listed: list[JsonObject]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (identifier["system"], identifier["value"])
        for identifier in listed
        if _kind(identifier) not in _NO_PERSON
    )


def _contact(nk1: Segment, context: Context) -> JsonObject:
    """Return an NK1 as a contact; an employer or an insurer has a name in NK1-13 alone."""
    known_as = [n for each in nk1.repetitions(2) if (n := xpn(each, context))]
    addresses = [a for each in nk1.repetitions(4) if (a := xad(each, context))]
    telecom = [
        point
        for number, use in ((5, "home"), (6, "work"), (40, ""), (41, ""))
        for each in nk1.repetitions(number)
        if (point := xtn(each, context, use=use))
    ]
    relationship = [
        c
        for number, table in ((3, "0063"), (7, "0131"))
        if (c := concept(nk1.first(number), context, table=table))
    ]
    found = filled(
        name=known_as[0] if known_as else {},
        telecom=telecom,
        address=addresses[0] if addresses else {},
        gender=tables.GENDER.get(nk1.text(15).upper(), ""),
        organization=organization(nk1.first(13), context),
    )
    # R4 pat-1: a contact has a name, a telecom, an address or an organization.
    if not set(found) - {"gender"}:
        return {}
    period = filled(start=_day(nk1, 8, context), end=_day(nk1, 9, context))
    return filled(relationship=relationship, **found, period=period)


def _day(nk1: Segment, number: int, context: Context) -> str:
    sent = nk1.text(number)
    try:
        return moment(sent, zone=context.zone).text if sent else ""
    except ValueError as error:
        context.remark("102", f"NK1-{number} is no date: {error}", nk1.at(number))
        return ""


def _languages(pid: Segment) -> list[JsonObject]:
    spoken = language(pid.first(15))
    return [{"language": spoken, "preferred": True}] if spoken else []


def _practitioners(pd1: Segment | None, context: Context) -> list[JsonObject]:
    """Return the facility (PD1-3) and the physicians (PD1-4) who care for the patient."""
    if pd1 is None:
        return []
    places = [o for each in pd1.repetitions(3) if (o := organization(each, context))]
    return places + [p for each in pd1.repetitions(4) if (p := person(each, context))]


def _kind(identifier: JsonObject) -> str:
    codings = identifier.get("type", {}).get("coding", [{}])
    return str(codings[0].get("code", ""))


def _listed(segment: Segment, field: int, context: Context) -> Iterator[JsonObject]:
    """Yield the identifiers of a field; without assigner they are the sender's own."""
    for each in segment.repetitions(field):
        system = cx_authority(each, context) or context.own()
        identifier = cx(each, context, system=system)
        if identifier:
            yield identifier


def _legacy(pid: Segment, context: Context) -> Iterator[JsonObject]:
    """Yield PID-2 and PID-4 (versions before 2.5) that name their assigner."""
    for number in (2, 4):
        yield from _assigned(pid, number, context)


def _licence(pid: Segment, context: Context) -> Iterator[JsonObject]:
    """Yield the driving licence (PID-20, DLN); its number is unique for who issued it."""
    value = pid.first(20)
    text, issuer = clean(value.text(1)), clean(value.text(2))
    if text:
        yield {
            "type": {"coding": [{"system": IDENTIFIER_TYPE, "code": "DL"}]},
            "system": sender_uri(issuer, "DL") if issuer else context.own("DL"),
            "value": text,
            **filled(period=period("", value.text(3), context)),
        }


def _assigned(segment: Segment, number: int, context: Context) -> Iterator[JsonObject]:
    """Yield the identifiers of a field that name their assigner.

    Without one they may be numbers of another series and must not be mixed with it.
    """
    for each in segment.repetitions(number):
        system = cx_authority(each, context)
        identifier = cx(each, context, system=system) if system else {}
        if identifier:
            yield identifier
        elif each:
            text = f"{segment.name}-{number} names no assigner and is not taken over"
            context.remark("101", text, segment.at(number))


def _addresses(pid: Segment, context: Context) -> list[JsonObject]:
    """Return PID-11, and the county of PID-12 (before 2.6) in the one that it can belong to."""
    found = [a for each in pid.repetitions(11) if (a := xad(each, context))]
    county = clean(pid.text(12))
    if not county or any(each.get("district") == county for each in found):
        return found
    if len(found) == 1 and "district" not in found[0]:
        return [found[0] | {"district": county}]
    return [*found, {"district": county}]


def _telecom(pid: Segment, context: Context) -> Iterator[JsonObject]:
    for number, use in ((13, "home"), (14, "work"), (40, "")):
        for each in pid.repetitions(number):
            point = xtn(each, context, use=use)
            if point:
                yield point


def _gender(pid: Segment, context: Context) -> str:
    sent = pid.text(8).upper()
    found = tables.GENDER.get(sent, "")
    if sent and not found:
        context.remark("103", "PID-8 is no code of table 0001; the sex stays unstated", pid.at(8))
    return found


def _birth_date(pid: Segment, context: Context) -> JsonObject:
    """Return the date of birth, and the time of day in HL7's extension where there is one."""
    sent = pid.text(7)
    if not sent:
        return {}
    try:
        # A birth date is a day of the calendar where the person was born: no zone shifts it.
        born = moment(sent, zone=context.zone)
    except ValueError as error:
        context.remark("102", f"PID-7 is no date ({error}); it is not taken over", pid.at(7))
        return {}
    if context.is_future(born.low):
        context.remark("102", "PID-7 lies in the future; it is not taken over", pid.at(7))
        return {}
    date: JsonObject = {"birthDate": born.text[:10]}
    if born.is_instant:
        date["_birthDate"] = {"extension": [{"url": _BIRTH_TIME, "valueDateTime": born.text}]}
    return date


def _death(pid: Segment, context: Context) -> JsonObject:
    sent = pid.text(29)
    if sent:
        try:
            return {"deceasedDateTime": moment(sent, zone=context.zone).text}
        except ValueError as error:
            context.remark("102", f"PID-29 is no time: {error}", pid.at(29))
    stated = {"Y": True, "N": False}.get(pid.text(30).upper())
    return {} if stated is None else {"deceasedBoolean": stated}


def _multiple_birth(pid: Segment) -> JsonObject:
    order = pid.text(25)
    if order.isdecimal() and len(order) < 3 and int(order) > 0:
        return {"multipleBirthInteger": int(order)}
    stated = {"Y": True, "N": False}.get(pid.text(24).upper())
    return {} if stated is None else {"multipleBirthBoolean": stated}
