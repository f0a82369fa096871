"""The state at an instant: whatever is written meanwhile, an export is of one moment."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from fhir_server.store import export_walk, gathering, resources
from fhir_server.store.access import Access
from fhir_server.store.compartment_walk import Compartments
from fhir_server.store.export_walk import Selection
from fhir_server.store.resources import microseconds
from tests.support.fhir_store import BASE, NOW, hba1c, patient


def after(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def selection(
    minutes: float,
    since: float | None = None,
    patients: frozenset[str] | None = None,
    *,
    of_patients: bool = False,
    access: Access | None = None,
) -> Selection:
    compartments = Compartments(patients, BASE) if of_patients or patients is not None else None
    start = None if since is None else microseconds(after(since))
    return Selection(microseconds(after(minutes)), start, compartments, BASE, access or Access())


def exported(connection: Connection, type: str, wanted: Selection) -> list[str]:
    """Return ids and versions of what is live, and `-` before the ids of what was deleted."""
    gathering.flush(connection)
    live = export_walk.live(connection, type, wanted)
    gone = export_walk.deleted(connection, type, wanted)
    found = [
        f"{s.id}/{s.version}"
        for rids in live.batches()
        for s in export_walk.states(connection, type, rids, live.late, wanted)
        if not s.deleted
    ]
    found += [
        f"-{s.id}"
        for rids in gone.batches()
        for s in export_walk.states(connection, type, rids, gone.late, wanted)
        if s.deleted
    ]
    return found


@pytest.fixture
def ward(connection: Connection) -> Connection:
    """At minute 10 something happens to each of the results that were there before."""
    resources.put(connection, patient("p1"), now=after(0))
    resources.put(connection, patient("p2"), now=after(0))
    for id in ("kept", "changed", "deleted", "moved"):
        resources.put(connection, hba1c(id, "p1"), now=after(1))
    resources.put(connection, hba1c("changed", "p1", status="amended"), now=after(10))
    resources.delete(connection, "Observation", "deleted", now=after(10))
    resources.put(connection, hba1c("moved", "p2"), now=after(10))
    resources.put(connection, hba1c("new", "p1"), now=after(10))
    return connection


def test_the_state_before_is_told_after_the_change(ward: Connection) -> None:
    before = ["changed/1", "deleted/1", "kept/1", "moved/1"]
    assert sorted(exported(ward, "Observation", selection(5))) == before
    one = selection(5, patients=frozenset({"p1"}))
    assert sorted(exported(ward, "Observation", one)) == before
    other = selection(5, patients=frozenset({"p2"}))
    assert exported(ward, "Observation", other) == []
    every = selection(5, of_patients=True)
    assert sorted(exported(ward, "Observation", every)) == before


def test_the_state_after_is_told_too(ward: Connection) -> None:
    now = ["changed/2", "kept/1", "moved/2", "new/1"]
    assert sorted(exported(ward, "Observation", selection(10))) == now
    other = selection(10, patients=frozenset({"p2"}))
    assert exported(ward, "Observation", other) == ["moved/2"]
    assert exported(ward, "Patient", other) == ["p2/1"]


def test_two_exports_one_after_the_other_lose_nothing(ward: Connection) -> None:
    assert sorted(exported(ward, "Observation", selection(10, since=5))) == [
        "-deleted",
        "changed/2",
        "moved/2",
        "new/1",
    ]
    assert exported(ward, "Observation", selection(20, since=10)) == []
    # "later than the supplied time": what is exactly of it was in the export that told it.
    assert exported(ward, "Observation", selection(5, since=1)) == []


def test_a_deletion_is_told_to_those_whose_record_it_was_in(ward: Connection) -> None:
    one = selection(10, since=5, patients=frozenset({"p1"}))
    assert sorted(exported(ward, "Observation", one)) == ["-deleted", "changed/2", "new/1"]
    other = selection(10, since=5, patients=frozenset({"p2"}))
    assert exported(ward, "Observation", other) == ["moved/2"]


def test_what_was_deleted_and_came_back_is_live(ward: Connection) -> None:
    resources.put(ward, hba1c("deleted", "p1"), now=after(12))
    assert "deleted/3" in exported(ward, "Observation", selection(20, since=5))
    assert "-deleted" in exported(ward, "Observation", selection(11, since=5))


def test_a_client_gets_the_records_that_are_open_to_it(
    ward: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_walk, "visible", lambda _c, stored, _a: stored.id != "kept")
    only = Access(frozenset({"p1"}))
    assert sorted(exported(ward, "Observation", selection(10, access=only))) == [
        "changed/2",
        "new/1",
    ]
    assert exported(ward, "Patient", selection(10, access=only)) == ["p1/1"]
    both = selection(10, patients=frozenset({"p1", "p2"}), access=only)
    assert exported(ward, "Patient", both) == ["p1/1"]
    assert exported(ward, "Patient", selection(10, of_patients=True, access=only)) == ["p1/1"]
    none = selection(10, patients=frozenset({"p2"}), access=only)
    assert exported(ward, "Observation", none) == []
    resources.put(ward, {"resourceType": "Organization", "id": "w"}, now=after(1))
    assert exported(ward, "Organization", selection(10, access=only)) == []
    assert exported(ward, "Organization", selection(10)) == ["w/1"]


def test_more_than_one_batch_comes_in_order(connection: Connection) -> None:
    many = export_walk.BATCH * 2 + 7
    for number in range(many):
        resources.put(connection, patient(f"p{number}"), now=NOW)
    found = exported(connection, "Patient", selection(1))
    assert found == [f"p{number}/1" for number in range(many)]
    chosen = selection(1, patients=frozenset(f"p{n}" for n in range(0, many, 2)))
    assert exported(connection, "Patient", chosen) == [f"p{n}/1" for n in range(0, many, 2)]


def test_a_union_parameter_places_a_condition(connection: Connection) -> None:
    """Condition is placed by `patient`, which has no rows of its own: `subject` answers."""
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": f"{BASE}/Patient/p1"},
    }
    resources.put(connection, condition, now=NOW)
    wanted = selection(1, patients=frozenset({"p1"}))
    assert exported(connection, "Condition", wanted) == ["c1/1"]
    assert exported(connection, "Condition", selection(1, of_patients=True)) == ["c1/1"]


def test_of_patients_only_what_changed_is_read(ward: Connection) -> None:
    gathering.flush(ward)
    whole = export_walk.live(ward, "Observation", selection(20, patients=frozenset({"p1"})))
    since = selection(20, since=5, patients=frozenset({"p1"}))
    changed = export_walk.live(ward, "Observation", since)
    assert (len(whole.rids), len(changed.rids)) == (3, 2)
