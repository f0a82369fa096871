"""Rows that gather: seen by every read of the transaction, dropped with what they are of."""

import asyncio
import threading
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, bindparam, select

from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.r4.search_values import IndexValue
from fhir_server.store import gathering, indexing, interning, resources
from fhir_server.store.database import Database
from fhir_server.store.index_rows import Place, Row
from fhir_server.store.resources import Stored
from fhir_server.store.statements import NewRows, Prepared, driver
from fhir_server.store.tables import table
from fhir_server.store.writer import savepoint
from tests.support.fhir_store import NOW

_TOKEN = table("token_index")
_FIND = Prepared(
    select(_TOKEN.c.rid)
    .where(_TOKEN.c.param == bindparam("of_param"))
    .where(_TOKEN.c.code == bindparam("of_code"))
)


def _patient(number: str) -> dict:
    return {"resourceType": "Patient", "identifier": [{"value": number}]}


def _found(connection: Connection, number: str) -> int:
    param = interning.parameter_ids(connection, "Patient")["identifier"]
    return len(_FIND.run(connection, param, number).fetchall())


def test_a_read_of_an_index_sees_what_was_stored_just_before(connection: Connection) -> None:
    with savepoint(connection):
        resources.create(connection, _patient("a"), now=NOW)
    with savepoint(connection):
        assert _found(connection, "a") == 1


def test_a_job_that_fails_takes_its_rows_with_it_and_no_others(connection: Connection) -> None:
    with savepoint(connection):
        resources.create(connection, _patient("a"), now=NOW)
    with pytest.raises(RuntimeError), savepoint(connection):
        resources.create(connection, _patient("b"), now=NOW)
        raise RuntimeError
    with savepoint(connection):
        resources.create(connection, _patient("c"), now=NOW)
    gathering.flush(connection)
    assert [_found(connection, number) for number in "abc"] == [1, 0, 1]


def test_rows_that_a_failed_job_wrote_for_an_earlier_one_are_written_again(
    connection: Connection,
) -> None:
    with savepoint(connection):
        resources.create(connection, _patient("a"), now=NOW)
    with pytest.raises(RuntimeError), savepoint(connection):
        resources.create(connection, _patient("b"), now=NOW)
        assert _found(connection, "a") == 1  # it reads, so all that had gathered is written
        raise RuntimeError
    assert [_found(connection, number) for number in "ab"] == [1, 0]


def test_an_entry_that_fails_inside_of_a_job_leaves_the_others_rows(connection: Connection) -> None:
    with savepoint(connection):
        resources.create(connection, _patient("a"), now=NOW)
        with savepoint(connection):
            resources.create(connection, _patient("b"), now=NOW)
            assert _found(connection, "b") == 1
        with pytest.raises(RuntimeError), savepoint(connection):
            resources.create(connection, _patient("c"), now=NOW)
            raise RuntimeError
    assert [_found(connection, number) for number in "abc"] == [1, 1, 0]


def test_an_update_of_what_has_only_gathered_leaves_no_old_row(connection: Connection) -> None:
    with savepoint(connection):
        stored = resources.create(connection, _patient("a"), now=NOW)
    with savepoint(connection):
        resources.put(connection, {**_patient("b"), "id": stored.id}, now=NOW)
    assert [_found(connection, number) for number in "ab"] == [0, 1]


def test_what_has_only_gathered_is_read_by_its_key_and_by_a_search_of_all(
    connection: Connection,
) -> None:
    with savepoint(connection):
        stored = resources.create(connection, _patient("a"), now=NOW)
        assert resources.read(connection, "Patient", stored.id).body == stored.body
        other = resources.create(connection, _patient("b"), now=NOW)
        assert resources.history(connection, count=9).entries[0].id == other.id
        resources.put(connection, {**_patient("c"), "id": stored.id}, now=NOW)
        assert resources.read_version(connection, "Patient", stored.id, 2).version == 2


