"""$status and $events, and what is refused when a Subscription is written."""

import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from fhir_server.subscriptions.policy import Policy
from tests.support.fhir_http import FHIR, problem
from tests.support.fhir_store import BASE, hba1c
from tests.support.subscriptions import Note, Ward, subscription, ward

pytestmark = pytest.mark.anyio


async def test_the_status_of_one_of_some_and_of_all(opened: Ward) -> None:
    first, second = await opened.subscribe(), await opened.subscribe()
    off = await opened.subscribe(status="off")
    for address, expected in (
        (f"Subscription/{first}/$status", {first}),
        ("Subscription/$status", {first, second, off}),
        (f"Subscription/$status?id={first},{off}", {first, off}),
        (f"Subscription/$status?id={first}&id={second}", {first, second}),
        ("Subscription/$status?status=active", {first, second}),
        ("Subscription/$status?status=off", {off}),
        ("Subscription/$status?id=nobody", set()),
    ):
        answer = await opened.client.get(address)
        assert answer.status_code == 200, answer.text
        assert validate(decode(answer.content)) == ()
        bundle = answer.json()
        assert (bundle["type"], bundle["total"]) == ("searchset", len(expected))
        named = {
            Note({"entry": [entry]}, {}).value("subscription")["reference"]
            for entry in bundle.get("entry", [])
        }
        assert named == {f"{BASE}/Subscription/{id}" for id in expected}
    asked = {
        "resourceType": "Parameters",
        "parameter": [{"name": "id", "valueId": first}],
    }
    posted = await opened.client.post("Subscription/$status", json=asked, headers=FHIR)
    assert posted.json()["total"] == 1


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Subscription/x/$status", (404, "not-found", [])),
        ("Subscription/$status?status=broken", (400, "value", [])),
        ("Subscription/$status?colour=red", (400, "not-supported", [])),
        ("Subscription/x/$events", (404, "not-found", [])),
        ("Subscription/x/$events?eventsSinceNumber=one", (400, "value", [])),
        ("Subscription/x/$events?content=all", (400, "value", [])),
        ("Observation/$status", (404, "not-supported", [])),
    ],
)
async def test_what_they_do_not_take(
    opened: Ward, address: str, expected: tuple[int, str, list[str]]
) -> None:
    assert problem(await opened.client.get(address)) == expected


async def test_past_events_are_given_again(opened: Ward) -> None:
    id = await opened.subscribe()
    for number in range(5):
        await opened.store(hba1c(f"o{number}"))
    await opened.courier.settle()
    address = f"Subscription/{id}/$events?eventsSinceNumber=2&eventsUntilNumber=3"
    answer = await opened.client.get(f"{address}&content=full-resource")
    assert validate(decode(answer.content)) == ()
    note = Note(answer.json(), {})
    assert (note.kind, note.numbers) == ("query-event", [2, 3])
    assert [e["resource"]["id"] for e in note.bundle["entry"][1:]] == ["o1", "o2"]
    everything = Note((await opened.client.get(f"Subscription/{id}/$events")).json(), {})
    assert everything.numbers == [1, 2, 3, 4, 5]
    bare = Note((await opened.client.get(f"{address}&content=empty")).json(), {})
    assert (bare.numbers, len(bare.bundle["entry"])) == ([2, 3], 1)


async def test_more_events_than_fit_are_refused_not_cut(
    opened: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fhir_server.rest.operations import subscription as room

    monkeypatch.setattr(room, "_MOST_EVENTS", 2)
    id = await opened.subscribe()
    for number in range(3):
        await opened.store(hba1c(f"o{number}"))
    answer = await opened.client.get(f"Subscription/{id}/$events")
    assert problem(answer) == (400, "too-costly", [])
    answer = await opened.client.get(f"Subscription/{id}/$events?eventsUntilNumber=2")
    assert Note(answer.json(), {}).numbers == [1, 2]


async def test_a_filter_that_is_no_search_is_refused(opened: Ward) -> None:
    for text in ("colour=red", "_count=5", "code:below=x&y", "date=soon", "nonsense"):
        answer = await opened.client.post("Subscription", json=subscription(text), headers=FHIR)
        status, _code, where = problem(answer)
        assert (status, where) == (422, ["Subscription.criteria.extension"]), text


async def test_a_filter_by_a_value_set_that_is_not_there_is_refused(opened: Ward) -> None:
    """Accepted, it would fail at the first result, and that result would be told to nobody."""
    given = subscription("code:in=http://nowhere.example/ValueSet/x")
    answer = await opened.client.post("Subscription", json=given, headers=FHIR)
    assert answer.status_code == 422
    assert "could not be found" in answer.text


async def test_the_query_form_of_r4_is_refused_over_http(opened: Ward) -> None:
    classic = {**subscription(), "criteria": "Observation?code=4548-4"}
    answer = await opened.client.post("Subscription", json=classic, headers=FHIR)
    assert problem(answer) == (422, "not-supported", ["Subscription.criteria"])


async def test_an_endpoint_off_the_list_is_refused_also_in_a_bundle(opened: Ward) -> None:
    elsewhere = subscription(endpoint="http://10.0.0.5/hook")
    answer = await opened.client.post("Subscription", json=elsewhere, headers=FHIR)
    assert problem(answer) == (422, "forbidden", ["Subscription.channel.endpoint"])
    entry = {"resource": elsewhere, "request": {"method": "POST", "url": "Subscription"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    answer = await opened.client.post("", json=bundle, headers=FHIR)
    status, _code, where = problem(answer)
    assert (status, where) == (422, ["Bundle.entry[0].resource.channel.endpoint"])


async def test_a_subscription_in_a_bundle_is_served(opened: Ward) -> None:
    entry = {"resource": subscription(), "request": {"method": "POST", "url": "Subscription"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    answer = await opened.client.post("", json=bundle, headers=FHIR)
    assert answer.status_code == 200, answer.text
    await opened.courier.settle()
    assert opened.receiver.kinds == ["handshake"]


async def test_an_endpoint_that_left_the_list_gets_nothing_more(url: str) -> None:
    async with ward(url) as opened:
        id = await opened.subscribe()
        await opened.store(hba1c("o1"))
    async with ward(url, policy=Policy(loopback=False)) as opened:
        await opened.courier.settle()
        assert opened.receiver.attempts == 0
        stored = await opened.read(id)
        assert stored["status"] == "error"
        assert "ATTENDING_SUBSCRIPTION_ENDPOINTS" in stored["error"]


async def test_there_is_room_for_so_many(url: str) -> None:
    async with ward(url, policy=Policy(most=2)) as opened:
        await opened.subscribe()
        second = await opened.subscribe()
        answer = await opened.client.post("Subscription", json=subscription(), headers=FHIR)
        assert problem(answer) == (422, "too-costly", [])
        await opened.client.delete(f"Subscription/{second}")
        await opened.subscribe()


async def test_the_capability_statement_lists_the_topics(opened: Ward) -> None:
    statement = (await opened.client.get("metadata")).json()
    [found] = [r for r in statement["rest"][0]["resource"] if r["type"] == "Subscription"]
    topics = [extension["valueCanonical"] for extension in found["extension"]]
    assert len(topics) == 3
    for topic in topics:
        given = {**subscription(), "criteria": topic}
        answer = await opened.client.post("Subscription", json=given, headers=FHIR)
        assert answer.status_code == 201
    assert {o["name"] for o in found["operation"]} >= {"status", "events"}
