"""The segments of a message as they belong together: patients, visits, orders, observations.

The order of segments says what belongs to what (HL7 v2.8 section 7.3.1); a segment that is
unknown, local or out of place never ends a group and is listed as not converted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from fhir_server.hl7v2.mapping.structures import Structure
from fhir_server.hl7v2.problems import Location, refuse
from fhir_server.hl7v2.tokenizer import Message, Segment


@dataclass(slots=True)
class ObservationGroup:
    """An OBX with the NTE behind it; `specimen` where it stands behind an SPM."""

    obx: Segment
    notes: list[Segment] = field(default_factory=list)
    specimen: Segment | None = None


@dataclass(slots=True)
class SpecimenGroup:
    """An SPM with the NTE behind it."""

    spm: Segment
    notes: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class OrderGroup:
    """An OBR with the ORC before it (behind it in OUL^R22) and what follows up to the next order.

    `obr` is None for observations that stand directly behind the patient (PATIENT_OBSERVATION)
    or behind a specimen.
    """

    obr: Segment | None
    orc: Segment | None = None
    notes: list[Segment] = field(default_factory=list)
    observations: list[ObservationGroup] = field(default_factory=list)
    specimens: list[SpecimenGroup] = field(default_factory=list)
    timings: list[Segment] = field(default_factory=list)
    diagnoses: list[Segment] = field(default_factory=list)


@dataclass(slots=True)
class PatientGroup:
    """A PID with what describes the person and the visit, and the orders."""

    pid: Segment
    orders: list[OrderGroup] = field(default_factory=list)
    pd1: Segment | None = None
    contacts: list[Segment] = field(default_factory=list)
    pv1: Segment | None = None
    pv2: Segment | None = None
    mrg: Segment | None = None


@dataclass(frozen=True, slots=True)
class Unconverted:
    """A segment (fields None), or parts of one, that no resource holds, and why.

    `components` are the places (`11.12`, `mapping.parts`) in fields of which something is read.
    """

    segment: Segment
    reason: str
    fields: tuple[int, ...] | None = None
    components: tuple[str, ...] = ()


@dataclass(slots=True)
class _Grouping:
    structure: Structure
    patients: list[PatientGroup] = field(default_factory=list)
    unconverted: list[Unconverted] = field(default_factory=list)
    order: OrderGroup | None = None
    specimen: SpecimenGroup | None = None
    pending: Segment | None = None
    timings: list[Segment] = field(default_factory=list)
    # Notes behind an ORC whose OBR is still to come (ORM^O01, OML^O21).
    early: list[Segment] = field(default_factory=list)
    notable: list[Segment] | None = None
    prior: bool = False

    def take(self, segment: Segment) -> None:
        handler = _HANDLERS.get(segment.name)
        if handler is None:
            self.leave_out(segment, _reason(segment))
        elif self.prior and segment.name != "MSH":
            self.leave_out(segment, "a prior result, which its own report brings")
        else:
            handler(self, segment)

    def leave_out(self, segment: Segment, reason: str) -> None:
        self.unconverted.append(Unconverted(segment, reason))

    def evn(self, _segment: Segment) -> None:
        """EVN says again what MSH says; its fields are in the account."""

    def pid(self, segment: Segment) -> None:
        if self.structure.content == "orders" and self.patients:
            # OML^O21, PRIOR_RESULT: taken for an order, it would be ordered a second time.
            self._drop_pending()
            self.prior = True
            self.leave_out(segment, "a prior result, which its own report brings")
            return
        self._drop_pending()
        self.patients.append(PatientGroup(segment))
        self.order = None
        self.notable = None

    def pd1(self, segment: Segment) -> None:
        self._describe(segment, "pd1")

    def pv1(self, segment: Segment) -> None:
        self._describe(segment, "pv1")

    def pv2(self, segment: Segment) -> None:
        self._describe(segment, "pv2")

    def nk1(self, segment: Segment) -> None:
        if self.patients:
            self.patients[-1].contacts.append(segment)
        else:
            self.leave_out(segment, "it stands before any PID")

    def mrg(self, segment: Segment) -> None:
        self._describe(segment, "mrg")

    def orc(self, segment: Segment) -> None:
        order = self.order
        if self.structure.specimen_first and order is not None and order.orc is None:
            order.orc = segment
            return
        self._drop_pending()
        self.pending = segment
        self.notable = self.early

    def tq1(self, segment: Segment) -> None:
        # Behind ORC and before OBR (OML^O21), or behind OBR (ORU^R01).
        if self.pending is not None:
            self.timings.append(segment)
        elif self.order is not None and self.order.obr is not None:
            self.order.timings.append(segment)
        else:
            self.leave_out(segment, "a timing that belongs to no order")

    def dg1(self, segment: Segment) -> None:
        if self.order is not None and self.order.obr is not None and not self.order.observations:
            self.order.diagnoses.append(segment)
        else:
            self.leave_out(segment, "a diagnosis that belongs to no order")

    def obr(self, segment: Segment) -> None:
        patient = self._patient(segment)
        self.order = OrderGroup(segment, self.pending, notes=self.early, timings=self.timings)
        if self.structure.specimen_first and self.specimen is not None:
            self.order.specimens.append(self.specimen)
        self.pending, self.timings, self.early = None, [], []
        patient.orders.append(self.order)
        self.notable = self.order.notes

    def obx(self, segment: Segment) -> None:
        patient = self._patient(segment)
        if self.order is None:
            self.order = OrderGroup(None)
            if self.specimen is not None:
                self.order.specimens.append(self.specimen)
            patient.orders.append(self.order)
        specimens = self.order.specimens
        observation = ObservationGroup(segment, specimen=specimens[-1].spm if specimens else None)
        self.order.observations.append(observation)
        self.notable = observation.notes

    def spm(self, segment: Segment) -> None:
        specimen = SpecimenGroup(segment)
        self.notable = specimen.notes
        if self.structure.specimen_first:
            self._patient(segment)
            self._drop_pending()
            self.specimen, self.order = specimen, None
        elif self.order is None:
            self.leave_out(segment, "a specimen before any order")
            self.notable = None
        else:
            self.order.specimens.append(specimen)

    def nte(self, segment: Segment) -> None:
        if self.notable is None:
            self.leave_out(segment, "a note that belongs to no result, order or specimen")
        else:
            self.notable.append(segment)

    def finish(self) -> None:
        self._drop_pending()

    def _describe(self, segment: Segment, name: str) -> None:
        """Keep a segment that a patient has once."""
        patient = self.patients[-1] if self.patients else None
        if patient is None:
            self.leave_out(segment, "it stands before any PID")
        elif getattr(patient, name) is not None:
            self.leave_out(segment, f"a second {segment.name} of one patient")
        else:
            setattr(patient, name, segment)

    def _drop_pending(self) -> None:
        if self.pending is not None:
            self.leave_out(self.pending, "an order (ORC) without OBR")
            for timing in self.timings:
                self.leave_out(timing, "a timing that belongs to no order")
            for note in self.early:
                self.leave_out(note, "a note that belongs to no order")
            self.pending, self.timings, self.early = None, [], []

    def _patient(self, segment: Segment) -> PatientGroup:
        if not self.patients:
            raise refuse(
                "100",
                f"{segment.name} stands before any PID: whose result it is cannot be told",
                Location("PID"),
            )
        return self.patients[-1]


_HANDLERS: Final[dict[str, Callable[[_Grouping, Segment], None]]] = {
    name: getattr(_Grouping, name.lower())
    for name in (
        "EVN", "PID", "PD1", "NK1", "PV1", "PV2", "MRG", "ORC", "TQ1", "OBR", "DG1", "OBX", "SPM",
        "NTE",
    )
}  # fmt: skip


def _reason(segment: Segment) -> str:
    if not segment.name:
        return "a line without a segment name"
    if segment.name.startswith("Z"):
        return "a local (Z) segment"
    return f"{segment.name} is not converted by this version"


def group(message: Message, structure: Structure) -> tuple[list[PatientGroup], list[Unconverted]]:
    """Return the patients of a message and the segments that belong to nothing of theirs.

    Refusal (100) without PID, or without what the message is about.
    """
    grouping = _Grouping(structure)
    for segment in message.segments[1:]:
        grouping.take(segment)
    grouping.finish()
    if not grouping.patients:
        raise refuse("100", "there is no PID: whose result it is cannot be told", Location("PID"))
    if not any(message.named(name) for name in structure.needs):
        names = " and no ".join(structure.needs)
        what = "no result" if structure.content == "results" else "nothing to take over"
        raise refuse("100", f"there is no {names}: {what}", Location(structure.needs[0]))
    return grouping.patients, grouping.unconverted
