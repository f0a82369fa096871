"""PID to Patient, and the identifiers by which the store knows the patient.

Source: v2-to-FHIR implementation guide, PID[Patient].
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fhir_server.hl7v2.mapping import tables
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.datatypes import concept, cx, cx_authority, filled
from fhir_server.hl7v2.mapping.identity import resource_id
from fhir_server.hl7v2.mapping.names import xad, xpn, xtn
from fhir_server.hl7v2.mapping.times import moment
from fhir_server.hl7v2.problems import Location, refuse
from fhir_server.hl7v2.tokenizer import Segment
from fhir_server.r4.codec import JsonObject

# Table 0203: numbers of an account or a visit; they name a person only for a while.
_NO_PERSON: Final = frozenset(("AN", "ANC", "AND", "ANT", "VN"))

# The fields of PID that are read; others that hold something are reported.
FIELDS: Final = frozenset((1, 2, 3, 4, 5, 7, 8, 9, 11, 13, 14, 16, 24, 25, 29, 30, 40))


@dataclass(frozen=True, slots=True)
class PatientDraft:
    """A PID as Patient without an id.

    `identifiers` are the (system, value) of PID-3 that tell one person from another; the first
    gives a new Patient its id. `location` is where a refusal about the identity points.
    """

    resource: JsonObject
    identifiers: tuple[tuple[str, str], ...]
    location: Location

    @property
    def new_id(self) -> str:
        """The id of the Patient where the store knows none of the identifiers."""
        return resource_id("Patient", *self.identifiers[0])


def patient(pid: Segment, context: Context) -> PatientDraft:
    """Return the Patient of a PID; Refusal (101 at PID-3) without an identifier of a person."""
    listed = list(_listed(pid, context))
    people = tuple(
        (identifier["system"], identifier["value"])
        for identifier in listed
        if _kind(identifier) not in _NO_PERSON
    )
    if not people:
        raise refuse(
            "101",
            "PID-3 has no identifier of a person: results cannot be filed without one",
            pid.at(3),
        )
    resource: JsonObject = {
        "resourceType": "Patient",
        **filled(
            identifier=listed + list(_legacy(pid, context)),
            name=[n for number in (5, 9) for each in pid.repetitions(number) if (n := xpn(each))],
            telecom=list(_telecom(pid)),
            gender=_gender(pid, context),
            birthDate=_birth_date(pid, context),
            **_death(pid, context),
            address=[a for each in pid.repetitions(11) if (a := xad(each))],
            maritalStatus=concept(pid.first(16), context, table="0002"),
            **_multiple_birth(pid),
        ),
    }
    return PatientDraft(resource, people, pid.at(3))


def _kind(identifier: JsonObject) -> str:
    codings = identifier.get("type", {}).get("coding", [{}])
    return str(codings[0].get("code", ""))


def _listed(pid: Segment, context: Context) -> Iterator[JsonObject]:
    """Yield the identifiers of PID-3; without assigner they are the sender's own."""
    for each in pid.repetitions(3):
        system = cx_authority(each, context) or context.own()
        identifier = cx(each, context, system=system)
        if identifier:
            yield identifier


def _legacy(pid: Segment, context: Context) -> Iterator[JsonObject]:
    """Yield PID-2 and PID-4 (versions before 2.5) that name their assigner.

    Without one they may be numbers of another series than PID-3 and must not be mixed with it.
    """
    for number in (2, 4):
        for each in pid.repetitions(number):
            system = cx_authority(each, context)
            identifier = cx(each, context, system=system) if system else {}
            if identifier:
                yield identifier
            elif each:
                context.remark(
                    "101", f"PID-{number} names no assigner and is not taken over", pid.at(number)
                )


def _telecom(pid: Segment) -> Iterator[JsonObject]:
    for number, use in ((13, "home"), (14, "work"), (40, "")):
        for each in pid.repetitions(number):
            point = xtn(each, use=use)
            if point:
                yield point


def _gender(pid: Segment, context: Context) -> str:
    sent = pid.text(8).upper()
    found = tables.GENDER.get(sent, "")
    if sent and not found:
        context.remark("103", "PID-8 is no code of table 0001; the sex stays unstated", pid.at(8))
    return found


def _birth_date(pid: Segment, context: Context) -> str:
    sent = pid.text(7)
    if not sent:
        return ""
    try:
        # A birth date is a day of the calendar where the person was born: no zone shifts it.
        born = moment(sent, zone=context.zone)
    except ValueError as error:
        context.remark("102", f"PID-7 is no date ({error}); it is not taken over", pid.at(7))
        return ""
    if context.is_future(born.low):
        context.remark("102", "PID-7 lies in the future; it is not taken over", pid.at(7))
        return ""
    return born.text[:10]


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
