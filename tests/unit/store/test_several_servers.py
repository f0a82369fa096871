"""Several servers on one database, and a database server that goes away."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import Connection

from fhir_server.r4.outcome import VersionConflict
from fhir_server.store import resources
from fhir_server.store.connections import StoreUnavailable
from fhir_server.store.database import Database
from fhir_server.store.statements import driver
from tests.support.fhir_store import NOW, fresh_url, patient

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pair(url: str) -> AsyncIterator[tuple[Database, Database]]:
    first, second = Database.open(url), Database.open(url)
    yield first, second
    first.close()
    second.close()


async def test_of_two_writers_on_one_resource_one_wins(pair: tuple[Database, Database]) -> None:
    await pair[0].write(lambda c: resources.put(c, patient("p1"), now=NOW))
    for version in range(1, 11):

        def job(c: Connection, version: int = version) -> resources.Stored:
            return resources.put(c, patient("p1"), now=NOW, expected_version=version)

        outcomes = await asyncio.gather(
            *(database.write(job) for database in pair * 4), return_exceptions=True
        )
        assert sum(isinstance(outcome, resources.Stored) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, VersionConflict) for outcome in outcomes) == 7


async def test_a_system_that_another_server_added_is_the_same(
    pair: tuple[Database, Database],
) -> None:
    tagged = patient("p1", identifier=[{"system": "urn:oid:1.2.3", "value": "7"}])
    for database in pair:
        await database.write(lambda c: resources.put(c, tagged, now=NOW))
    rows = pair[0].read_now(
        lambda c: driver(c).execute("SELECT uri FROM token_system WHERE uri LIKE 'urn:oid%'")
        .fetchall()
    )  # fmt: skip
    assert rows == [("urn:oid:1.2.3",)]


@pytest.fixture
def server_url() -> Iterator[str]:
    with fresh_url("postgresql") as url:
        yield url


@pytest.fixture
async def served(server_url: str) -> AsyncIterator[Database]:
    opened = Database.open(server_url)
    yield opened
    opened.close()


_END_ALL_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


async def test_connections_that_were_ended_while_idle_are_made_anew(served: Database) -> None:
    await served.write(lambda c: resources.put(c, patient("p1"), now=NOW))
    served.read_now(lambda c: resources.read(c, "Patient", "p1"))
    await served.write(lambda c: driver(c).execute(_END_ALL_OTHERS).fetchall())
    assert served.read_now(lambda c: resources.read(c, "Patient", "p1")).version == 1
    assert await served.read(lambda c: driver(c).execute(_END_ALL_OTHERS).fetchall())
    written = await served.write(lambda c: resources.put(c, patient("p1"), now=NOW))
    assert written.version == 2


async def test_a_connection_lost_in_a_group_is_told_to_everyone_in_it(served: Database) -> None:
    started, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(5)

    def end_itself(connection: Connection) -> None:
        driver(connection).execute("SELECT pg_terminate_backend(pg_backend_pid())").fetchall()

    held = asyncio.ensure_future(served.write(hold))
    await asyncio.to_thread(started.wait, 5)
    kept = asyncio.ensure_future(served.write(lambda c: resources.put(c, patient("p1"), now=NOW)))
    lost = asyncio.ensure_future(served.write(end_itself))
    await asyncio.sleep(0.05)
    go.set()
    await held
    for write in (kept, lost):
        with pytest.raises(StoreUnavailable) as refused:
            await write
        assert refused.value.status == 503
    stored = await served.write(lambda c: resources.put(c, patient("p1"), now=NOW))
    assert stored.version == 1


async def test_a_lock_that_another_holds_too_long_is_a_503(
    served: Database, server_url: str
) -> None:
    await served.write(lambda c: driver(c).execute("SET lock_timeout = '50ms'"))
    other = Database.open(server_url)
    started, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(5)

    held = asyncio.ensure_future(other.write(hold))
    await asyncio.to_thread(started.wait, 5)
    with pytest.raises(StoreUnavailable, match=r"LockNotAvailable|OperationalError"):
        await served.write(lambda c: resources.put(c, patient("p1"), now=NOW))
    go.set()
    await held
    other.close()
    assert (await served.write(lambda c: resources.put(c, patient("p1"), now=NOW))).version == 1
