"""The life of a Subscription on each database: handshake, events, failures, error, a new start."""

import asyncio

import pytest

from fhir_server.subscriptions.policy import Policy
from tests.support.fhir_http import FHIR, problem
from tests.support.fhir_store import BASE, hba1c
from tests.support.subscriptions import Note, Ward, subscription, ward

pytestmark = pytest.mark.anyio

PATIENT = "Observation?patient=Patient/p1"


async def test_a_ward_that_subscribes_to_one_patient_hears_of_that_patient(opened: Ward) -> None:
    id = await opened.subscribe(PATIENT)
    assert opened.receiver.kinds == ["handshake"]
    handshake = opened.receiver.notes[0]
    assert handshake.value("status") == "requested"
    assert handshake.value("events-since-subscription-start") == "0"
    assert handshake.value("subscription") == {"reference": f"{BASE}/Subscription/{id}"}
    assert (await opened.read(id))["status"] == "active"

    await opened.store(hba1c("o1", "p1"))
    await opened.store(hba1c("o2", "p2"))
    await opened.courier.settle()
    note = opened.receiver.notes[1]
    assert (note.kind, note.numbers) == ("event-notification", [1])
    assert note.events[0]["focus"] == {"reference": f"{BASE}/Observation/o1", "type": "Observation"}
    entry = note.bundle["entry"][1]
    assert entry["request"] == {"method": "POST", "url": "Observation"}
    assert "resource" not in entry
    assert note.bundle["entry"][0]["request"]["url"] == f"Subscription/{id}/$status"

    await opened.store(hba1c("o1", "p1", status="amended"))
    assert (await opened.client.delete("Observation/o1")).status_code == 204
    assert (await opened.client.delete("Observation/o2")).status_code == 204
    await opened.courier.settle()
    changed = opened.receiver.notes[2]
    assert changed.numbers == [2, 3]
    assert [e["request"]["method"] for e in changed.bundle["entry"][1:]] == ["PUT", "DELETE"]


@pytest.mark.parametrize("content", ["empty", "id-only", "full-resource"])
async def test_no_more_is_sent_than_was_asked_for(opened: Ward, content: str) -> None:
    await opened.subscribe(content=content)
    await opened.store(hba1c("o1", valueQuantity={"value": 7.25}))
    await opened.courier.settle()
    note = opened.receiver.notes[1]
    assert note.numbers == [1]
    assert ("focus" in note.events[0]) == (content != "empty")
    assert (note.value("topic") is None) == (content == "empty")
    assert len(note.bundle["entry"]) == (1 if content == "empty" else 2)
    told = note.bundle["entry"][-1].get("resource", {}).get("valueQuantity")
    assert told == ({"value": 7.25} if content == "full-resource" else None)


async def test_the_version_that_is_sent_is_the_one_of_the_event(opened: Ward) -> None:
    await opened.subscribe(content="full-resource")
    await opened.store(hba1c("o1", status="preliminary"))
    await opened.store(hba1c("o1", status="final"))
    await opened.courier.settle()
    found = [e["resource"] for e in opened.receiver.notes[1].bundle["entry"][1:]]
    assert [(f["meta"]["versionId"], f["status"]) for f in found] == [
        ("1", "preliminary"),
        ("2", "final"),
    ]


async def test_events_come_in_order_and_in_portions(opened: Ward) -> None:
    await opened.subscribe(max_count=3)
    for number in range(8):
        await opened.store(hba1c(f"o{number}"))
    await opened.courier.settle()
    assert [note.numbers for note in opened.receiver.notes[1:]] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    counts = [note.value("events-since-subscription-start") for note in opened.receiver.notes]
    assert counts == ["0", "3", "6", "8"]


async def test_who_has_much_to_be_told_does_not_hold_up_the_others(opened: Ward) -> None:
    for _ in range(2):
        await opened.subscribe(max_count=1)
    for number in range(3):
        await opened.store(hba1c(f"o{number}"))
    opened.courier.together = 1
    before = len(opened.receiver.notes)
    for _ in range(6):
        opened.pass_time(seconds=1)
        await opened.courier.round()
        await asyncio.gather(*opened.courier._under_way.values())
    told = [note.numbers for note in opened.receiver.notes[before:]]
    assert told == [[1], [1], [2], [2], [3], [3]]


async def test_a_failed_handshake_is_an_error_and_the_client_begins_again(opened: Ward) -> None:
    opened.receiver.refuse = lambda _note: "the endpoint answered 500"
    id = await opened.subscribe()
    stored = await opened.read(id)
    assert stored["status"] == "error"
    assert "answered 500" in stored["error"]
    assert opened.receiver.attempts == 1
    # In error the events go on being counted; the client gets them after a new start.
    await opened.store(hba1c("o1"))
    opened.receiver.refuse = lambda _note: None
    answer = await opened.client.put(
        f"Subscription/{id}", json={**stored, "status": "requested"}, headers=FHIR
    )
    assert answer.json()["status"] == "requested"
    assert "error" not in answer.json()
    await opened.courier.settle()
    assert opened.receiver.kinds == ["handshake", "event-notification"]
    assert opened.receiver.numbers == [1]


