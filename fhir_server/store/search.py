"""Search on one type: plan, run, page.

The most selective criterion leads: its rows are counted up to a bound, the others are checked on
each candidate. Where every criterion matches much, the walk follows an index in its own order and
stops at the end of the page. So a page costs what it holds, not what the store holds.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from fhir_server.r4.codec import decode
from fhir_server.r4.outcome import BadRequest
from fhir_server.store.budget import need_thread
from fhir_server.store.resources import Stored, moment
from fhir_server.store.search_bodies import BodyTest
from fhir_server.store.search_compile import compile_tests
from fhir_server.store.search_plan import plan
from fhir_server.store.search_query import Cursor, SearchPage, SearchQuery
from fhir_server.store.search_run import Run, in_order_of_index

# So many records are read to decide what no index holds; beyond, the search is to be narrowed.
MOST_BODIES = 10_000
_BATCH = 200


def search(connection: Connection, type: str, query: SearchQuery) -> SearchPage:
    """Return one page of the resources of `type` for which every criterion of `query` holds.

    Deleted resources are never among them. `total` is given where `query.total` asks for it.
    BadRequest (400, `too-costly`) where more records than MOST_BODIES would have to be read.
    """
    tested = compile_tests(connection, type, query.criteria)
    if tested.impossible:
        return SearchPage((), 0 if query.total else None, None)
    chosen = plan(
        connection,
        tested.conditions,
        query.sort,
        cursor=query.cursor,
        by_keys=not in_order_of_index(type, query),
    )
    run = Run(connection, type, query, chosen)
    if tested.bodies:
        need_thread(connection)
        return _decided_by_bodies(run, tested.bodies)
    rows = run.rows() if query.count else []
    page, more = rows[: query.count], len(rows) > query.count
    total = None
    if query.total:
        complete = query.cursor is None and query.count and not more
        total = len(page) if complete else run.count()
    return SearchPage(
        tuple(_stored(type, row) for row in page),
        total,
        run.cursor(page[-1]) if more else None,
    )


def _decided_by_bodies(run: Run, bodies: list[BodyTest]) -> SearchPage:
    """Return a page of the candidates that their bodies admit, found in batches.

    A total needs all of them, from the first page on.
    """
    query = run.query
    found, more = _admitted(run, bodies, query.cursor, query.count + 1)
    page = found[: query.count]
    total = None
    if query.total:
        complete = query.cursor is None and not more and len(found) <= query.count
        total = len(page) if complete else len(_admitted(run, bodies, None, MOST_BODIES + 1)[0])
    return SearchPage(
        tuple(_stored(run.type, row) for row in page),
        total,
        run.cursor(page[-1]) if page and len(found) > query.count else None,
    )


def _admitted(
    run: Run, bodies: list[BodyTest], cursor: Cursor | None, wanted: int
) -> tuple[list[Any], bool]:
    """Return up to `wanted` rows that all bodies admit, and whether candidates are left."""
    found: list[Any] = []
    read = 0
    while True:
        batch = replace(run, query=replace(run.query, count=_BATCH - 1, cursor=cursor)).rows()
        for place, row in enumerate(batch):
            resource = decode(row[5])
            if all(test.holds(resource) for test in bodies):
                found.append(row)
                if len(found) == wanted:
                    return found, place + 1 < len(batch) or len(batch) == _BATCH
        if len(batch) < _BATCH:
            return found, False
        read += len(batch)
        if read >= MOST_BODIES:
            raise _too_costly(bodies[0])
        cursor = run.cursor(batch[-1])


def _too_costly(test: BodyTest) -> BadRequest:
    return BadRequest(
        "too-costly",
        f"{test.criterion.parameter} as it is asked for is decided by reading records, of which "
        f"the other criteria leave more than {MOST_BODIES}; narrow the search, by patient or date.",
    )


def _stored(type: str, row: Any) -> Stored:
    _rid, _sort_value, id, version, last_updated, body, *_keys = row
    return Stored(type, id, version, moment(last_updated), False, body)
