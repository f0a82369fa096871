"""Reads on the event loop: short ones stay there, long ones go on in a thread, neither is lost."""

import threading

import pytest

from fhir_server.store.database import Database
from fhir_server.store.statements import driver

_COUNT = """WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)
SELECT count(*) FROM number"""


@pytest.fixture
def database(tmp_path):
    database = Database.open(f"sqlite:///{tmp_path}/store.db")
    yield database
    database.close()


@pytest.mark.parametrize(("size", "stays"), [(10, True), (1_000_000, False)])
async def test_a_long_read_goes_on_in_a_thread(database, size, stays):
    threads = []

    def count(connection):
        threads.append(threading.current_thread() is threading.main_thread())
        return driver(connection).execute(_COUNT, (size,)).fetchone()[0]

    assert await database.read_soon(count) == size
    assert threads == ([True] if stays else [True, False])


async def test_what_follows_a_read_that_was_broken_off_is_not_limited(database):
    def count(connection):
        return driver(connection).execute(_COUNT, (1_000_000,)).fetchone()[0]

    assert await database.read_soon(count) == 1_000_000
    assert database.read_now(count) == 1_000_000


async def test_what_a_read_refuses_is_refused_once(database):
    calls = []

    def refuse(_connection):
        calls.append(1)
        raise ValueError("no such parameter")

    with pytest.raises(ValueError, match="no such parameter"):
        await database.read_soon(refuse)
    assert len(calls) == 1
