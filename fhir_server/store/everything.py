"""A patient's record by pages: what the Patient compartment holds, and what that refers to.

Source: http://hl7.org/fhir/R4/patient-operation-everything.html.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from sqlalchemy import Connection, and_, bindparam, exists, or_, select

from fhir_server.r4.codec import decode
from fhir_server.r4.compartments import is_record_of, placing_parameters
from fhir_server.r4.outcome import FhirError, Issue
from fhir_server.r4.search_references import Link, every_link
from fhir_server.r4.search_table import parameters_of, patient_compartment
from fhir_server.store import gathering, interning
from fhir_server.store.access import Access, sees
from fhir_server.store.care_dates import CARE_DATES
from fhir_server.store.many import current_of, current_versions, stored_of
from fhir_server.store.resources import Stored
from fhir_server.store.search_served import uses_of
from fhir_server.store.statements import Prepared, SqlValue, in_list
from fhir_server.store.tables import key_text, table

_RESOURCE, _REFERENCE, _DATE = (
    table(name) for name in ("resource", "reference_index", "date_index")
)


@dataclass(frozen=True, slots=True)
class Everything:
    """What of a patient's record is asked for.

    `types` None is every type; `since` is in microseconds since the epoch; `period` is the range
    `[low, high)` of the dates of care, None where they do not matter.
    """

    patient: str
    types: frozenset[str] | None = None
    since: int | None = None
    period: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Resources of the record; `following` is the row after which the next page begins."""

    entries: tuple[Stored, ...]
    following: int | None


def record_page(
    connection: Connection,
    asked: Everything,
    access: Access,
    *,
    base_url: str,
    after: int,
    count: int,
) -> RecordPage:
    """Return what refers to the patient by the official compartment table, without the Patient.

    A page may hold less than `count` though more follow: what may not be seen is left out of it.
    """
    gathering.flush(connection)
    types = sorted(patient_compartment() if asked.types is None else asked.types)
    low, high = asked.period or (None, None)
    values: dict[str, SqlValue] = {
        "params": json.dumps(_placing(connection, types)),
        "targets": json.dumps([asked.patient, key_text(f"{base_url}/Patient/{asked.patient}")]),
        "of_patient": "Patient",
        "id": asked.patient,
        "after": after,
        "since": asked.since,
        "care": json.dumps(_care(connection)) if asked.period else None,
        "low": low,
        "high": high,
        "most": count + 1,
    }
    statement = _page(asked.since is not None, asked.period is not None)
    rows = statement.run_named(connection, values).fetchall()
    following = rows[count - 1][0] if len(rows) > count and count else None
    if not count and rows:
        following = after
    stored = (stored_of(row) for row in rows[:count])
    return RecordPage(tuple(s for s in stored if sees(s.body, access)), following)


@cache
def _page(since: bool, period: bool) -> Prepared:
    placed = (
        select(_REFERENCE.c.rid)
        .where(in_list(_REFERENCE.c.param, bindparam("params")))
        .where(in_list(_REFERENCE.c.target, bindparam("targets")))
        .where(_REFERENCE.c.type == bindparam("of_patient"))
    )
    own = and_(_RESOURCE.c.type == bindparam("of_patient"), _RESOURCE.c.id == bindparam("id"))
    found = current_versions().where(
        _RESOURCE.c.rid.in_(placed), _RESOURCE.c.rid > bindparam("after"), ~own
    )
    if since:
        found = found.where(_RESOURCE.c.last_updated >= bindparam("since"))
    if period:
        of_care = and_(_DATE.c.rid == _RESOURCE.c.rid, in_list(_DATE.c.param, bindparam("care")))
        within = exists().where(
            of_care, _DATE.c.low < bindparam("high"), _DATE.c.high > bindparam("low")
        )
        # What has no date of care (an allergy, a family history) belongs to every time.
        found = found.where(or_(within, ~exists().where(of_care)))
    return Prepared(found.limit(bindparam("most")))


def supporting(
    connection: Connection,
    asked: Everything,
    entries: Sequence[Stored],
    access: Access,
    *,
    base_url: str,
    most: int,
) -> tuple[Stored, ...]:
    """Return what `entries` refer to outside of any patient's record, and what that refers to.

    Practitioners, organizations, medications, binaries. What is of another patient's record is
    never among them. FhirError 400 `too-costly` where it is more than `most`.
    """
    walk = _Support(connection, asked, access, base_url)
    fresh: Sequence[Stored] = entries
    while fresh:
        fresh = walk.step(fresh)
        if len(walk.found) > most:
            text = f"A page refers to more than {most} resources; ask for less by _count."
            raise FhirError(400, Issue("error", "too-costly", text))
    wanted = asked.types
    return tuple(s for s in walk.found if wanted is None or s.type in wanted)


@dataclass(slots=True)
class _Support:
    connection: Connection
    asked: Everything
    access: Access
    base_url: str
    seen: set[Link] = field(default_factory=set)
    found: list[Stored] = field(default_factory=list)

    def step(self, fresh: Iterable[Stored]) -> list[Stored]:
        """Return what is new one reference further."""
        by_type: dict[str, list[str]] = {}
        for stored in fresh:
            for found in every_link(decode(stored.body), base_url=self.base_url):
                link = Link(found.type, found.id)
                if link not in self.seen and link.type not in patient_compartment():
                    self.seen.add(link)
                    by_type.setdefault(link.type, []).append(link.id)
        new = [
            stored
            for type, ids in by_type.items()
            for stored in current_of(self.connection, type, ids)
            if self._may_be_shown(stored)
        ]
        self.found += new
        return new

    def _may_be_shown(self, stored: Stored) -> bool:
        if not sees(stored.body, self.access):
            return False
        if not placing_parameters(stored.type):
            return True
        # A Device or a Task may be of another patient, whom it then names.
        resource = decode(stored.body)
        named = any(link.type == "Patient" for link in every_link(resource, base_url=self.base_url))
        return not named or is_record_of(resource, (self.asked.patient,), base_url=self.base_url)


def _placing(connection: Connection, types: Iterable[str]) -> list[int]:
    """Return the numbers of the parameters that place a resource in the compartment."""
    return _numbers(connection, {type: patient_compartment().get(type, ()) for type in types})


def _care(connection: Connection) -> list[int]:
    return _numbers(connection, CARE_DATES)


def _numbers(connection: Connection, names: Mapping[str, Iterable[str]]) -> list[int]:
    return sorted(set(_each_number(connection, names)))


def _each_number(connection: Connection, names: Mapping[str, Iterable[str]]) -> Iterator[int]:
    for type, parameters in names.items():
        numbers, declared = interning.parameter_ids(connection, type), parameters_of(type)
        for name in parameters:
            yield from (numbers[use.name] for use in uses_of(declared[name]))
