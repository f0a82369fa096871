"""A message as FHIR resources: pure, from segments to drafts that the store then takes.

A conversion knows the ids of its patients; whether a draft is newer than what is stored is the
store's question (`fhir_server.hl7v2.recording`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from fhir_server.hl7v2.mapping.accounting import Account, account
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.encounter import encounter, visit_number
from fhir_server.hl7v2.mapping.groups import (
    ObservationGroup,
    OrderGroup,
    PatientGroup,
    SpecimenGroup,
    Unconverted,
    group,
)
from fhir_server.hl7v2.mapping.identity import Ordinals, resource_id
from fhir_server.hl7v2.mapping.observation import observation
from fhir_server.hl7v2.mapping.order import Order, diagnostic_report, order, service_request
from fhir_server.hl7v2.mapping.patient import PatientDraft, merged_patient, patient
from fhir_server.hl7v2.mapping.specimen import specimen, specimen_number, specimen_of_obr
from fhir_server.hl7v2.mapping.structures import STRUCTURES, Structure
from fhir_server.hl7v2.mapping.times import Moment, utc
from fhir_server.hl7v2.mapping.values import is_converted
from fhir_server.hl7v2.problems import Location, Problem, refuse
from fhir_server.hl7v2.tokenizer import Message
from fhir_server.r4.codec import JsonObject

Merge = Literal["replace", "keep-value", "report", "visit"]
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True, order=True)
class Age:
    """How new a draft is; a greater one is newer, whatever arrived first.

    A settled state (final, corrected, withdrawn, cancelled, unknown) is newer than an open one
    (registered, partial, preliminary): a result is not un-released by a late preliminary one. Then
    count the time of release, the time of sending (microseconds since the epoch), and of two with
    the same times the later step of life: corrected after final, withdrawn after corrected.
    """

    settled: bool
    issued: int
    sent: int
    rank: int


@dataclass(frozen=True, slots=True)
class Draft:
    """A resource with id and subject, ready to be stored.

    `merge` says how it meets a stored one: `replace` it, `keep-value` of it and take the rest,
    for a report, keep the results that the stored one lists, or, for a visit, keep what the
    newer one does not state.
    """

    resource: JsonObject
    age: Age
    merge: Merge = "replace"

    @property
    def reference(self) -> str:
        """`Type/id`."""
        return f"{self.resource['resourceType']}/{self.resource['id']}"


@dataclass(frozen=True, slots=True)
class Read:
    """A message grouped by patient: what can be known before the store is asked."""

    message: Message
    context: Context
    structure: Structure
    groups: Sequence[PatientGroup]
    patients: Sequence[PatientDraft]
    left_out: Sequence[Unconverted]
    merged: Sequence[PatientDraft] = ()

    @property
    def age(self) -> Age:
        """The age of what MSH alone dates: the patients."""
        sent = microseconds(self.context.sent)
        return Age(True, sent, sent, 0)


@dataclass(frozen=True, slots=True)
class Conversion:
    """The drafts of a message, the account of its segments, and the warnings."""

    drafts: tuple[Draft, ...]
    account: Account
    remarks: tuple[Problem, ...]


def read(message: Message, context: Context) -> Read:
    """Group the message and read its patients; Refusal names the place of what is missing."""
    structure = STRUCTURES[message.header.type]
    groups, left_out = group(message, structure)
    patients = [patient(each, context) for each in groups]
    if structure.content != "merge":
        left_out += [
            Unconverted(each.mrg, "a merge belongs into ADT^A40") for each in groups if each.mrg
        ]
        return Read(message, context, structure, groups, patients, left_out)
    merged = [_merged(each, context) for each in groups]
    return Read(message, context, structure, groups, patients, left_out, merged)


def _merged(group: PatientGroup, context: Context) -> PatientDraft:
    if group.mrg is None:
        place = Location("MRG")
        raise refuse("100", "a PID has no MRG behind it: whom to merge cannot be told", place)
    return merged_patient(group.mrg, context)


def convert(found: Read, patient_ids: Sequence[str]) -> Conversion:
    """Return the drafts of all results; `patient_ids[n]` is the id of `found.patients[n]`."""
    # A list of its own: a second conversion, with other patient ids, must not repeat remarks.
    context = replace(found.context, remarks=list(found.context.remarks))
    work = _Work(context, found.structure, list(found.left_out))
    for each, patient_id in zip(found.groups, patient_ids, strict=True):
        work.add_patient(each, patient_id)
    return Conversion(
        tuple(work.drafts.values()),
        account(found.message, work.left_out),
        tuple(context.remarks),
    )


def microseconds(moment: Moment) -> int:
    """Return the first instant that a time names, in microseconds since the epoch."""
    return (utc(moment.low) - _EPOCH) // timedelta(microseconds=1)


@dataclass(slots=True)
class _Work:
    context: Context
    structure: Structure
    left_out: list[Unconverted]
    drafts: dict[str, Draft] = field(default_factory=dict)
    ordinals: Ordinals = field(default_factory=Ordinals)

    def add_patient(self, group: PatientGroup, patient_id: str) -> None:
        links: JsonObject = {"subject": {"reference": f"Patient/{patient_id}"}}
        visit = self._visit(group, links)
        if visit:
            links = links | {"encounter": visit}
        for one in group.orders:
            if self.structure.content == "orders":
                self._add_request(one, patient_id, links)
            elif self.structure.content == "results":
                self._add_results(one, patient_id, links)
            else:
                self._add_measured(one, patient_id, links)

    def _visit(self, group: PatientGroup, links: JsonObject) -> JsonObject:
        """Add the Encounter of a PV1; return the Reference to it, {} where there is none."""
        pv1 = group.pv1
        number = visit_number(pv1, self.context) if pv1 is not None else {}
        if pv1 is not None and number:
            found = encounter(group, number, self.structure, self.context)
            key = (*self.context.sender, links["subject"]["reference"], number["value"])
            return self._add(found, None, key, links, merge="visit")
        reason = "a visit without number (PV1-19): which visit it is cannot be told"
        self.left_out += [
            Unconverted(each, reason) for each in (pv1, group.pv2) if each is not None
        ]
        return {}

    def _add_request(self, group: OrderGroup, patient_id: str, links: JsonObject) -> None:
        """Add what is ordered, and what was measured or asked for the order."""
        found = order(group, self.context, is_result=False)
        key = self._order_key(found, patient_id)
        for each in group.specimens:
            self._specimen(each, None, key, _without_visit(links))
        told = [each for each in group.observations if self._has_time(each)]
        answers = OrderGroup(None, observations=told)
        information = self._observations(answers, None, (*key, "information"), links, {})
        if found is not None:
            request = service_request(found, group, self.context)
            more = {"supportingInfo": information} if information else {}
            self._add(request, found, key, links | more)

    def _add_measured(self, group: OrderGroup, patient_id: str, links: JsonObject) -> None:
        """Add what an ADT message says was measured; orders have no place in it."""
        if group.obr is not None:
            out = [group.obr, group.orc, *group.notes, *group.timings, *group.diagnoses]
            self.left_out += [
                Unconverted(each, "no order belongs into this message") for each in out if each
            ]
        told = [each for each in group.observations if self._has_time(each)]
        key = self._order_key(None, patient_id)
        self._observations(OrderGroup(None, observations=told), None, key, links, {})

    def _has_time(self, each: ObservationGroup) -> bool:
        """Whether a measured value says when; one that does not is listed, with its notes."""
        if each.obx.text(14):
            return True
        reason = "a value beside an order or a patient, without a time (OBX-14)"
        self.left_out += [Unconverted(one, reason) for one in (each.obx, *each.notes)]
        return False

    def _add_results(self, group: OrderGroup, patient_id: str, links: JsonObject) -> None:
        found = order(group, self.context)
        key = self._order_key(found, patient_id)
        specimens = self._specimens(group, found, key, links)
        if found is not None:
            request = service_request(found, group, self.context)
            links = links | {"basedOn": [self._add(request, found, key, links)]}
        results = self._observations(group, found, key, links, specimens)
        if found is not None:
            report = diagnostic_report(found, group, self.context)
            if specimens:
                links = links | {"specimen": list(specimens.values())}
            if results:
                links = links | {"result": results}
            self._add(report, found, key, links, merge="report")

    def _order_key(self, found: Order | None, patient_id: str) -> tuple[str, ...]:
        """Return what identifies an order: sender, patient, number and service.

        The patient is part of it: laboratories use their numbers again, and a number that comes
        back for somebody else must never touch the first patient's results.
        """
        own = (*self.context.sender, patient_id)
        if found is None:
            return (*own, "", "")
        number = found.number
        if not number:
            place = found.obr.at(3)
            text = "no order number in OBR-3, OBR-2 or ORC: a resend is known by its times only"
            self.context.remark("101", text, place)
            number = f"@{found.observed.text if found.observed else ''}"
        key = (*own, number, found.service)
        return (*key, self.ordinals.next("order", *key))

    def _specimens(
        self, group: OrderGroup, found: Order | None, key: tuple[str, ...], links: JsonObject
    ) -> dict[int, JsonObject]:
        """Add the specimens of an order; return the references by index of their segment."""
        if group.specimens:
            return {
                each.spm.index: self._specimen(each, found, key, links) for each in group.specimens
            }
        resource = specimen_of_obr(found, self.context) if found is not None else {}
        if not resource or found is None:
            return {}
        return {found.obr.index: self._add(resource, found, key, _without_visit(links))}

    def _specimen(
        self, group: SpecimenGroup, found: Order | None, key: tuple[str, ...], links: JsonObject
    ) -> JsonObject:
        number = specimen_number(group.spm)
        # A specimen with a number of its own serves several orders of its patient.
        own = (*key[:3], number) if number else (*key, self.ordinals.next("specimen", *key))
        # R4 Specimen has no encounter.
        return self._add(specimen(group, self.context), found, own, _without_visit(links))

    def _observations(
        self,
        group: OrderGroup,
        found: Order | None,
        key: tuple[str, ...],
        links: JsonObject,
        specimens: dict[int, JsonObject],
    ) -> list[JsonObject]:
        references = []
        for each in group.observations:
            if not is_converted(each.obx):
                self._leave_out(each)
                continue
            sampled = _specimen_of(each, group, specimens)
            more = {"specimen": sampled} if sampled else {}
            references.append(self._observation(each, group, found, key, links | more))
        return references

    def _observation(
        self,
        each: ObservationGroup,
        group: OrderGroup,
        found: Order | None,
        key: tuple[str, ...],
        links: JsonObject,
    ) -> JsonObject:
        only = group.specimens[0].spm if len(group.specimens) == 1 else each.specimen
        draft = observation(each, found, only, self.context)
        own = (*key, draft.code, draft.sub_id)
        if found is None:
            own = (*own, draft.observed.text if draft.observed else "")
        own = (*own, self.ordinals.next("observation", *own))
        merge: Merge = "keep-value" if draft.keeps_value else "replace"
        return self._add(draft.resource, found, own, links, merge=merge, rank=draft.rank)

    def _leave_out(self, each: ObservationGroup) -> None:
        kind = each.obx.text(2) or "(empty)"
        reason = f"OBX-2 {kind[:10]} is not converted by this version"
        self.context.remark("102", f"{reason}; the result is kept in the message", each.obx.at(2))
        self.left_out.append(Unconverted(each.obx, reason))
        self.left_out += [Unconverted(nte, "a note to a result left out") for nte in each.notes]

    def _add(
        self,
        resource: JsonObject,
        found: Order | None,
        key: tuple[str, ...],
        links: JsonObject,
        *,
        merge: Merge = "replace",
        rank: int = 0,
    ) -> JsonObject:
        """Add a draft; return the Reference to it."""
        kind = resource["resourceType"]
        sent = microseconds(self.context.sent)
        issued = sent if found is None else microseconds(found.issued)
        whole = {"resourceType": kind, "id": resource_id(kind, *key), **resource, **links}
        draft = Draft(whole, Age(_is_settled(resource), issued, sent, rank), merge)
        earlier = self.drafts.get(draft.reference)
        if earlier is not None:
            # One specimen under two orders: what the second SPM adds, the first keeps.
            draft = replace(draft, resource={**earlier.resource, **whole})
        self.drafts[draft.reference] = draft
        return {"reference": draft.reference}


_OPEN: Final = frozenset(("registered", "partial", "preliminary"))


def _without_visit(links: JsonObject) -> JsonObject:
    return {name: value for name, value in links.items() if name != "encounter"}


def _is_settled(resource: JsonObject) -> bool:
    return resource.get("status") not in _OPEN


def _specimen_of(
    each: ObservationGroup, group: OrderGroup, specimens: dict[int, JsonObject]
) -> JsonObject | None:
    """Return the specimen of a result: the one it stands behind, else the only one."""
    if each.specimen is not None:
        return specimens[each.specimen.index]
    return next(iter(specimens.values())) if len(specimens) == 1 else None
