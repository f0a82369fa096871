"""One patient's resources for the hook services, by the index and never by a scan."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select

from cds_hooks.ports import StoredPatient
from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.r4.search_values import fold_code
from fhir_server.store import interning, resources
from fhir_server.store.database import Database
from fhir_server.store.same_patient import (
    UnclearMerge,
    linked,
    same_person,
    stored_patient,
    subject_parameter,
    survivor_of,
)
from fhir_server.store.statements import Prepared, SqlValue, in_list
from fhir_server.store.tables import key_text, table
from inference.snapshot import RecordList, Sourced

MOST = 2000
"""Of one kind, the entries that are read; a list cut there does not count as complete."""

_TOKEN = table("token_index")
_RESOURCE = table("resource")
_REFERENCE = table("reference_index")
_VERSION = table("resource_version")

_IDENTIFIED = Prepared(
    select(_RESOURCE.c.id)
    .join_from(_TOKEN, _RESOURCE, _RESOURCE.c.rid == _TOKEN.c.rid)
    .where(_TOKEN.c.param == bindparam("of_param"))
    .where(_TOKEN.c.system == bindparam("of_system"))
    # The index compares codes without case, a patient's identifier is compared exactly below.
    .where(_TOKEN.c.code == bindparam("of_code"))
)


def _newest_of_patient() -> Select[tuple[str, int, bytes, int]]:
    return (
        select(_RESOURCE.c.id, _VERSION.c.version, _VERSION.c.body, _RESOURCE.c.last_updated)
        .select_from(_REFERENCE)
        .join(_RESOURCE, _RESOURCE.c.rid == _REFERENCE.c.rid)
        .join(
            _VERSION,
            (_VERSION.c.rid == _RESOURCE.c.rid) & (_VERSION.c.version == _RESOURCE.c.version),
        )
        .where(_REFERENCE.c.param == bindparam("of_param"))
        .where(_REFERENCE.c.target == bindparam("of_target"))
        .where(_REFERENCE.c.type == "Patient")
        .order_by(_RESOURCE.c.last_updated.desc())
        .limit(MOST + 1)
    )


_OF_PATIENT = Prepared(_newest_of_patient())
_CODED_OF_PATIENT = Prepared(
    _newest_of_patient().where(
        select(1)
        .where(_TOKEN.c.rid == _REFERENCE.c.rid)
        .where(_TOKEN.c.param == bindparam("code_param"))
        .where(in_list(_TOKEN.c.code, bindparam("codes")))
        .exists()
    )
)


@dataclass(frozen=True, slots=True)
class PatientRecords:
    """`cds_hooks.ports.FhirReader` on the store; `codes` are the LOINC codes worth reading."""

    database: Database
    codes: frozenset[str]

    async def patient(self, patient_id: str) -> StoredPatient | None:
        """Return the patient of that id, None where there is none or it was deleted."""
        return await self.database.look_up(lambda connection: _patient(connection, patient_id))

    async def patients_identified(
        self, identifiers: Sequence[tuple[str, str]]
    ) -> tuple[StoredPatient, ...]:
        """Return all patients who carry any of the identifiers, each once."""
        return await self.database.look_up(lambda c: _identified(c, identifiers))

    async def observations(self, patient_id: str) -> RecordList:
        """Return the patient's Observations of the lab catalogue."""
        codes = json.dumps(sorted(fold_code(code) for code in self.codes))
        return await self.database.read(lambda c: _observations(c, patient_id, codes))

    async def conditions(self, patient_id: str) -> RecordList:
        """Return the patient's Conditions."""
        return await self.database.look_up(lambda c: _of_patient(c, "Condition", patient_id))

    async def medications(self, patient_id: str) -> RecordList:
        """Return the patient's MedicationRequests, and the Medications that they refer to."""
        return await self.database.look_up(lambda c: _drugs(c, "MedicationRequest", patient_id))

    async def statements(self, patient_id: str) -> RecordList:
        """Return the patient's MedicationStatements, and the Medications that they refer to."""
        return await self.database.look_up(lambda c: _drugs(c, "MedicationStatement", patient_id))

    async def family(self, patient_id: str) -> RecordList:
        """Return the patient's FamilyMemberHistories."""
        return await self.database.look_up(
            lambda c: _of_patient(c, "FamilyMemberHistory", patient_id)
        )