def test_looking_for_another_resource_writes_nothing_yet(connection: Connection) -> None:
    with savepoint(connection):
        resources.put(connection, {**_patient("a"), "id": "a"}, now=NOW)
        resources.put(connection, {**_patient("b"), "id": "b"}, now=NOW)
        assert gathering.mark(connection).lengths["resource_version"] == 2
        gone = resources.delete(connection, "Patient", "b", now=NOW)
        assert gone.version == 2
        with pytest.raises(Gone):
            resources.read(connection, "Patient", "b")


def test_a_resource_of_a_failed_job_can_be_stored_again(connection: Connection) -> None:
    with savepoint(connection):
        resources.put(connection, {**_patient("a"), "id": "a"}, now=NOW)
    for reads in (False, True):
        with pytest.raises(RuntimeError), savepoint(connection):
            resources.put(connection, {**_patient("b"), "id": "b"}, now=NOW)
            if reads:
                assert resources.read(connection, "Patient", "b")
            raise RuntimeError
        with pytest.raises(NotFound):
            resources.read(connection, "Patient", "b")
    with savepoint(connection):
        assert resources.put(connection, {**_patient("b"), "id": "b"}, now=NOW).version == 1
    assert resources.read(connection, "Patient", "a").version == 1
    gathering.flush(connection)
    assert [_found(connection, number) for number in "ab"] == [1, 1]


def test_large_bodies_do_not_wait(connection: Connection) -> None:
    with savepoint(connection):
        resources.create(connection, {**_patient("a"), "name": [{"text": "x" * 2**20}]}, now=NOW)
        assert "resource_version" not in gathering.mark(connection).lengths
    assert _found(connection, "a") == 1


async def test_ways_into_one_file_do_not_take_one_number(tmp_path: Path) -> None:
    """A command beside the server writes into its file too."""
    both = [Database.open(f"sqlite:///{tmp_path}/store.db") for _ in range(2)]
    try:
        for turn in range(4):
            job = partial(resources.put, resource={**_patient("x"), "id": f"p{turn}"}, now=NOW)
            await both[turn % 2].write(job)
        page = both[0].read_now(lambda c: resources.history(c, count=9))
        assert [entry.id for entry in page.entries] == ["p3", "p2", "p1", "p0"]
    finally:
        for database in both:
            database.close()


@pytest.mark.parametrize("count", [1, 2, 5, 7, 31, 300])
def test_any_number_of_rows_is_written_once(connection: Connection, count: int) -> None:
    rows = [(1, f"code-{n}", 0, n) for n in range(count)]
    NewRows(_TOKEN, repeats=True).run(connection, rows + rows[:1])
    found = driver(connection).execute("SELECT param, code, system, rid FROM token_index")
    assert sorted(tuple(row) for row in found) == sorted(rows)


async def test_of_a_group_only_the_write_fails_whose_rows_cannot_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of a group go in together; one that no column holds must not take the rest along."""
    given = indexing.row_of

    def row_of(value: IndexValue, place: Place) -> tuple[str, Row]:
        name, row = given(value, place)
        return (name, (*row[:3], 1 << 70)) if getattr(value, "code", "") == "bad" else (name, row)

    monkeypatch.setattr(indexing, "row_of", row_of)
    database = Database.open(f"sqlite:///{tmp_path}/store.db")
    hold = threading.Event()
    try:
        first = asyncio.create_task(database.write(lambda _c: hold.wait(10)))
        await asyncio.sleep(0.05)  # the writer is busy: what follows is one group
        jobs = [
            asyncio.create_task(
                database.write(lambda c, n=n: resources.create(c, _patient(n), now=NOW))
            )
            for n in ("a", "bad", "c")
        ]
        # It looks for something, and so is the first to meet the row.
        jobs.append(asyncio.create_task(database.write(lambda c: _found(c, "a"))))
        await asyncio.sleep(0)
        hold.set()
        a, bad, c, seen = await asyncio.gather(*jobs, return_exceptions=True)
        await first
        assert isinstance(bad, OverflowError)
        assert seen == 1
        for stored, number in ((a, "a"), (c, "c")):
            assert isinstance(stored, Stored)
            assert database.read_now(lambda r, s=stored: resources.read(r, "Patient", s.id))
            assert database.read_now(lambda r, n=number: _found(r, n)) == 1
        assert database.read_now(lambda r: _found(r, "bad")) == 0
    finally:
        database.close()
