"""A patient's record by pages, on both databases."""

import pytest
from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError
from fhir_server.store import resources
from fhir_server.store.access import Access
from fhir_server.store.everything import Everything, record_page, supporting
from tests.support.fhir_store import BASE, NOW, hba1c, patient, store


def pages(connection: Connection, asked: Everything, count: int = 2) -> list[str]:
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        page = record_page(connection, asked, Access(), base_url=BASE, after=after, count=count)
        found += (stored.id for stored in page.entries)
        after = page.following
    return found


def test_a_record_by_pages(connection: Connection) -> None:
    store(connection, patient("p1"), patient("p2"), hba1c("a", "p1", "2026-03-01"))
    store(connection, hba1c("b", "p2"), hba1c("c", "p1", None), hba1c("d", "p1", "2026-05-01"))
    store(connection, hba1c("e", "p1"))
    resources.delete(connection, "Observation", "e", now=NOW)
    assert pages(connection, Everything("p1")) == ["a", "c", "d"]
    assert pages(connection, Everything("p2"), count=1) == ["b"]
    assert pages(connection, Everything("p1", types=frozenset({"Condition"}))) == []
    april = 1_775_000_000_000_000
    assert pages(connection, Everything("p1", period=(april, 1 << 61))) == ["c", "d"]
    assert pages(connection, Everything("p1", since=1 << 61)) == []


def test_what_it_rests_on(connection: Connection) -> None:
    store(connection, {"resourceType": "Practitioner", "id": "d1"}, patient("p1"))
    store(connection, hba1c("a", "p1", performer=[{"reference": f"{BASE}/Practitioner/d1"}]))
    asked = Everything("p1")
    page = record_page(connection, asked, Access(), base_url=BASE, after=0, count=9)
    found = supporting(connection, asked, page.entries, Access(), base_url=BASE, most=9)
    assert [stored.id for stored in found] == ["d1"]
    with pytest.raises(FhirError, match="more than 0 resources") as refusal:
        supporting(connection, asked, page.entries, Access(), base_url=BASE, most=0)
    assert refusal.value.issues[0].code == "too-costly"


def test_what_may_not_be_seen_is_not_among_what_it_rests_on(connection: Connection) -> None:
    """A Binary says of nobody whose it is: who is restricted does not see it."""
    scan = {"resourceType": "Binary", "id": "scan", "contentType": "image/png", "data": "AAAA"}
    clinic = {"resourceType": "Organization", "id": "clinic", "name": "clinic"}
    held = patient(
        "p1",
        photo=[{"url": "Binary/scan"}],
        managingOrganization={"reference": "Organization/clinic"},
    )
    store(connection, scan, clinic, held)
    entries = [resources.read(connection, "Patient", "p1")]

    def found(access: Access) -> set[str]:
        asked = Everything("p1")
        brought = supporting(connection, asked, entries, access, base_url=BASE, most=9)
        return {stored.id for stored in brought}

    assert found(Access()) == {"scan", "clinic"}
    assert found(Access(frozenset({"p1"}), BASE)) == {"clinic"}
