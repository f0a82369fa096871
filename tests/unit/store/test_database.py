"""The store's door: what is acknowledged is durable, one job's failure is its own."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from sqlalchemy import Connection

from fhir_server.r4.outcome import NotFound
from fhir_server.store import database as database_room
from fhir_server.store import interning, resources
from fhir_server.store.connections import StoreUnavailable, is_in_transaction
from fhir_server.store.database import Database
from fhir_server.store.engines import DatabaseRefused
from fhir_server.store.statements import driver
from tests.support.fhir_store import NOW, hba1c, patient

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database.open(url)
    yield opened
    opened.close()


async def test_a_write_is_read_after_it_returned(database: Database) -> None:
    await database.write(lambda c: resources.put(c, patient("p1"), now=NOW))
    found = await database.read(lambda c: resources.read(c, "Patient", "p1"))
    assert (found.id, found.version) == ("p1", 1)
    assert database.read_now(lambda c: resources.read(c, "Patient", "p1")) == found


async def test_writes_that_wait_together_share_one_commit(database: Database) -> None:
    started, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(5)

    first = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(started.wait, 5)
    rest = [
        asyncio.ensure_future(
            database.write(lambda c, n=n: resources.put(c, patient(f"p{n}"), now=NOW))
        )
        for n in range(20)
    ]
    await asyncio.sleep(0.05)
    go.set()
    await asyncio.gather(first, *rest)
    assert database.statistics().jobs == 21
    assert database.statistics().commits == 2


async def test_a_job_that_fails_leaves_nothing_and_harms_no_other(database: Database) -> None:
    started, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(5)

    def fail(connection: Connection) -> None:
        resources.put(connection, patient("half"), now=NOW)
        resources.put(connection, hba1c("new-system", code=_local_code()), now=NOW)
        raise ZeroDivisionError

    def keep(id: str):
        return lambda c: resources.put(c, patient(id), now=NOW)

    held = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(started.wait, 5)
    before = asyncio.ensure_future(database.write(keep("before")))
    failing = asyncio.ensure_future(database.write(fail))
    after = asyncio.ensure_future(database.write(keep("after")))
    await asyncio.sleep(0.05)
    go.set()
    await asyncio.gather(held, before, after)
    with pytest.raises(ZeroDivisionError):
        await failing
    assert database.statistics().commits == 2
    for id in ("before", "after"):
        assert (await database.read(lambda c, id=id: resources.read(c, "Patient", id))).version == 1
    with pytest.raises(NotFound):
        await database.read(lambda c: resources.read(c, "Patient", "half"))


async def test_a_system_number_that_was_rolled_back_is_not_used_again(database: Database) -> None:
    def fail(connection: Connection) -> None:
        resources.put(connection, hba1c("o1", code=_local_code()), now=NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(fail)
    await database.write(lambda c: resources.put(c, hba1c("o1", code=_local_code()), now=NOW))
    number = await database.read(lambda c: interning.known_system_id(c, "urn:lis:codes"))
    assert number is not None


async def test_a_lost_transaction_is_told_to_everyone_in_it(database: Database) -> None:
    """SQLite itself rolls back on a full disk: no job of the group may be acknowledged.

    On PostgreSQL as well, whatever ended the transaction.
    """
    started, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(5)

    def lose(connection: Connection) -> None:
        driver(connection).execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    held = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(started.wait, 5)
    kept = asyncio.ensure_future(database.write(lambda c: resources.put(c, patient("p1"), now=NOW)))
    lost = asyncio.ensure_future(database.write(lose))
    await asyncio.sleep(0.05)
    go.set()
    await held
    for write in (kept, lost):
        with pytest.raises(StoreUnavailable) as refused:
            await write
        assert refused.value.status == 503
        assert refused.value.issues[0].code == "no-store"
    with pytest.raises(NotFound):
        await database.read(lambda c: resources.read(c, "Patient", "p1"))
    await database.write(lambda c: resources.put(c, patient("p2"), now=NOW))


async def test_what_is_ready_in_one_turn_shares_a_commit(database: Database) -> None:
    """One after another the first would be committed alone: a sync for one resource."""
    before = database.statistics()
    await asyncio.gather(
        *(
            database.write(lambda c, n=n: resources.put(c, patient(f"p{n}"), now=NOW))
            for n in range(20)
        )
    )
    after = database.statistics()
    assert (after.jobs - before.jobs, after.commits - before.commits) == (20, 1)


async def test_close_commits_what_waits_and_then_refuses(url: str) -> None:
    database = Database.open(url)
    writes = [
        asyncio.ensure_future(
            database.write(lambda c, n=n: resources.put(c, patient(f"p{n}"), now=NOW))
        )
        for n in range(50)
    ]
    await asyncio.sleep(0)
    await asyncio.to_thread(database.close)
    assert len(await asyncio.gather(*writes)) == 50
    with pytest.raises(StoreUnavailable):
        await database.write(lambda c: resources.put(c, patient("late"), now=NOW))
    database.close()
    again = Database.open(url)
    assert again.read_now(lambda c: resources.read(c, "Patient", "p49")).version == 1
    again.close()


async def test_a_cancelled_caller_does_not_stop_the_writer(database: Database) -> None:
    started, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(5)

    cancelled = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(started.wait, 5)
    cancelled.cancel()
    go.set()
    await database.write(lambda c: resources.put(c, patient("p1"), now=NOW))


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises((sqlite3.OperationalError, psycopg.Error), match=r"readonly|read-only"):
        await database.read(lambda c: resources.put(c, patient("p1"), now=NOW))


async def test_durability_is_what_the_documents_promise(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/store.db")

    def pragma(name: str):
        return lambda c: driver(c).execute(f"PRAGMA {name}").fetchone()[0]

    assert await database.write(pragma("journal_mode")) == "wal"
    assert await database.write(pragma("synchronous")) == 2  # FULL
    assert await database.write(pragma("foreign_keys")) == 1
    database.close()


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mysql://attending:secret@db/fhir", "mysql"),
        ("postgresql://attending:secret@db", "names no database"),
        ("postgresql://attending:secret@127.0.0.1:1/fhir", "does not answer"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///a.db?mode=ro", "options"),
        ("no url", "no URL"),
    ],
)
async def test_another_database_is_refused_by_the_name_of_its_setting(url: str, word: str) -> None:
    with pytest.raises(DatabaseRefused) as refused:
        Database.open(url)
    assert "ATTENDING_DATABASE_URL" in str(refused.value)
    assert word in str(refused.value)
    assert "secret" not in str(refused.value)


async def test_the_database_of_a_newer_version_is_refused(url: str) -> None:
    database = Database.open(url)
    await database.write(lambda c: driver(c).execute("UPDATE store_schema SET version = 99"))
    database.close()
    with pytest.raises(DatabaseRefused, match="schema version 99"):
        Database.open(url)


async def test_another_zone_indexes_dates_anew(url: str, caplog: pytest.LogCaptureFixture) -> None:
    utc = Database.open(url)
    await utc.write(lambda c: resources.put(c, hba1c("o1", at="2026-05-10"), now=NOW))
    await utc.write(lambda c: resources.put(c, hba1c("o2"), now=NOW))
    await utc.write(lambda c: resources.delete(c, "Observation", "o2", now=NOW))
    before = utc.read_now(lambda c: driver(c).execute(_LOWS).fetchall())
    utc.close()
    shanghai = Database.open(url, zone=ZoneInfo("Asia/Shanghai"))
    after = shanghai.read_now(lambda c: driver(c).execute(_LOWS).fetchall())
    shanghai.close()
    assert len(before) == len(after) == 1
    assert before[0][0] - after[0][0] == 8 * 3600 * 1_000_000
    assert "indexed 1 resources anew" in caplog.text


_LOWS = "SELECT low FROM date_index ORDER BY low"


def _local_code() -> dict[str, object]:
    return {"coding": [{"system": "urn:lis:codes", "code": "HBA"}]}


async def test_more_writers_than_there_is_room_for_are_held_back(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_room, "_WAITING_WRITES", 3)
    opened = Database.open(url)
    started, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(5)

    writes = [asyncio.ensure_future(opened.write(hold))]
    await asyncio.to_thread(started.wait, 5)
    writes += [
        asyncio.ensure_future(
            opened.write(lambda c, n=n: resources.put(c, patient(f"p{n}"), now=NOW))
        )
        for n in range(10)
    ]
    await asyncio.sleep(0.02)
    assert opened.statistics().waiting == 2  # the third place is the running job's
    go.set()
    assert len(await asyncio.gather(*writes)) == 11
    opened.close()


class Told:
    """Waits for the end of one job that was submitted."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.found: tuple = ()

    def __call__(self, result, error) -> None:
        self.found = (result, error)
        self.ended.set()

    async def outcome(self) -> tuple:
        await asyncio.wait_for(self.ended.wait(), 5)
        return self.found


