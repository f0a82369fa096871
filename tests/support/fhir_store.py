"""A store for tests: a writing connection, and resources as a laboratory sends them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import pytest
from sqlalchemy import Connection

from fhir_server.store import gathering, resources
from fhir_server.store.engines import parse_url
from fhir_server.store.opening import open_writer
from fhir_server.store.resources import Stored
from tests.support import postgresql

NOW = datetime(2026, 5, 11, 8, 0, tzinfo=UTC)
# The FHIR base of the server under test.
BASE = "http://test/fhir"
LOINC = "http://loinc.org"
SHANGHAI = "+08:00"


BOTH = ("sqlite", "postgresql")


@contextmanager
def writing(zone: tzinfo = UTC, adapter: str = "sqlite") -> Iterator[Connection]:
    """Yield a connection inside one transaction that is rolled back at the end."""
    with _place_to_roll_back(adapter) as url:
        connection = open_writer(parse_url(url), zone=zone)
        try:
            with connection.begin() as transaction:
                yield connection
                transaction.rollback()
        finally:
            connection.close()


@contextmanager
def fresh_url(adapter: str) -> Iterator[str]:
    """Yield the URL of an empty place for a store; skips where there is no PostgreSQL."""
    if adapter == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/store.db"
        return
    _skip_without_postgresql()
    with postgresql.fresh_database() as url:
        yield url


@contextmanager
def _place_to_roll_back(adapter: str) -> Iterator[str]:
    if adapter == "sqlite":
        with fresh_url(adapter) as url:
            yield url
        return
    _skip_without_postgresql()
    yield postgresql.shared_url()


def _skip_without_postgresql() -> None:
    if reason := postgresql.absent():
        pytest.skip(reason)


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
    gathering.flush(connection)
    return stored
