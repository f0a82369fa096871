"""One patient's snapshot from the client's prefetch and this server's own store.

The two name patients differently. The own store is read only where the client says that it works
on this server's FHIR endpoint, or where an identifier (system and value) names exactly one patient
of the store: an id that happens to be equal proves nothing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from cds_hooks import prefetch
from cds_hooks.ports import FhirReader, StoredPatient
from cds_hooks.prefetch import MissingPrefetch, Prefetched
from cds_hooks.protocol import HookRequest
from inference.reasons import Reason
from inference.snapshot import PatientSnapshot, RecordList, Sourced
from terminology.measurement import effective_time


@dataclass(frozen=True, slots=True)
class Gathered:
    """A snapshot, and the own store's id of the patient where one was matched."""

    snapshot: PatientSnapshot
    stored_patient_id: str | None


async def gather(
    request: HookRequest, *, reader: FhirReader, own_fhir_url: str, at: datetime
) -> Gathered:
    """Collect the patient's data; `MissingPrefetch` names each required key that cannot be had."""
    if request.fhir_server == own_fhir_url:
        return await _with_own_server(request, reader=reader, at=at)
    return await _with_foreign_client(request, reader=reader, at=at)


async def _with_own_server(request: HookRequest, *, reader: FhirReader, at: datetime) -> Gathered:
    """The client works on this server: what it did not prefetch is read where it would have."""
    keys = {key: prefetch.read_key(request, key) for key in _KEYS}
    stored = await reader.patient(request.patient_id)
    patient = _patient(request, keys[prefetch.PATIENT], stored)
    lists = {
        key: await _given_or(keys[key], read, request.patient_id)
        for key, read in (
            (prefetch.OBSERVATIONS, reader.observations),
            (prefetch.CONDITIONS, reader.conditions),
            (prefetch.MEDICATIONS, reader.medications),
            (prefetch.STATEMENTS, reader.statements),
            (prefetch.FAMILY, reader.family),
        )
    }
    observations = lists[prefetch.OBSERVATIONS].entries
    snapshot = _snapshot(patient, observations, lists, at, cautions=_doubts(keys))
    return Gathered(snapshot, stored.id if stored else None)


async def _given_or(
    sent: Prefetched, read: Callable[[str], Awaitable[RecordList]], patient_id: str
) -> RecordList:
    if sent.given:
        return sent.records
    return await read(patient_id)


_KEYS = (
    prefetch.PATIENT,
    prefetch.OBSERVATIONS,
    prefetch.CONDITIONS,
    prefetch.MEDICATIONS,
    prefetch.STATEMENTS,
    prefetch.FAMILY,
)


async def _with_foreign_client(
    request: HookRequest, *, reader: FhirReader, at: datetime
) -> Gathered:
    keys = {key: prefetch.read_key(request, key) for key in _KEYS}
    patient = _patient(request, keys[prefetch.PATIENT], None)
    matches = await reader.patients_identified(_identifiers(patient.resource))
    fits = len(matches) == 1 and _may_be_one(patient.resource, matches[0].resource.resource)
    stored = matches[0] if fits else None
    results = await reader.observations(stored.id) if stored else None
    asked = keys[prefetch.OBSERVATIONS]
    if not asked.given and results is None:
        raise MissingPrefetch((asked,))
    observations = asked.records.entries + (results.entries if results else ())
    lists = {key: sent.records for key, sent in keys.items()}
    cautions = (*_doubts(keys), *_not_joined(matches, stored))
    snapshot = _snapshot(patient, observations, lists, at, cautions=cautions)
    return Gathered(snapshot, stored.id if stored else None)


def _not_joined(
    matches: Sequence[StoredPatient], stored: StoredPatient | None
) -> tuple[Reason, ...]:
    """Say why results of this server were left out although an identifier names their patient."""
    if stored is not None or not matches:
        return ()
    return (Reason("store-ambiguous" if len(matches) > 1 else "store-other-person"),)


def _may_be_one(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether nothing says that two records are of two people.

    One insurance number may serve a family, and a slip of a digit fits somebody: sex and date of
    birth, as far as both state them, have to agree.
    """
    sexes = {each.get("gender") for each in (first, second)} & {"male", "female"}
    births = [str(each.get("birthDate") or "") for each in (first, second)]
    shared = min(len(birth) for birth in births)
    return len(sexes) < 2 and births[0][:shared] == births[1][:shared]


def _snapshot(
    patient: Sourced,
    observations: tuple[Sourced, ...],
    lists: Mapping[str, RecordList],
    at: datetime,
    *,
    cautions: tuple[Reason, ...],
) -> PatientSnapshot:
    return PatientSnapshot(
        patient,
        observations,
        lists[prefetch.CONDITIONS],
        with_statements(lists[prefetch.MEDICATIONS], lists[prefetch.STATEMENTS]),
        at,
        cautions=cautions,
        family=lists[prefetch.FAMILY],
    )


def with_statements(prescriptions: RecordList, statements: RecordList) -> RecordList:
    """Return the list of all medications; it is complete where that of the prescriptions is.

    A statement adds a drug that nobody prescribed here; few hospitals keep them for all.
    """
    return RecordList(prescriptions.entries + statements.entries, prescriptions.complete)


def _doubts(keys: Mapping[str, Prefetched]) -> tuple[Reason, ...]:
    """Say what only the client knows: whose resources are, and whether newer results were cut."""
    found = []
    unnamed = sum(sent.unnamed for sent in keys.values())
    if unnamed:
        found.append(Reason("subject-not-stated", {"count": str(unnamed)}))
    results = keys[prefetch.OBSERVATIONS]
    if results.given and not results.records.complete and not _is_newest_first(results.records):
        found.append(Reason("results-cut"))
    return tuple(found)


def _is_newest_first(results: RecordList) -> bool:
    """Whether results come as they were asked for: of those cut off none is newer, to a day."""
    times = [effective_time(entry.resource, zone=UTC) for entry in results.entries]
    pairs = pairwise(time for time in times if time is not None)
    return all(later <= earlier + timedelta(days=1) for earlier, later in pairs)


def _patient(request: HookRequest, sent: Prefetched, stored: StoredPatient | None) -> Sourced:
    if sent.given:
        prefetch.require_patient(request, sent)
        return sent.records.entries[0]
    if stored is None:
        raise MissingPrefetch((sent,))
    return stored.resource


def _identifiers(patient: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Return the identifiers that can name a person: with a system, and not a former one."""
    return [
        (identifier["system"], identifier["value"])
        for identifier in patient.get("identifier", ())
        if identifier.get("system") and identifier.get("value") and identifier.get("use") != "old"
    ]
