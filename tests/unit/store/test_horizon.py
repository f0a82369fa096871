"""No version is written at or before an export's instant once that instant is told."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from fhir_server.store import horizon, resources
from fhir_server.store.database import Database
from fhir_server.store.resources import microseconds
from tests.support.fhir_store import NOW, hba1c, patient

pytestmark = pytest.mark.anyio


async def test_a_write_whose_request_came_before_the_export_is_later_than_it(url: str) -> None:
    """Its clock was read before the horizon, its commit comes after: `_since` must find it."""
    database = Database.open(url)
    try:
        at = await database.write(lambda c: horizon.advance(c, microseconds(NOW)))
        early = NOW - timedelta(seconds=3)
        stored = await database.write(lambda c: resources.put(c, patient("p1"), now=early))
        assert microseconds(stored.last_updated) == at + 1000
        assert b'"lastUpdated":"2026-05-11T08:00:00.001Z"' in stored.body
        gone = await database.write(lambda c: resources.delete(c, "Patient", "p1", now=early))
        assert microseconds(gone.last_updated) > at
        created = await database.write(lambda c: resources.create(c, hba1c("x"), now=early))
        assert microseconds(created.last_updated) > at
    finally:
        database.close()


async def test_a_later_write_keeps_its_own_time(url: str) -> None:
    database = Database.open(url)
    try:
        await database.write(lambda c: horizon.advance(c, microseconds(NOW)))
        late = NOW + timedelta(minutes=1)
        stored = await database.write(lambda c: resources.put(c, patient("p1"), now=late))
        assert stored.last_updated == late
    finally:
        database.close()


async def test_the_horizon_holds_for_other_servers_and_after_a_restart(url: str) -> None:
    one, other = Database.open(url), Database.open(url)
    try:
        at = await one.write(lambda c: horizon.advance(c, microseconds(NOW)))
        early = NOW - timedelta(seconds=3)
        stored = await other.write(lambda c: resources.put(c, patient("p1"), now=early))
        assert microseconds(stored.last_updated) > at
    finally:
        one.close()
        other.close()


async def test_a_clock_that_is_set_back_does_not_lower_it(url: str) -> None:
    database = Database.open(url)
    try:
        first = await database.write(lambda c: horizon.advance(c, microseconds(NOW)))
        before = microseconds(NOW - timedelta(hours=1))
        assert await database.write(lambda c: horizon.advance(c, before)) == first
    finally:
        database.close()


def test_without_an_export_there_is_none(connection: Connection) -> None:
    horizon.begin(connection)
    assert horizon.later(connection, 0) == 0
