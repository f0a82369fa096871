"""The versions of a resource, a type and everything, the newest first."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from fhir_server.r4.outcome import NotFound
from fhir_server.store import resources
from fhir_server.store.resources import HistoryCursor, Stored, history, microseconds
from tests.support.fhir_store import NOW, hba1c, patient


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def at(minutes: float) -> int:
    return microseconds(after(minutes))


@pytest.fixture
def ward(connection: Connection) -> Connection:
    """A patient renamed, a result corrected, deleted and brought back."""
    resources.put(connection, patient("p1", family="王"), now=after(0))
    resources.put(connection, hba1c("o1"), now=after(1))
    resources.put(connection, patient("p1", family="李"), now=after(2), method="PATCH")
    resources.delete(connection, "Observation", "o1", now=after(3))
    resources.put(connection, hba1c("o1"), now=after(4))
    return connection


def said(entries: tuple[Stored, ...]) -> list[str]:
    return [f"{e.method} {e.type}/{e.id}/{e.version}" for e in entries]


def test_all_of_it_is_told_from_the_newest(ward: Connection) -> None:
    page = history(ward, count=10)
    assert said(page.entries) == [
        "PUT Observation/o1/3",
        "DELETE Observation/o1/2",
        "PATCH Patient/p1/2",
        "PUT Observation/o1/1",
        "PUT Patient/p1/1",
    ]
    assert page.following is None
    deletion = page.entries[1]
    assert (deletion.deleted, deletion.body, deletion.last_updated) == (True, b"", after(3))


def test_a_type_and_a_resource_have_histories_of_their_own(ward: Connection) -> None:
    assert said(history(ward, type="Patient", count=10).entries) == [
        "PATCH Patient/p1/2",
        "PUT Patient/p1/1",
    ]
    one = history(ward, type="Observation", id="o1", count=2)
    assert said(one.entries) == ["PUT Observation/o1/3", "DELETE Observation/o1/2"]
    assert one.total == 3
    with pytest.raises(NotFound):
        history(ward, type="Patient", id="nobody", count=10)


@pytest.mark.parametrize("scope", [{}, {"type": "Observation"}, {"type": "Patient", "id": "p1"}])
def test_pages_hold_each_version_once(ward: Connection, scope: dict[str, str]) -> None:
    whole = history(ward, count=10, **scope)
    read: list[Stored] = []
    before: HistoryCursor | None = None
    while True:
        page = history(ward, count=1, before=before, **scope)
        read += page.entries
        before = page.following
        if before is None:
            break
    assert tuple(read) == whole.entries


def test_versions_of_one_instant_are_told_apart(connection: Connection) -> None:
    for version in range(4):
        resources.put(connection, patient("p1", family=f"{version}"), now=NOW)
    first = history(connection, count=2)
    rest = history(connection, count=2, before=first.following)
    assert [e.version for e in (*first.entries, *rest.entries)] == [4, 3, 2, 1]


def test_since_includes_its_instant(ward: Connection) -> None:
    assert len(history(ward, since=at(3), count=10).entries) == 2
    assert len(history(ward, since=at(3) + 1000, count=10).entries) == 1


def test_at_asks_for_what_was_current_in_a_range(ward: Connection) -> None:
    """At the instant of a change the new version is current, the old one no longer."""
    during = history(ward, at=(at(2.5), at(2.5) + 1000), count=10)
    assert said(during.entries) == ["PATCH Patient/p1/2", "PUT Observation/o1/1"]
    whole = history(ward, type="Observation", at=(at(2), at(3) + 1000), count=10)
    assert said(whole.entries) == ["DELETE Observation/o1/2", "PUT Observation/o1/1"]
    assert history(ward, at=(at(-5), at(-4)), count=10).entries == ()
