"""Whom a Group names, and what is said of members that are no patient of this server."""

from datetime import UTC
from typing import Any

import pytest

from fhir_server.jobs.groups import GroupReader, Members
from fhir_server.r4.outcome import NotFound
from fhir_server.store.access import Access
from tests.support.fhir_store import BASE, NOW, patient, store, writing


def group(id: str, *members: str, **more: Any) -> dict[str, Any]:
    listed = [{"entity": {"reference": member}} for member in members]
    base = {"resourceType": "Group", "id": id, "type": "person", "actual": True, "member": listed}
    return base | more


def members(id: str, *groups: dict[str, Any], access: Access | None = None) -> Members:
    with writing() as connection:
        store(connection, patient("p1"), patient("p2"), *groups)
        reader = GroupReader(
            connection=connection,
            base_url=BASE,
            zone=UTC,
            now=NOW,
            access=access or Access(),
        )
        return reader.members(id)


def test_members_by_relative_and_by_own_absolute_reference() -> None:
    found = members("g", group("g", "Patient/p1", f"{BASE}/Patient/p2"))
    assert (found.patients, found.remarks) == ({"p1", "p2"}, [])


def test_another_servers_patient_of_the_same_id_is_none_of_ours() -> None:
    found = members("g", group("g", "https://other.example/fhir/Patient/p1"))
    assert found.patients == set()
    assert found.remarks == [
        "Group/g, member[0]: 'https://other.example/fhir/Patient/p1' is no patient of this "
        "server; not exported."
    ]


def test_a_member_without_a_literal_reference_is_named() -> None:
    other = {"entity": {"identifier": {"value": "MRN-1"}}}
    found = members("g", group("g", member=[other]))
    assert found.patients == set()
    assert len(found.remarks) == 1 and found.remarks[0].startswith("Group/g, member[0]: ")


def test_a_group_that_is_a_description_names_nobody_and_says_so() -> None:
    found = members("g", group("g", actual=False, member=[]))
    assert found.patients == set()
    assert found.remarks == ["Group/g is not actual: its characteristics are not evaluated."]


def test_a_member_whose_period_goes_on_is_meant() -> None:
    going_on = {"entity": {"reference": "Patient/p1"}, "period": {"end": "2026-05-12"}}
    over = {"entity": {"reference": "Patient/p2"}, "period": {"end": "2026-05-10"}}
    assert members("g", group("g", member=[going_on, over])).patients == {"p1"}


def test_a_group_in_a_group_that_the_client_may_not_see_is_as_if_not_there() -> None:
    seen = group("seen", "Patient/p1", "Group/hidden", "Group/nowhere")
    hidden = group("hidden", "Patient/p2")
    found = members("seen", seen, hidden, access=Access(frozenset({"p1"}), BASE))
    assert found.patients == {"p1"}
    assert found.remarks == [
        f"Group/seen, member[{at}]: Group/{id} is not on this server."
        for at, id in ((1, "hidden"), (2, "nowhere"))
    ]
    with pytest.raises(NotFound):
        members("hidden", hidden, access=Access(frozenset({"p1"}), BASE))
