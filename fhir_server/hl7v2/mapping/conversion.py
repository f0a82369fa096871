"""A message as FHIR resources: pure, from segments to drafts that the store then takes.

A conversion knows the ids of its patients; whether a draft is newer than what is stored is the
store's question (`fhir_server.hl7v2.recording`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fhir_server.hl7v2.mapping.accounting import Account, account
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.drafting import Drafting
from fhir_server.hl7v2.mapping.drafts import Age, Draft, microseconds
from fhir_server.hl7v2.mapping.groups import PatientGroup, Unconverted, group
from fhir_server.hl7v2.mapping.patient import PatientDraft, merged_patient, patient, without
from fhir_server.hl7v2.mapping.structures import STRUCTURES, Structure
from fhir_server.hl7v2.problems import Location, Problem, refuse
from fhir_server.hl7v2.tokenizer import Message


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
    reason = "a contact without name, telecom, address or organization"
    left_out += [Unconverted(nk1, reason) for each in patients for nk1 in each.nameless]
    if structure.content != "merge":
        left_out += [
            Unconverted(each.mrg, "a merge belongs into ADT^A40") for each in groups if each.mrg
        ]
        return Read(message, context, structure, groups, patients, left_out)
    merged = [_merged(each, context) for each in groups]
    patients = [without(each, prior) for each, prior in zip(patients, merged, strict=True)]
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
    work = Drafting(context, found.structure, list(found.left_out))
    for each, patient_id in zip(found.groups, patient_ids, strict=True):
        work.add_patient(each, patient_id)
    return Conversion(
        tuple(work.drafts.values()),
        account(found.message, work.left_out),
        tuple(context.remarks),
    )
