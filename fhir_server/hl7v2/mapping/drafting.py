"""From grouped segments to drafts: what each becomes, its id, and what it refers to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import structs

from fhir_server.hl7v2.mapping import documents
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.drafts import Age, Draft, Merge, microseconds
from fhir_server.hl7v2.mapping.encounter import encounter, ended_by, visit_number
from fhir_server.hl7v2.mapping.family import Family, numbers
from fhir_server.hl7v2.mapping.groups import (
    ObservationGroup,
    OrderGroup,
    PatientGroup,
    SpecimenGroup,
    Unconverted,
)
from fhir_server.hl7v2.mapping.identity import Ordinals, resource_id
from fhir_server.hl7v2.mapping.observation import observation
from fhir_server.hl7v2.mapping.order import (
    REPORTED,
    SAMPLED,
    Order,
    diagnostic_report,
    order,
    passed_over,
    service_request,
)
from fhir_server.hl7v2.mapping.specimen import specimen, specimen_number, specimen_of_obr
from fhir_server.hl7v2.mapping.structures import Structure
from fhir_server.hl7v2.tokenizer import Segment
from fhir_server.r4.codec import JsonObject


@dataclass(slots=True)
class Drafting:
    """The drafts of one message, patient after patient; `left_out` gathers what has no place."""

    context: Context
    structure: Structure
    left_out: list[Unconverted]
    drafts: dict[str, Draft] = field(default_factory=dict)
    ordinals: Ordinals = field(default_factory=Ordinals)
    family: Family = field(default_factory=Family)

    def add_patient(self, group: PatientGroup, patient_id: str) -> None:
        """Add what a message says of one patient, who is or will be stored under `patient_id`."""
        links: JsonObject = {"subject": {"reference": f"Patient/{patient_id}"}}
        # Another patient's order of the same number is nobody's parent here.
        self.family = Family()
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
            patient_id = links["subject"]["reference"].partition("/")[2]
            key = (*self.context.sender, patient_id, number["system"], number["value"])
            sources = [each for each in (pv1, group.pv2) if each is not None]
            ended = ended_by(pv1, found)
            return self._add(found, None, key, links, sources, merge="visit", ended=ended)
        reason = "a visit without number (PV1-19): which visit it is cannot be told"
        self.left_out += [
            Unconverted(each, reason) for each in (pv1, group.pv2) if each is not None
        ]
        return {}

    def _add_request(self, group: OrderGroup, patient_id: str, links: JsonObject) -> None:
        """Add what is ordered, and what was measured or asked for the order."""
        found = order(group, self.context, is_result=False)
        key = self._order_key(found, patient_id)
        specimens = {
            each.spm.index: self._specimen(each, None, key, links) for each in group.specimens
        }
        told = [each for each in group.observations if self._has_time(each)]
        answers = OrderGroup(None, observations=told)
        information = self._observations(answers, None, (*key, "information"), links, specimens)
        if found is not None:
            request = service_request(found, group, self.context)
            more: JsonObject = {"supportingInfo": information} if information else {}
            if specimens:
                more["specimen"] = list(specimens.values())
            self._leave(found.obr, *REPORTED, *SAMPLED)
            self._leave_passed_over(found)
            self._add(request, found, key, links | more | self._parent_order(found), _of(group))

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

    def _parent_order(self, found: Order | None) -> JsonObject:
        above = self.family.order(found, self.context)
        return {"basedOn": [above]} if above else {}

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
            above = self._parent_order(found)
            based = self._add(request, found, key, links | above, _of(group))
            self.family.add_order(found, based)
            self._leave_passed_over(found)
            links = links | {"basedOn": [based]}
        results = self._observations(group, found, key, links, specimens)
        if found is not None:
            report = diagnostic_report(found, group, self.context)
            if specimens:
                links = links | {"specimen": list(specimens.values())}
            if results:
                links = links | {"result": results}
            self._add(report, found, key, links, _of(group), merge="report")

    def _leave(self, segment: Segment, *fields: int) -> None:
        """List those of `fields` that hold anything: nothing of this message reads them."""
        valued = tuple(number for number in fields if segment.raw(number))
        if valued:
            self.left_out.append(Unconverted(segment, "fields that are not read", valued))

    def _leave_passed_over(self, found: Order) -> None:
        for segment, number in passed_over(found):
            self._leave(segment, number)

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
            if found is not None:
                # HL7 v2.8 sections 4.5.3.14 and 4.5.3.15: since 2.5 SPM says it.
                self._leave(found.obr, *SAMPLED)
            return {
                each.spm.index: self._specimen(each, found, key, links) for each in group.specimens
            }
        resource = specimen_of_obr(found, self.context) if found is not None else {}
        if found is not None and not resource:
            self._leave(found.obr, *SAMPLED)
        if not resource or found is None:
            return {}
        sources = (found.obr,)
        added = self._add(resource, found, key, _without_visit(links), sources)
        return {found.obr.index: added}

    def _specimen(
        self, group: SpecimenGroup, found: Order | None, key: tuple[str, ...], links: JsonObject
    ) -> JsonObject:
        number = specimen_number(group.spm)
        # A specimen with a number of its own serves several orders of its patient.
        own = (*key[:3], number) if number else (*key, self.ordinals.next("specimen", *key))
        # R4 Specimen has no encounter.
        sources = (group.spm, *group.notes)
        return self._add(specimen(group, self.context), found, own, _without_visit(links), sources)

    def _observations(
        self,
        group: OrderGroup,
        found: Order | None,
        key: tuple[str, ...],
        links: JsonObject,
        specimens: dict[int, JsonObject],
    ) -> list[JsonObject]:
        references = []
        named: dict[str, JsonObject] = {}
        above, order_numbers = self.family.result(found), numbers(found)
        for each in group.observations:
            sampled = _specimen_of(each, group, specimens)
            more = links | ({"specimen": sampled} if sampled else {})
            parent = _parent_of(each, named) or above
            if parent:
                more["derivedFrom"] = [parent]
            reference = self._observation(each, group, found, key, more)
            named.setdefault(each.obx.text(4), reference)
            self.family.add_result(order_numbers, each.obx, reference)
            references.append(reference)
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
        if each.obx.raw(15) and each.obx.raw(23):
            # One laboratory is named: OBX-23 goes before OBX-15.
            self._leave(each.obx, 15)
        own = (*key, draft.code, draft.sub_id)
        if found is None:
            own = (*own, draft.observed.text if draft.observed else "")
        own = (*own, self.ordinals.next("observation", *own))
        merge: Merge = "keep-value" if draft.keeps_value else "replace"
        resource, sources = draft.resource, (each.obx, *each.notes)
        if each.obx.text(2).upper() in documents.TYPES and each.obx.raw(5):
            report = self._report_of(found, key)
            more = documents.links(links, report)
            held = self._documents(each.obx, resource, found, own, more)
            if held:
                links = links | {"derivedFrom": [*held, *links.get("derivedFrom", [])]}
            elif "valueString" not in resource:
                resource = {**resource, "dataAbsentReason": documents.UNREADABLE}
        return self._add(resource, found, own, links, sources, merge=merge, rank=draft.rank)

    def _documents(
        self,
        obx: Segment,
        resource: JsonObject,
        found: Order | None,
        key: tuple[str, ...],
        links: JsonObject,
    ) -> list[JsonObject]:
        """Add the documents that an OBX holds; return the References to them."""
        return [
            self._add(document, found, (*key, str(number)), links, (obx,))
            for number, document in enumerate(documents.documents(obx, resource, self.context))
        ]

    def _report_of(self, found: Order | None, key: tuple[str, ...]) -> JsonObject:
        """Return the Reference to the report of an order, {} where there is none."""
        if found is None or self.structure.content != "results":
            return {}
        return {"reference": f"DiagnosticReport/{resource_id('DiagnosticReport', *key)}"}

    def _add(
        self,
        resource: JsonObject,
        found: Order | None,
        key: tuple[str, ...],
        links: JsonObject,
        sources: Sequence[Segment],
        *,
        merge: Merge = "replace",
        rank: int = 0,
        ended: frozenset[str] = frozenset(),
    ) -> JsonObject:
        """Add a draft; return the Reference to it."""
        kind = resource["resourceType"]
        sent = microseconds(self.context.sent)
        issued = sent if found is None else microseconds(found.issued)
        whole = {"resourceType": kind, "id": resource_id(kind, *key), **resource, **links}
        age = Age(_is_settled(resource), issued, sent, rank)
        draft = Draft(whole, age, merge, tuple(sources), key, ended)
        earlier = self.drafts.get(draft.reference)
        if earlier is not None:
            # One specimen under two orders: what the second SPM adds, the first keeps.
            both = (*earlier.sources, *(s for s in sources if s not in earlier.sources))
            draft = structs.replace(draft, resource={**earlier.resource, **whole}, sources=both)
        self.drafts[draft.reference] = draft
        return {"reference": draft.reference}


_OPEN: Final = frozenset(("registered", "partial", "preliminary"))


def _of(group: OrderGroup) -> tuple[Segment, ...]:
    """Return the segments that an order is made of."""
    own = (group.orc, group.obr, *group.timings, *group.diagnoses, *group.notes)
    return tuple(each for each in own if each is not None)


def _parent_of(each: ObservationGroup, named: Mapping[str, JsonObject]) -> JsonObject | None:
    """Return the result whose part an OBX is by its sub-id: `1.2` is a part of `1`.

    HL7 v2.8 section 7.4.2.4: dotted sub-ids, such as a susceptibility's under its isolate.
    """
    prefix, dot, last = each.obx.text(4).rpartition(".")
    return named.get(prefix) if prefix and dot and last else None


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
    # What was measured for an order, as a body weight, is not of the specimen that is asked for.
    is_of_order = group.obr is not None or bool(group.specimens)
    return next(iter(specimens.values())) if is_of_order and len(specimens) == 1 else None