def _put(connection: Connection, id: str) -> str:
    _one_row(connection, id)
    return id


def _one_row(connection: Connection, id: str) -> None:
    driver(connection).execute(f"INSERT INTO token_system (uri) VALUES ('{id}')")


def _has_row(connection: Connection, id: str) -> bool:
    return interning.known_system_id(connection, id) is not None


async def test_one_statement_is_kept_without_a_transaction(database: Database) -> None:
    told = Told()

    def alone(connection: Connection) -> str:
        assert not is_in_transaction(connection)
        return _put(connection, "urn:alone")

    database.submit(lambda _: pytest.fail("it was done"), told, alone=alone)
    assert await told.outcome() == ("urn:alone", None)
    assert await database.read(lambda c: _has_row(c, "urn:alone"))
    assert (database.statistics().jobs, database.statistics().commits) == (1, 1)


@pytest.mark.parametrize("fault", ["declined", "no such table"])
async def test_what_one_statement_cannot_do_is_done_in_a_transaction(
    database: Database, fault: str
) -> None:
    told = Told()

    def alone(connection: Connection) -> None:
        if fault != "declined":
            driver(connection).execute("INSERT INTO nowhere VALUES (1)")

    def job(connection: Connection) -> str:
        assert is_in_transaction(connection)
        return _put(connection, "urn:job")

    database.submit(job, told, alone=alone)
    assert await told.outcome() == ("urn:job", None)
    assert await database.read(lambda c: _has_row(c, "urn:job"))


