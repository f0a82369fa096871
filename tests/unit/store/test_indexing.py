"""Index rows that gather: seen by every read of the transaction, dropped with what they are of."""

import pytest
from sqlalchemy import Connection, bindparam, select

from fhir_server.store import indexing, interning, resources
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
    indexing.flush(connection)
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


@pytest.mark.parametrize("count", [1, 2, 5, 7, 31, 300])
def test_any_number_of_rows_is_written_once(connection: Connection, count: int) -> None:
    rows = [(1, f"code-{n}", 0, n) for n in range(count)]
    NewRows(_TOKEN).run(connection, rows + rows[:1])
    found = driver(connection).execute("SELECT param, code, system, rid FROM token_index")
    assert sorted(tuple(row) for row in found) == sorted(rows)
