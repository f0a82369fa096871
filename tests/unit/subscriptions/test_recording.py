"""Events stand and fall with the write that makes them, whoever writes and on whichever server."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from cds_hooks.ports import IssuedCard
from fhir_server.r4.outcome import BadRequest
from fhir_server.store import resources
from fhir_server.store.access import Access
from fhir_server.store.cards import StoredPredictions
from fhir_server.store.resources import Stored
from fhir_server.subscriptions import delivery, recording, records
from fhir_server.subscriptions.policy import Policy
from tests.support.fhir_http import FHIR
from tests.support.fhir_store import NOW, hba1c
from tests.support.subscriptions import BASE, Receiver, Ward, ward

pytestmark = pytest.mark.anyio


def events_of(opened: Ward, id: str) -> int:
    known = opened.database.read_now(lambda c: records.find(c, id))
    assert known is not None
    return known.progress.events


def numbers_kept(opened: Ward, id: str) -> list[int]:
    found = opened.database.read_now(
        lambda c: delivery.events.between(c, id, first=0, last=9, most=9)
    )
    return [event.number for event in found]


def bundle(type: str, *given: dict[str, object]) -> dict[str, object]:
    return {
        "resourceType": "Bundle",
        "type": type,
        "entry": [
            {
                "resource": resource,
                "request": {"method": "PUT", "url": f"Observation/{resource['id']}"},
            }
            for resource in given
        ],
    }


async def test_a_transaction_that_fails_leaves_no_event(opened: Ward) -> None:
    id = await opened.subscribe()
    wrong = {**hba1c("o2"), "subject": {"reference": "Patient?identifier=urn:x|nobody"}}
    answer = await opened.client.post(
        "", json=bundle("transaction", hba1c("o1"), wrong), headers=FHIR
    )
    assert answer.status_code == 412
    assert events_of(opened, id) == 0


async def test_of_a_batch_what_was_stored_is_told(opened: Ward) -> None:
    id = await opened.subscribe()
    conflicting = bundle("batch", hba1c("o1"), hba1c("o2"), hba1c("o3"))
    conflicting["entry"][1]["request"]["ifMatch"] = 'W/"7"'  # type: ignore[index]
    answer = await opened.client.post("", json=conflicting, headers=FHIR)
    statuses = [entry["response"]["status"][:3] for entry in answer.json()["entry"]]
    assert statuses == ["201", "412", "201"]
    await opened.courier.settle()
    told = [e["focus"]["reference"][-2:] for n in opened.receiver.notes[1:] for e in n.events]
    assert told == ["o1", "o3"]
    assert events_of(opened, id) == 2


async def test_a_job_that_raises_leaves_no_event_and_the_next_is_counted(opened: Ward) -> None:
    id = await opened.subscribe()

    def failing(connection: Connection) -> None:
        resources.put(connection, hba1c("o1"), now=NOW)
        raise BadRequest("value", "no")

    outcomes = await asyncio.gather(
        opened.database.write(failing),
        opened.database.write(lambda c: resources.put(c, hba1c("o2"), now=NOW)),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], BadRequest)
    assert isinstance(outcomes[1], Stored)
    assert events_of(opened, id) == 1


async def test_a_subscription_that_was_rolled_back_watches_nothing(opened: Ward) -> None:
    """Its revision is given out again: what was read of it must not stay in memory."""
    known = await opened.subscribe("code=none")
    row = opened.database.read_now(lambda c: records.find(c, known))
    assert row is not None

    def failing(connection: Connection) -> None:
        everything = records.Known(
            "ghost", delivery.replace(row.terms, filters=()), row.access, row.progress
        )
        records.keep(connection, everything)
        resources.put(connection, hba1c("o1"), now=NOW)
        raise BadRequest("value", "no")

    with pytest.raises(BadRequest):
        await opened.database.write(failing)
    second = await opened.subscribe("code=4548-4")
    await opened.store(hba1c("o2"))
    assert opened.database.read_now(lambda c: records.find(c, "ghost")) is None
    assert (events_of(opened, known), events_of(opened, second)) == (0, 1)


async def test_a_prediction_is_told_like_any_other_write(opened: Ward) -> None:
    await opened.subscribe("subject=Patient/p1", type="RiskAssessment")
    risk = {
        "resourceType": "RiskAssessment",
        "id": "r1",
        "status": "final",
        "subject": {"reference": "Patient/p1"},
    }
    cards: list[IssuedCard] = []
    await StoredPredictions(opened.database, lambda: NOW).keep([risk], cards)
    await opened.courier.settle()
    assert opened.receiver.notes[-1].events[0]["focus"]["type"] == "RiskAssessment"


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # a file has one server
async def test_a_write_on_another_server_is_told_and_sent_once(url: str) -> None:
    receiver = Receiver()
    async with ward(url, receiver=receiver) as first, ward(url, receiver=receiver) as second:
        await first.store(hba1c("before"))
        await second.store(hba1c("before"))  # both have seen that nobody watches
        id = await first.subscribe()
        await second.store(hba1c("o1"))
        for number in range(20):
            await (first, second)[number % 2].store(hba1c(f"o{number + 2}"))
            await asyncio.gather(first.courier.settle(), second.courier.settle())
        assert receiver.numbers == list(range(1, 22))
        assert receiver.kinds.count("handshake") == 1
        await first.client.delete(f"Subscription/{id}")
        await second.store(hba1c("after"))
        assert events_of(second, id) == 21


async def test_the_lease_of_a_server_that_died_ends(opened: Ward) -> None:
    id = await opened.subscribe()
    await opened.store(hba1c("o1"))
    lost = await opened.database.write(
        lambda c: delivery.claim(c, id, "dead", policy=Policy(), now=opened.now)
    )
    assert lost is not None
    await opened.courier.settle()
    assert opened.receiver.numbers == []
    opened.pass_time(seconds=16)
    await opened.courier.settle()
    assert opened.receiver.numbers == [1]
    # Were it alive after all, its outcome would come too late to count.
    late = await opened.database.write(lambda c: delivery.taken(c, lost, now=opened.now))
    assert late is False


async def test_restricted_clients_hear_of_their_patients_only(opened: Ward) -> None:
    opened.access = Access(frozenset({"p1"}))
    id = await opened.subscribe(content="full-resource")
    opened.access = Access()
    await opened.store(hba1c("o1", "p1"))
    await opened.store(hba1c("o2", "p2"))
    await opened.client.delete("Observation/o1")
    await opened.client.delete("Observation/o2")
    assert events_of(opened, id) == 2
    await opened.courier.settle()
    sent = opened.receiver.notes[1].bundle["entry"][1:]
    assert [entry["fullUrl"][-2:] for entry in sent] == ["o1", "o1"]


async def test_a_patient_named_by_this_server_s_own_address_is_the_same_patient(
    opened: Ward,
) -> None:
    opened.access = Access(frozenset({"p1"}))
    id = await opened.subscribe()
    opened.access = Access()
    await opened.store({**hba1c("o1"), "subject": {"reference": f"{BASE}/Patient/p1"}})
    await opened.store({**hba1c("o2"), "subject": {"reference": "http://other/Patient/p1"}})
    assert events_of(opened, id) == 1


async def test_what_was_moved_to_another_patient_before_it_was_sent_is_not_sent(
    opened: Ward,
) -> None:
    opened.access = Access(frozenset({"p1"}))
    id = await opened.subscribe(content="full-resource", max_count=2)
    opened.access = Access()
    for name in ("wrong", "gone", "right", "late"):
        await opened.store(hba1c(name, "p1"))
    for name in ("wrong", "gone"):
        await opened.store(hba1c(name, "p2"))  # it had been filed under the wrong patient
    await opened.client.delete("Observation/gone")
    await opened.store(hba1c("late", "p2"))
    await opened.courier.settle()
    assert [note.numbers for note in opened.receiver.notes[1:]] == [[3]]
    known = opened.database.read_now(lambda c: records.find(c, id))
    assert known is not None
    assert known.progress.delivered == known.progress.events == 4


async def test_a_filter_of_a_restricted_client_does_not_ask_about_others_records(
    opened: Ward,
) -> None:
    chained = "derived-from:Observation.status=preliminary"
    await opened.store(hba1c("mine", "p1", status="preliminary"))
    await opened.store(hba1c("theirs", "p2", status="preliminary"))
    opened.access = Access(frozenset({"p1"}))
    restricted = await opened.subscribe(chained)
    opened.access = Access()
    open = await opened.subscribe(chained)
    for source in ("mine", "theirs"):
        reference = {"reference": f"Observation/{source}"}
        await opened.store(hba1c(f"of-{source}", "p1", derivedFrom=[reference]))
    assert (events_of(opened, restricted), events_of(opened, open)) == (1, 2)


async def test_a_filter_that_cannot_be_read_any_more_is_an_error_and_no_write_fails(
    opened: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await opened.subscribe("code=4548-4")

    def refuse(*_given: object) -> frozenset[str]:
        raise BadRequest("not-supported", "code is not served")

    monkeypatch.setattr(recording, "matching", refuse)
    await opened.store(hba1c("o1"))
    stored = await opened.read(id)
    assert stored["status"] == "error"
    assert "code is not served" in stored["error"]


async def test_too_many_waiting_events_are_an_error(url: str) -> None:
    async with ward(url, policy=Policy(most_events=3)) as opened:
        id = await opened.subscribe()
        opened.receiver.refuse = lambda _note: "the endpoint answered 503"
        for number in range(4):
            await opened.store(hba1c(f"o{number}"))
        stored = await opened.read(id)
        assert stored["status"] == "error"
        assert "More than 3 events wait" in stored["error"]
        await opened.courier.expire()
        assert numbers_kept(opened, id) == [2, 3, 4]


async def test_events_are_kept_for_a_while_and_a_long_error_ends(url: str) -> None:
    policy = Policy(retention=timedelta(days=7), attempts=1)
    async with ward(url, policy=policy) as opened:
        quick, slow = await opened.subscribe(), await opened.subscribe()
        opened.receiver.refuse = lambda note: (
            "the endpoint answered 503" if slow in note.value("subscription")["reference"] else None
        )
        await opened.store(hba1c("o1"))
        await opened.courier.settle()

        opened.pass_time(days=6)
        await opened.courier.expire()
        assert (numbers_kept(opened, quick), numbers_kept(opened, slow)) == ([1], [1])
        opened.pass_time(days=2)
        await opened.store(hba1c("o2"))
        await opened.courier.settle()
        await opened.courier.expire()
        assert (numbers_kept(opened, quick), numbers_kept(opened, slow)) == ([2], [])
        stored = await opened.read(slow)
        assert stored["status"] == "off"


async def test_the_events_of_one_that_is_off_are_removed_in_time(opened: Ward) -> None:
    off, active = await opened.subscribe(), await opened.subscribe()
    opened.receiver.refuse = lambda _note: "the endpoint answered 503"
    await opened.store(hba1c("o1"))
    stored = await opened.read(off)
    answer = await opened.client.put(
        f"Subscription/{off}", json={**stored, "status": "off"}, headers=FHIR
    )
    assert answer.status_code == 200

    await opened.courier.expire()
    assert (numbers_kept(opened, off), numbers_kept(opened, active)) == ([1], [1])
    opened.pass_time(days=8)
    await opened.courier.expire()
    assert (numbers_kept(opened, off), numbers_kept(opened, active)) == ([], [1])


async def test_what_waits_for_an_active_one_never_expires(opened: Ward) -> None:
    """The server itself may have been off for a month."""
    await opened.subscribe()
    await opened.store(hba1c("o1"))
    opened.pass_time(days=30)
    await opened.courier.expire()
    await opened.courier.settle()
    assert opened.receiver.numbers == [1]


async def test_without_a_subscription_a_write_costs_one_look_up(opened: Ward) -> None:
    """No search is run and nothing is written beside the resource."""
    ran: list[str] = []
    real = records.revision

    def counted(connection: Connection) -> int:
        ran.append("revision")
        return real(connection)

    patched = pytest.MonkeyPatch()
    patched.setattr(records, "revision", counted)
    patched.setattr(recording, "matching", lambda *_: pytest.fail("a search was run"))
    try:
        await opened.store(hba1c("o1"))
        assert ran == ["revision"]
        await opened.store({"resourceType": "Patient", "id": "p1"})
        assert ran == ["revision"]
    finally:
        patched.undo()
