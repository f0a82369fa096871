"""Subscriptions end to end: the whole app, a receiver on this machine, real time."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from fhir_server.demo.people import stories
from fhir_server.subscriptions.sending import HttpSend, NotTaken
from tests.support.fhir_http import FHIR
from tests.support.fhir_store import hba1c
from tests.support.hook_server import hook_server
from tests.support.server import serving
from tests.support.subscriptions import subscription

pytestmark = pytest.mark.anyio


async def subscribe(client: httpx.AsyncClient, *filters: str, **more: object) -> str:
    given = subscription(*filters, **more)  # type: ignore[arg-type]
    answer = await client.post("/fhir/Subscription", json=given, headers=FHIR)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_laboratory_s_message_is_told_within_a_moment(tmp_path: Path) -> None:
    async with hook_server() as hook, serving(tmp_path) as client:
        await subscribe(
            client,
            endpoint=hook.url,
            content="full-resource",
            headers=("Authorization: Bearer ward-7",),
            max_count=100,
        )
        await hook.until(lambda: len(hook.notes) == 1)
        shake = hook.notes[0]
        assert shake.kind == "handshake"
        assert shake.headers[":request"] == "POST /hook?ward=7 HTTP/1.1"
        assert shake.headers["authorization"] == "Bearer ward-7"
        assert shake.headers["content-type"] == "application/fhir+json"

        story = stories(datetime.now(UTC))[1]
        answer = await client.post(
            "/hl7v2",
            content=story.message.encode(story.charset),
            headers={"Content-Type": "application/hl7-v2"},
        )
        assert answer.status_code == 200
        results = story.message.count("OBX|")
        await hook.until(lambda: len(hook.events) == results, seconds=5)
        sent = {e["resource"]["id"] for n in hook.notes[1:] for e in n.bundle["entry"][1:]}
        stored = await client.get("/fhir/Observation")
        assert sent == {entry["resource"]["id"] for entry in stored.json()["entry"]}
        metrics = (await client.get("/metrics")).text
        counted = r'attending_notifications_total{kind="handshake",.*outcome="taken"} 1\.0'
        assert re.search(counted, metrics)


async def test_a_prediction_of_a_hook_call_is_told(tmp_path: Path) -> None:
    story = stories(datetime.now(UTC))[1]
    async with hook_server() as hook, serving(tmp_path) as client:
        await subscribe(client, type="RiskAssessment", endpoint=hook.url)
        await hook.until(lambda: len(hook.notes) == 1)
        await client.post(
            "/hl7v2",
            content=story.message.encode(story.charset),
            headers={"Content-Type": "application/hl7-v2"},
        )
        cards = await client.post("/cds-services/chronic-risk-order-sign", json=story.hook_request)
        assert cards.status_code == 200
        await hook.until(lambda: bool(hook.events), seconds=5)
        assert {event["focus"]["type"] for event in hook.events} == {"RiskAssessment"}


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async with hook_server() as elsewhere, hook_server() as hook, serving(tmp_path) as client:
        hook.answer = lambda _note: f"307 Temporary Redirect\r\nlocation: {elsewhere.url}"
        id = await subscribe(client, endpoint=hook.url)
        await hook.until(lambda: bool(hook.notes))
        while (found := (await client.get(f"/fhir/Subscription/{id}")).json())["status"] != "error":
            pass
        assert "answered 307" in found["error"]
        assert elsewhere.notes == []


async def test_after_a_restart_what_waited_is_sent(tmp_path: Path) -> None:
    async with hook_server() as hook:
        async with serving(tmp_path) as client:
            await subscribe(client, endpoint=hook.url)
            await hook.until(lambda: len(hook.notes) == 1)
            hook.answer = lambda _note: "503 Service Unavailable"
            await client.put("/fhir/Observation/o1", json=hba1c("o1"), headers=FHIR)
            await hook.until(lambda: len(hook.notes) == 2)
        hook.answer = lambda _note: "200 OK"
        async with serving(tmp_path) as client:
            await client.put("/fhir/Observation/o2", json=hba1c("o2"), headers=FHIR)
            await hook.until(lambda: {2} <= {n for note in hook.notes for n in note.numbers})
        taken = [number for note in hook.notes[2:] for number in note.numbers]
        assert taken == [1, 2]


@pytest.mark.parametrize(
    ("answer", "reason"), [("204 No Content", None), ("500 Oops", "answered 500")]
)
async def test_any_2xx_is_taken_and_nothing_else(answer: str, reason: str | None) -> None:
    send = HttpSend()
    async with hook_server() as hook:
        hook.answer = lambda _note: answer
        body = b'{"entry":[{"resource":{"parameter":[]}}]}'
        if reason is None:
            await send(hook.url, body, {}, seconds=5)
        else:
            with pytest.raises(NotTaken, match=reason):
                await send(hook.url, body, {}, seconds=5)
    await send.close()


async def test_a_silent_or_absent_receiver_is_given_up_in_time_without_its_address_told() -> None:
    send = HttpSend()
    async with hook_server() as hook:
        hook.delay = 1
        with pytest.raises(NotTaken, match=r"^no answer within 0.1 seconds$"):
            await send(hook.url, b'{"entry":[{"resource":{"parameter":[]}}]}', {}, seconds=0.1)
    with pytest.raises(NotTaken, match=r"^no connection \(ConnectError\)$"):
        await send("http://127.0.0.1:9/secret", b"{}", {}, seconds=5)
    await send.close()


async def test_no_proxy_of_the_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the operator meant for something else would read patients' data."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    send = HttpSend()
    async with hook_server() as hook:
        try:
            await send(hook.url, b"{}", {}, seconds=5)
        finally:
            await send.close()
    assert len(hook.notes) == 1


async def test_what_cannot_be_sent_is_not_taken() -> None:
    send = HttpSend()
    try:
        with pytest.raises(NotTaken):
            await send("http://127.0.0.1:9/hook", b"{}", {"X-\u00e4": "\n"}, seconds=5)
    finally:
        await send.close()
