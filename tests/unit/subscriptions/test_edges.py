"""What goes wrong in the middle: of a job, of a portion, of a delivery."""

import contextlib
from collections.abc import Mapping

import pytest
from sqlalchemy import Connection

from fhir_server.r4.outcome import BadRequest
from fhir_server.rest.subscription_writes import watch
from fhir_server.store import resources
from fhir_server.store.writer import savepoint
from fhir_server.subscriptions import delivery, events
from fhir_server.subscriptions.delivery import Delivery
from fhir_server.subscriptions.events import Event
from fhir_server.subscriptions.policy import Policy
from tests.support.fhir_http import FHIR
from tests.support.fhir_store import NOW, hba1c
from tests.support.subscriptions import BASE, Ward, subscription

pytestmark = pytest.mark.anyio


def kept(opened: Ward, id: str) -> tuple[Event, ...]:
    return opened.database.read_now(lambda c: events.between(c, id, first=0, last=999, most=999))


async def claimed(opened: Ward, id: str) -> Delivery:
    found = await opened.database.write(
        lambda c: delivery.claim(c, id, "elsewhere", policy=Policy(), now=opened.now)
    )
    assert found is not None
    return found


async def test_what_a_job_stores_and_deletes_is_told_in_that_order(opened: Ward) -> None:
    id = await opened.subscribe()

    def job(connection: Connection) -> None:
        resources.put(connection, hba1c("o1"), now=NOW)
        resources.delete(connection, "Observation", "o1", now=NOW)

    await opened.database.write(job)
    assert [event.interaction for event in kept(opened, id)] == ["create", "delete"]


async def test_a_part_that_fails_takes_no_event_of_what_stood_before_it(opened: Ward) -> None:
    id = await opened.subscribe()

    def job(connection: Connection) -> None:
        resources.put(connection, hba1c("o1"), now=NOW)
        with contextlib.suppress(BadRequest), savepoint(connection):
            resources.put(connection, hba1c("o2"), now=NOW)
            raise BadRequest("value", "no")

    await opened.database.write(job)
    assert [event.focus for event in kept(opened, id)] == ["o1"]


async def test_more_matches_than_one_search_holds_are_all_told(opened: Ward) -> None:
    id = await opened.subscribe("status=final")

    def job(connection: Connection) -> None:
        for number in range(150):
            resources.put(connection, hba1c(f"o{number}"), now=NOW)

    await opened.database.write(job)
    assert len(kept(opened, id)) == 150


async def test_who_delivers_is_woken_by_a_commit_that_holds_an_event(opened: Ward) -> None:
    woken: list[str] = []
    watch(opened.database, BASE, lambda: opened.now, on_events=lambda: woken.append("now"))
    await opened.store(hba1c("before"))
    assert woken == []
    await opened.subscribe()
    await opened.store(hba1c("o1"))
    assert woken == ["now"]


async def test_an_outcome_from_before_a_client_s_write_does_not_count(opened: Ward) -> None:
    id = await opened.subscribe("patient=Patient/p1")
    await opened.store(hba1c("o1", "p1"))
    before = await claimed(opened, id)
    changed = subscription("patient=Patient/p2", id=id)
    assert (await opened.client.put(f"Subscription/{id}", json=changed, headers=FHIR)).is_success
    assert not await opened.database.write(lambda c: delivery.taken(c, before, now=opened.now))
    assert kept(opened, id) == ()  # nor can it be asked for: it matched other filters


async def test_the_events_of_a_deleted_one_are_gone(opened: Ward) -> None:
    id = await opened.subscribe()
    await opened.store(hba1c("o1"))
    await opened.client.delete(f"Subscription/{id}")
    assert kept(opened, id) == ()


async def test_its_end_comes_without_an_event_too(opened: Ward) -> None:
    id = await opened.subscribe(end="2026-05-11T09:00:00Z")
    opened.pass_time(hours=1)
    await opened.courier.settle()
    assert (await opened.read(id))["status"] == "off"


async def test_a_slow_endpoint_has_its_time_before_another_server_sends(opened: Ward) -> None:
    id = await opened.subscribe(timeout=60)
    await opened.store(hba1c("o1"))
    await claimed(opened, id)
    opened.pass_time(seconds=60)
    await opened.courier.settle()
    assert opened.receiver.numbers == []


async def test_a_portion_is_no_larger_than_a_message_may_be(
    opened: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_MOST_BYTES", 1)
    await opened.subscribe(content="full-resource")
    for name in ("o1", "o2"):
        await opened.store(hba1c(name))
    await opened.courier.settle()
    assert [note.numbers for note in opened.receiver.notes[1:]] == [[1], [2]]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # a file has one server
async def test_what_a_killed_server_was_sending_is_sent_at_once_after_the_start(
    opened: Ward,
) -> None:
    id = await opened.subscribe()
    await opened.store(hba1c("o1"))
    await claimed(opened, id)
    await opened.courier.start()
    await opened.courier.settle()
    assert opened.receiver.numbers == [1]


async def test_what_says_how_to_answer_is_no_filter_with_a_modifier_either(opened: Ward) -> None:
    given = subscription("_include:iterate=Observation:subject")
    answer = await opened.client.post("Subscription", json=given, headers=FHIR)
    assert answer.status_code == 422
    assert "it is no filter" in answer.text


async def test_the_receiver_has_the_time_that_the_client_grants(opened: Ward) -> None:
    await opened.subscribe(timeout=7)
    assert opened.receiver.seconds == [7]


async def test_an_outcome_that_comes_too_late_is_counted_as_such(opened: Ward) -> None:
    """While one server sent, the client wrote it anew: what was taken counts no more."""
    id = await opened.subscribe()
    anew = subscription(status="off") | {"id": id}
    given = opened.courier.send

    async def slow(endpoint: str, body: bytes, headers: Mapping[str, str], **more: float) -> None:
        await opened.client.put(f"Subscription/{id}", json=anew, headers=FHIR)
        await given(endpoint, body, headers, seconds=more["seconds"])

    opened.courier.send = slow  # type: ignore[assignment]
    await opened.store(hba1c("o1"))
    await opened.courier.settle()
    opened.courier.send = given
    assert opened.outcomes[-1] == ("event-notification", "superseded")


async def test_a_delivery_that_fails_beyond_all_foresight_is_logged_and_others_go_on(
    opened: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    await opened.subscribe()
    given = opened.courier.send

    async def broken(*_given: object, **_more: object) -> None:
        raise RuntimeError("s3cret")

    opened.courier.send = broken  # type: ignore[assignment]
    await opened.store(hba1c("o1"))
    with contextlib.suppress(RuntimeError):
        await opened.courier.settle()
    opened.courier.send = given
    assert "notification failed" in [record.msg for record in caplog.records]
    opened.pass_time(hours=1)
    await opened.courier.settle()
    assert opened.receiver.numbers == [1]