def _patient(connection: Connection, patient_id: str) -> StoredPatient | None:
    """Return the record that is used for a patient: of one that was merged, the survivor's.

    None where there is none, and where its links do not say which one that is.
    """
    try:
        return _stored(connection, survivor_of(connection, patient_id))
    except UnclearMerge:
        return None


def _stored(connection: Connection, patient_id: str) -> StoredPatient | None:
    try:
        stored = resources.read(connection, "Patient", patient_id)
    except (NotFound, Gone):
        return None
    reference = f"Patient/{stored.id}/_history/{stored.version}"
    return StoredPatient(stored.id, Sourced(decode(stored.body), reference))


def _identified(
    connection: Connection, identifiers: Sequence[tuple[str, str]]
) -> tuple[StoredPatient, ...]:
    param = interning.parameter_ids(connection, "Patient")["identifier"]
    found: dict[str, StoredPatient] = {}
    for system, value in identifiers:
        system_id = interning.known_system_id(connection, system)
        if system_id is None:
            continue
        code = key_text(fold_code(value))
        values: dict[str, SqlValue] = {"of_param": param, "of_system": system_id, "of_code": code}
        for (patient_id,) in _IDENTIFIED.run_named(connection, values).fetchall():
            carrier = stored_patient(connection, patient_id)
            if carrier is None or not _carries(carrier, system, value):
                continue
            # A record that was merged into another still carries its number.
            for patient in _used_for(connection, patient_id, carrier):
                found[patient.id] = patient
    return tuple(found.values())


def _used_for(
    connection: Connection, patient_id: str, carrier: JsonObject
) -> Sequence[StoredPatient]:
    """Return the record that is used for a patient; all that it may be where links are unclear."""
    patient = _patient(connection, patient_id)
    if patient is not None:
        return (patient,)
    ids = (patient_id, *linked(carrier, "replaced-by"))
    return [found for id in ids if (found := _stored(connection, id)) is not None]


def _carries(patient: JsonObject, system: str, value: str) -> bool:
    return any(
        identifier.get("system") == system and identifier.get("value") == value
        for identifier in patient.get("identifier", ())
    )


def _observations(connection: Connection, patient_id: str, codes: str) -> RecordList:
    code_param = interning.parameter_ids(connection, "Observation")["code"]
    more: dict[str, SqlValue] = {"code_param": code_param, "codes": codes}
    return _of_person(connection, "Observation", patient_id, _CODED_OF_PATIENT, more)


def _of_patient(connection: Connection, type: str, patient_id: str) -> RecordList:
    return _of_person(connection, type, patient_id, _OF_PATIENT, {})


def _drugs(connection: Connection, type: str, patient_id: str) -> RecordList:
    """Return a patient's medications of one type, and the Medications of this server they name."""
    listed = _of_patient(connection, type, patient_id)
    ids = {id: None for entry in listed.entries if (id := _medication_id(entry.resource))}
    medications = [found for id in ids if (found := _medication(connection, id)) is not None]
    return RecordList((*listed.entries, *medications), listed.complete)


def _medication_id(entry: Mapping[str, Any]) -> str | None:
    reference = str(entry.get("medicationReference", {}).get("reference", ""))
    kind, _, id = reference.partition("/")
    return id.partition("/")[0] if kind == "Medication" else None


def _medication(connection: Connection, id: str) -> Sourced | None:
    try:
        stored = resources.read(connection, "Medication", id)
    except (NotFound, Gone):
        return None
    return Sourced(decode(stored.body), f"Medication/{stored.id}/_history/{stored.version}")


def _of_person(
    connection: Connection,
    type: str,
    patient_id: str,
    statement: Prepared,
    more: dict[str, SqlValue],
) -> RecordList:
    """Return what is filed under any of the records of a person.

    Where the links between them are not clear nothing is read, and the list says that it is not
    complete: results of somebody else must not be among them.
    """
    try:
        ids = same_person(connection, patient_id)
    except UnclearMerge:
        return RecordList((), complete=False)
    param = interning.parameter_ids(connection, type)[subject_parameter(type)]
    rows: list[tuple[str, int, bytes, int]] = []
    complete = True
    for id in ids:
        values: dict[str, SqlValue] = {"of_param": param, "of_target": id, **more}
        found = statement.run_named(connection, values).fetchall()
        complete = complete and len(found) <= MOST
        rows += found[:MOST]
    rows.sort(key=lambda row: -row[3])
    entries = tuple(
        Sourced(decode(body), f"{type}/{id}/_history/{version}") for id, version, body, _ in rows
    )
    return RecordList(entries, complete=complete)