async def test_what_fails_is_sent_again_after_longer_and_longer_pauses(opened: Ward) -> None:
    await opened.subscribe()
    opened.receiver.refuse = lambda _note: "the endpoint answered 503"
    await opened.store(hba1c("o1"))
    await opened.courier.settle()
    pauses = []
    for _ in range(4):
        waited = 0.0
        before = opened.receiver.attempts
        while opened.receiver.attempts == before:
            opened.pass_time(seconds=1)
            waited += 1
            await opened.courier.settle()
        pauses.append(waited)
    assert pauses == [2, 4, 8, 16]
    opened.receiver.refuse = lambda _note: None
    await opened.store(hba1c("o2"))
    await opened.courier.settle()
    assert opened.receiver.numbers == []  # o2 does not overtake the pause of o1
    opened.pass_time(seconds=32)
    await opened.courier.settle()
    assert opened.receiver.numbers == [1, 2]


async def test_after_the_last_attempt_it_is_in_error_and_says_why(url: str) -> None:
    async with ward(url, policy=Policy(attempts=3)) as opened:
        id = await opened.subscribe()
        opened.receiver.refuse = lambda _note: "the endpoint answered 503"
        await opened.store(hba1c("o1"))
        for _ in range(10):
            await opened.courier.settle()
            opened.pass_time(minutes=10)
        assert opened.receiver.attempts == 1 + 3
        stored = await opened.read(id)
        assert stored["status"] == "error"
        assert stored["error"].startswith("The event-notification was not taken: the endpoint")
        assert opened.outcomes[-1] == ("event-notification", "given up")
        answer = await opened.client.get(f"Subscription/{id}/$status")
        status = Note(answer.json(), {})
        assert (status.kind, status.value("status")) == ("query-status", "error")
        assert "503" in status.value("error")["text"]
        assert status.value("events-since-subscription-start") == "1"


async def test_a_heartbeat_says_that_nothing_has_happened(opened: Ward) -> None:
    await opened.subscribe(heartbeat=60)
    await opened.courier.settle()
    opened.pass_time(seconds=59)
    await opened.courier.settle()
    assert opened.receiver.kinds == ["handshake"]
    opened.pass_time(seconds=1)
    await opened.courier.settle()
    assert opened.receiver.kinds == ["handshake", "heartbeat"]
    beat = opened.receiver.notes[1]
    assert (beat.value("events-since-subscription-start"), beat.numbers) == ("0", [])
    opened.pass_time(seconds=50)
    await opened.store(hba1c("o1"))
    await opened.courier.settle()
    opened.pass_time(seconds=50)  # an event is a sign of life too
    await opened.courier.settle()
    assert opened.receiver.kinds[2:] == ["event-notification"]


async def test_at_its_end_it_is_off(opened: Ward) -> None:
    id = await opened.subscribe(end="2026-05-11T09:00:00Z")
    opened.pass_time(hours=1)
    await opened.store(hba1c("o1"))
    await opened.courier.settle()
    assert (await opened.read(id))["status"] == "off"
    assert opened.receiver.numbers == []


async def test_off_counts_nothing_and_numbers_go_on_after_it(opened: Ward) -> None:
    id = await opened.subscribe()
    await opened.store(hba1c("o1"))
    await opened.courier.settle()
    for status in ("off", "requested"):
        stored = await opened.read(id)
        answer = await opened.client.put(
            f"Subscription/{id}", json={**stored, "status": status}, headers=FHIR
        )
        assert answer.json()["status"] == status
        await opened.store(hba1c(f"while-{status}"))
    await opened.courier.settle()
    assert opened.receiver.numbers == [1, 2]
    assert opened.receiver.notes[-1].events[0]["focus"]["reference"].endswith("while-requested")


async def test_a_deleted_one_is_not_served(opened: Ward) -> None:
    id = await opened.subscribe()
    await opened.client.delete(f"Subscription/{id}")
    await opened.store(hba1c("o1"))
    await opened.courier.settle()
    assert opened.receiver.numbers == []
    assert (await opened.client.get(f"Subscription/{id}/$status")).status_code == 410


async def test_error_is_the_server_s_own_word(opened: Ward) -> None:
    answer = await opened.client.post(
        "Subscription", json=subscription(status="error"), headers=FHIR
    )
    assert problem(answer) == (422, "business-rule", ["Subscription.status"])


async def test_a_change_of_the_reason_alone_needs_no_new_handshake(opened: Ward) -> None:
    id = await opened.subscribe()
    stored = await opened.read(id)
    answer = await opened.client.put(
        f"Subscription/{id}", json={**stored, "reason": "Night shift"}, headers=FHIR
    )
    assert answer.json()["status"] == "active"
    await opened.courier.settle()
    assert opened.receiver.kinds == ["handshake"]


async def test_with_other_filters_what_waited_under_the_old_ones_is_not_sent(opened: Ward) -> None:
    id = await opened.subscribe("patient=Patient/p1")
    await opened.store(hba1c("o1", "p1"))
    changed = subscription("patient=Patient/p2", id=id)
    assert (
        await opened.client.put(f"Subscription/{id}", json=changed, headers=FHIR)
    ).status_code == 200
    await opened.store(hba1c("o2", "p2"))
    await opened.courier.settle()
    assert opened.receiver.numbers == [2]  # the gap in the numbers says that one is missing
