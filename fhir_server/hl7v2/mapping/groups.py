"""The segments of an ORU^R01 as they belong together: patients, orders, observations, specimens.

The order of segments says what belongs to what (HL7 v2.8 section 7.3.1); a segment that is
unknown, local or out of place never ends a group and is listed as not converted.
"""

from dataclasses import dataclass, field
from typing import Final

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
    """An OBR with the ORC before it and what follows up to the next order.

    `obr` is None for observations that stand directly behind the patient (PATIENT_OBSERVATION).
    """

    obr: Segment | None
    orc: Segment | None = None
    notes: list[Segment] = field(default_factory=list)
    observations: list[ObservationGroup] = field(default_factory=list)
    specimens: list[SpecimenGroup] = field(default_factory=list)


@dataclass(slots=True)
class PatientGroup:
    """A PID and its orders."""

    pid: Segment
    orders: list[OrderGroup] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Unconverted:
    """A segment (fields None), or fields of one, that no resource holds, and why."""

    segment: Segment
    reason: str
    fields: tuple[int, ...] | None = None


@dataclass(slots=True)
class _Grouping:
    patients: list[PatientGroup] = field(default_factory=list)
    unconverted: list[Unconverted] = field(default_factory=list)
    order: OrderGroup | None = None
    pending: Segment | None = None
    notable: list[Segment] | None = None

    def take(self, segment: Segment) -> None:
        handler = _HANDLERS.get(segment.name)
        if handler is None:
            self.leave_out(segment, _reason(segment))
        else:
            handler(self, segment)

    def leave_out(self, segment: Segment, reason: str) -> None:
        self.unconverted.append(Unconverted(segment, reason))

    def pid(self, segment: Segment) -> None:
        self._drop_pending()
        self.patients.append(PatientGroup(segment))
        self.order = None
        self.notable = None

    def orc(self, segment: Segment) -> None:
        self._drop_pending()
        self.pending = segment
        self.notable = None

    def obr(self, segment: Segment) -> None:
        patient = self._patient(segment)
        self.order = OrderGroup(segment, self.pending)
        self.pending = None
        patient.orders.append(self.order)
        self.notable = self.order.notes

    def obx(self, segment: Segment) -> None:
        patient = self._patient(segment)
        if self.order is None:
            self.order = OrderGroup(None)
            patient.orders.append(self.order)
        specimens = self.order.specimens
        observation = ObservationGroup(segment, specimen=specimens[-1].spm if specimens else None)
        self.order.observations.append(observation)
        self.notable = observation.notes

    def spm(self, segment: Segment) -> None:
        if self.order is None:
            self.leave_out(segment, "a specimen before any order")
            self.notable = None
            return
        specimen = SpecimenGroup(segment)
        self.order.specimens.append(specimen)
        self.notable = specimen.notes

    def nte(self, segment: Segment) -> None:
        if self.notable is None:
            self.leave_out(segment, "a note that belongs to no result, order or specimen")
        else:
            self.notable.append(segment)

    def finish(self) -> None:
        self._drop_pending()

    def _drop_pending(self) -> None:
        if self.pending is not None:
            self.leave_out(self.pending, "an order (ORC) without OBR")
            self.pending = None

    def _patient(self, segment: Segment) -> PatientGroup:
        if not self.patients:
            raise refuse(
                "100",
                f"{segment.name} stands before any PID: whose result it is cannot be told",
                Location("PID"),
            )
        return self.patients[-1]


_HANDLERS: Final = {
    "PID": _Grouping.pid,
    "ORC": _Grouping.orc,
    "OBR": _Grouping.obr,
    "OBX": _Grouping.obx,
    "SPM": _Grouping.spm,
    "NTE": _Grouping.nte,
}


def _reason(segment: Segment) -> str:
    if not segment.name:
        return "a line without a segment name"
    if segment.name.startswith("Z"):
        return "a local (Z) segment"
    return f"{segment.name} is not converted by this version"


def group(message: Message) -> tuple[list[PatientGroup], list[Unconverted]]:
    """Return the patients of a message and the segments that belong to none of their results.

    Refusal (100) without PID, or without any OBR or OBX.
    """
    grouping = _Grouping()
    for segment in message.segments[1:]:
        grouping.take(segment)
    grouping.finish()
    if not grouping.patients:
        raise refuse("100", "there is no PID: whose result it is cannot be told", Location("PID"))
    if not any(patient.orders for patient in grouping.patients):
        raise refuse("100", "there is no OBR and no OBX: no result", Location("OBR"))
    return grouping.patients, grouping.unconverted
