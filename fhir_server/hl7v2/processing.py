"""One message from bytes to resources: read, convert and check are pure, `record` writes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from fhir_server.hl7v2.describing import describe
from fhir_server.hl7v2.filing import filed
from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.held_profiles import HeldProfiles
from fhir_server.hl7v2.mapping.context import Context
from fhir_server.hl7v2.mapping.conversion import Conversion, Read, convert, read
from fhir_server.hl7v2.mapping.provenance import provenance
from fhir_server.hl7v2.merging import merge
from fhir_server.hl7v2.patients import Person, resolve
from fhir_server.hl7v2.problems import Problem
from fhir_server.hl7v2.recording import Recording
from fhir_server.hl7v2.tokenizer import parse
from fhir_server.r4.validation import validate
from fhir_server.store import hl7v2_unmapped as unmapped
from fhir_server.store.hl7v2_origins import Origins


class InvalidConversion(Exception):
    """A conversion made a resource that is not valid R4: our fault; the text names elements."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was stored of a message: its warnings, and the resources that are newer than it.

    `versions` is how many versions of resources it made: none where all was there already.
    """

    warnings: tuple[Problem, ...]
    superseded: tuple[str, ...]
    versions: int = 0


def read_message(raw: bytes, header: Header, codec: str, context: Context) -> Read:
    """Return the message grouped by patient; Refusal names the place of what is missing."""
    return read(parse(raw, header, codec), context)


def convert_message(found: Read, patients: list[Person]) -> Conversion:
    """Return the drafts of a message; InvalidConversion where one is not valid R4."""
    records = [each.record for each in patients]
    conversion = convert(found, records)
    persons = (
        {"resourceType": "Patient", "id": id, **draft.resource}
        for draft, id in zip(found.patients, records, strict=True)
    )
    for resource in (*persons, *(draft.resource for draft in conversion.drafts)):
        issues = validate(resource)
        if issues:
            places = ", ".join(place for issue in issues for place in issue.expression)
            raise InvalidConversion(f"invalid at {places}")
    return conversion


def patients_of(connection: Connection, found: Read) -> list[Person]:
    """Return whom the message is about; Refusal (205) where that cannot be told."""
    return [resolve(connection, draft) for draft in found.patients]


def record(
    connection: Connection,
    found: Read,
    conversion: Conversion,
    patients: list[Person],
    *,
    message_id: str,
    received: datetime,
    now: datetime,
    held: HeldProfiles | None = None,
) -> Recorded:
    """Store the drafts, the patients and the Provenance of a message in one transaction."""
    # A merge asks the store in between what messages filed under a person.
    origins = Origins(connection, gathers=found.structure.content != "merge")
    origins.expect(
        (each.resource["resourceType"], each.resource["id"]) for each in conversion.drafts
    )
    recording = Recording(connection, message_id, now, origins, held=held)
    is_authority = found.structure.content in ("patient", "merge")
    for draft, person in zip(found.patients, patients, strict=True):
        describe(recording, draft, person, found.age, is_authority=is_authority)
    if found.structure.content == "merge":
        for person, prior in zip(patients, found.merged, strict=True):
            merge(recording, person, prior, found.age)
    for each in filed(conversion.drafts, patients, recording.is_known):
        recording.add(each)
    if recording.targets:
        recording.add_provenance(
            provenance(
                recording.targets,
                message_id=message_id,
                kind=found.message.header.type,
                received=received,
                context=found.context,
            )
        )
    origins.write()
    unmapped.note(connection, found.context.scope, recording.results)
    warnings = (*conversion.remarks, *recording.warnings)
    return Recorded(warnings, tuple(recording.superseded), recording.versions)