async def test_beside_another_write_it_shares_the_transaction(database: Database) -> None:
    started, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(5)

    held = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(started.wait, 5)
    told = Told()
    database.submit(
        lambda c: _put(c, "urn:a"), told, alone=lambda _: pytest.fail("a sync of its own")
    )
    other = asyncio.ensure_future(database.write(lambda c: _put(c, "urn:b")))
    await asyncio.sleep(0.05)
    go.set()
    assert await told.outcome() == ("urn:a", None)
    await asyncio.gather(held, other)
    assert database.statistics().commits == 2


async def test_who_fails_when_it_is_told_holds_nobody_up(database: Database) -> None:
    loop, faults = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: faults.append(context["exception"]))
    started, go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        started.set()
        assert go.wait(5)

    def broken(_result, _error) -> None:
        raise ZeroDivisionError

    held = asyncio.ensure_future(database.write(hold))
    await asyncio.to_thread(started.wait, 5)
    database.submit(lambda _: 1, broken)
    other = asyncio.ensure_future(database.write(lambda _: 2))
    await asyncio.sleep(0.05)
    go.set()
    assert await asyncio.wait_for(other, 5) == 2
    await held
    assert [type(each) for each in faults] == [ZeroDivisionError]


async def test_a_closed_store_takes_no_job(url: str) -> None:
    closed = Database.open(url)
    closed.close()
    with pytest.raises(StoreUnavailable):
        closed.submit(lambda _: None, Told())
