"""A client's token is sent to its endpoint and shown to nobody."""

import pytest

from tests.support.fhir_http import FHIR, problem
from tests.support.fhir_store import hba1c
from tests.support.subscriptions import Ward, subscription

pytestmark = pytest.mark.anyio

SECRET = "s3cret-of-the-ward"
HEADERS = (f"Authorization: Bearer {SECRET}", "X-Ward: 7")


async def test_headers_are_sent_and_never_shown(
    opened: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    id = await opened.subscribe(headers=HEADERS)
    assert opened.receiver.notes[0].headers["Authorization"] == f"Bearer {SECRET}"
    opened.receiver.refuse = lambda _note: "the endpoint answered 401"
    await opened.store(hba1c("o1"))
    await opened.courier.settle()
    for address in (
        f"Subscription/{id}",
        f"Subscription/{id}/_history/1",
        "Subscription",
        "Subscription?status=active",
        f"Subscription/{id}/$status",
        f"Subscription/{id}/$events",
        "Subscription/$status",
    ):
        answer = await opened.client.get(address)
        assert answer.status_code == 200, answer.text
        assert SECRET not in answer.text
    assert (await opened.read(id))["channel"]["header"] == [
        "Authorization: ********",
        "X-Ward: ********",
    ]
    assert SECRET not in caplog.text


async def test_the_answer_to_a_write_is_masked_too(opened: Ward) -> None:
    answer = await opened.client.post(
        "Subscription",
        json=subscription(headers=HEADERS),
        headers={**FHIR, "Prefer": "return=representation"},
    )
    assert answer.status_code == 201
    assert SECRET not in answer.text


async def test_what_is_sent_back_masked_keeps_its_value(opened: Ward) -> None:
    id = await opened.subscribe(headers=HEADERS)
    stored = await opened.read(id)
    answer = await opened.client.put(
        f"Subscription/{id}", json={**stored, "status": "requested"}, headers=FHIR
    )
    assert answer.status_code == 200
    await opened.courier.settle()
    assert opened.receiver.notes[-1].headers["Authorization"] == f"Bearer {SECRET}"


async def test_a_secret_goes_to_no_other_endpoint_than_it_was_given_for(opened: Ward) -> None:
    id = await opened.subscribe(headers=HEADERS)
    stored = await opened.read(id)
    stored["channel"]["endpoint"] = "http://127.0.0.1:10/other"
    answer = await opened.client.put(f"Subscription/{id}", json=stored, headers=FHIR)
    assert problem(answer) == (422, "value", ["Subscription.channel.header"])


async def test_nor_to_another_subscription_that_names_the_first_one_s_id(opened: Ward) -> None:
    id = await opened.subscribe(headers=HEADERS)
    masked = await opened.read(id)
    answer = await opened.client.post("Subscription", json=masked, headers=FHIR)
    assert problem(answer) == (422, "value", ["Subscription.channel.header"])


async def test_a_patch_keeps_them(opened: Ward) -> None:
    id = await opened.subscribe(headers=HEADERS)
    patch = [{"op": "replace", "path": "/status", "value": "requested"}]
    answer = await opened.client.patch(
        f"Subscription/{id}", json=patch, headers={"Content-Type": "application/json-patch+json"}
    )
    assert answer.status_code == 200, answer.text
    await opened.courier.settle()
    assert opened.receiver.notes[-1].headers["Authorization"] == f"Bearer {SECRET}"


async def test_after_its_deletion_they_are_gone(opened: Ward) -> None:
    from fhir_server.subscriptions import records

    id = await opened.subscribe(headers=HEADERS)
    await opened.client.delete(f"Subscription/{id}")
    known = opened.database.read_now(lambda c: records.find(c, id))
    assert known is not None
    assert known.terms.headers == ()
