"""A store for tests: a writing connection, and resources as a laboratory sends them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from fhir_server.store import indexing, resources
from fhir_server.store.database import open_writer
from fhir_server.store.resources import Stored

NOW = datetime(2026, 5, 11, 8, 0, tzinfo=UTC)
LOINC = "http://loinc.org"
SHANGHAI = "+08:00"


@contextmanager
def writing(zone: tzinfo = UTC) -> Iterator[Connection]:
    """Yield a connection inside one transaction that is rolled back at the end."""
    with tempfile.TemporaryDirectory() as folder:
        connection = open_writer(Path(folder) / "store.db", zone=zone)
        try:
            with connection.begin() as transaction:
                yield connection
                transaction.rollback()
        finally:
            connection.close()


def patient(id: str, family: str = "张", given: str = "三", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id,
        "name": [{"family": family, "given": [given]}],
        **more,
    }


def hba1c(
    id: str, patient_id: str = "p1", at: str | None = "2026-05-10", **more: Any
) -> dict[str, Any]:
    """An HbA1c result; `at` None leaves the time of collection out."""
    dated = {} if at is None else {"effectiveDateTime": at}
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "4548-4"}]},
        "subject": {"reference": f"Patient/{patient_id}"},
        **dated,
        **more,
    }


def store(connection: Connection, *given: dict[str, Any], at: datetime = NOW) -> list[Stored]:
    """Store resources one millisecond apart, in the order given."""
    stored = [
        resources.put(connection, resource, now=at + timedelta(milliseconds=step))
        for step, resource in enumerate(given)
    ]
    indexing.flush(connection)
    return stored
