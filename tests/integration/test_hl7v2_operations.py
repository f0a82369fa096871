"""The operator's desk in the whole server: rights, metrics, readiness, a code that gets a card."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from fhir_server.demo.people import stories
from fhir_server.store import hl7v2_log as log
from fhir_server.store.resources import microseconds
from tests.integration.test_production import production, token
from tests.integration.test_story import estimates
from tests.support.server import serving

pytestmark = pytest.mark.anyio

HL7 = {"Content-Type": "application/hl7-v2"}
SIGN = "/cds-services/chronic-risk-order-sign"

DESK = [
    ("GET", "/hl7v2/messages"),
    ("GET", "/hl7v2/messages/m1"),
    ("GET", "/hl7v2/messages/m1/raw"),
    ("GET", "/hl7v2/messages/m1/diagnosis"),
    ("POST", "/hl7v2/messages/m1/replay"),
    ("POST", "/hl7v2/messages/m1/release"),
    ("POST", "/hl7v2/messages/m1/discard"),
    ("POST", "/hl7v2/messages/replay"),
    ("GET", "/hl7v2/replays/r1"),
    ("DELETE", "/hl7v2/replays/r1"),
    ("GET", "/hl7v2/unmapped"),
    ("GET", "/hl7v2/counts"),
    ("GET", "/hl7v2/"),
    ("GET", "/hl7v2/whatever-comes"),
]


def told():
    return stories(datetime.now(UTC))


async def send(client, text: str, charset: str = "utf-8"):
    return await client.post("/hl7v2", content=text.encode(charset), headers=HL7)


@pytest.fixture
def public_url(monkeypatch):
    from tests.integration.test_production import BASE
    from tests.support import server

    original = server.settings
    monkeypatch.setattr(
        server,
        "settings",
        lambda folder, **changes: original(folder, **changes).model_copy(update={"base_url": BASE}),
    )


@pytest.mark.parametrize(("method", "path"), DESK)
async def test_who_may_send_may_not_look_at_messages_of_others(tmp_path, public_url, method, path):
    async with production(tmp_path, "cds-hooks", "fhir", "hl7v2") as client:
        assert (await client.request(method, path)).status_code == 401
        answer = await client.request(method, path, headers=token(path))
        assert answer.status_code == 403


async def test_who_looks_after_messages_may_not_send(tmp_path, public_url):
    async with production(tmp_path, "hl7v2-admin") as client:
        sent = await client.post("/hl7v2", content=b"MSH", headers=HL7 | token("/hl7v2"))
        listed = await client.get("/hl7v2/messages", headers=token("/hl7v2/messages"))
        assert (sent.status_code, listed.status_code) == (403, 200)


async def test_the_client_that_decides_is_kept_with_the_decision(tmp_path, public_url):
    story = told()[0]
    async with production(tmp_path, "hl7v2", "hl7v2-admin") as client:
        for number, text in enumerate((story.message, story.message.replace("5.80", "5.90"))):
            headers = HL7 | token("/hl7v2", jti=str(number))
            await client.post("/hl7v2", content=text.encode(story.charset), headers=headers)
        query = "/hl7v2/messages?state=quarantined"
        (kept,) = (await client.get(query, headers=token(query))).json()["messages"]
        path = f"/hl7v2/messages/{kept['id']}/discard"
        body = {"by": "李医生", "reason": "重复编号"}
        answer = await client.post(path, json=body, headers=token(path))
        (decision,) = answer.json()["decisions"]
        assert (decision["by"], decision["client"]) == ("李医生", "https://emr.example-hospital.cn")


async def test_metrics_account_for_every_segment(tmp_path):
    story = told()[0]
    other = story.message.replace("DEMO-ZH-1", "DEMO-ZH-9").rstrip("\r") + "\rZPI|1|张伟\rPDA|x\r"
    wrong = "MSH|^~\\&|LIS|DEMOHOSP|||20261120||MDM^T02|W1|P|2.5.1\rEVN|T02\r"
    async with serving(tmp_path) as client:
        for text in (story.message, story.message, other):
            await send(client, text, story.charset)
        await send(client, wrong)
        await send(client, other.replace("|5.80|", "|5.90|"), story.charset)
        text = (await client.get("/metrics")).text
        counts = (await client.get("/hl7v2/counts")).json()

    def value(pattern: str) -> float:
        return sum(float(n) for n in re.findall(rf"^{pattern} (\S+)$", text, re.MULTILINE))

    assert value(r'attending_hl7v2_outcomes_total{state="processed",type="ORU\^R01"}') == 2
    assert value(r'attending_hl7v2_outcomes_total{state="rejected",type="other"}') == 1
    assert value(r'attending_hl7v2_outcomes_total{state="quarantined",type="ORU\^R01"}') == 1
    assert value("attending_hl7v2_repeated_total") == 1
    converted = value(r'attending_hl7v2_segments_total{account="converted",segment="\w+"}')
    reported = value(r'attending_hl7v2_segments_total{account="reported",segment="\w+"}')
    assert converted == counts["segments"]["converted"]
    kept = [each for each in counts["segments"]["unconverted"] if "refused" in each["reason"]]
    in_quarantine = sum(each["count"] for each in kept) - 2
    assert reported == counts["segments"]["reported"] - in_quarantine >= 4
    assert value(r'attending_hl7v2_segments_total{account="reported",segment="Z"}') == 1
    assert value(r'attending_hl7v2_segments_total{account="reported",segment="other"}') == 1
    assert value(r'attending_hl7v2_messages_held{state="rejected"}') == 1
    assert value("attending_hl7v2_oldest_waiting_seconds") == 0
    assert value(r'attending_hl7v2_seconds_count{sender="[^"]*"}') == 3
    assert "张" not in text


async def test_a_replay_does_not_count_segments_twice(tmp_path):
    story = told()[0]
    async with serving(tmp_path) as client:
        await send(client, story.message, story.charset)
        before = _segments((await client.get("/metrics")).text)
        await replayed(client, {"all": True})
        text = (await client.get("/metrics")).text
    assert _segments(text) == before
    assert 'attending_hl7v2_replayed_total{state="processed"} 1.0' in text


async def test_readiness_says_when_messages_wait_too_long(tmp_path):
    story = told()[0]
    async with serving(tmp_path) as client:
        await send(client, story.message, story.charset)
        ready = await client.get("/health/ready")
        assert ready.json()["hl7v2"] == {"waiting": 0, "waitTooLong": False}
        desk = client.app.state.desk
        (listed,) = (await client.get("/hl7v2/messages?state=all")).json()["messages"]
        await desk.database.write(lambda c: log.decide(c, listed["id"], "received", {}))
        young = await client.get("/health/ready")
        assert young.json()["hl7v2"] == {"waiting": 1, "waitTooLong": False}
        past = microseconds(datetime.now(UTC) - timedelta(minutes=6))
        sql = f"UPDATE hl7v2_message SET received = {past}"
        await desk.database.write(lambda c: c.exec_driver_sql(sql))
        late = await client.get("/health/ready")
        assert (late.status_code, late.json()["hl7v2"]["waitTooLong"]) == (200, True)


async def test_a_server_whose_store_takes_no_messages_is_not_ready(tmp_path, monkeypatch):
    from fhir_server.store.connections import StoreUnavailable

    story = told()[0]
    async with serving(tmp_path) as client:
        database = client.app.state.desk.database

        async def full(_job):
            raise StoreUnavailable("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(database, "write", full)
            assert (await send(client, story.message, story.charset)).status_code == 503
        assert (await client.get("/health/ready")).status_code == 503
        assert (await send(client, story.message, story.charset)).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200


async def replayed(client, body: dict) -> dict:
    run = (await client.post("/hl7v2/messages/replay", json=body)).json()
    while run["state"] == "running":
        await asyncio.sleep(0.02)
        run = (await client.get(f"/hl7v2/replays/{run['id']}")).json()
    return run


async def test_a_code_that_is_mapped_later_reaches_the_card(tmp_path):
    """From the message to the inputs of the models: unmapped, mapped, processed again."""
    story = told()[0]
    async with serving(tmp_path, local_codes=None) as client:
        await send(client, story.message, story.charset)
        waiting = (await client.get("/hl7v2/unmapped")).json()["codes"]
        assert waiting
        before = await estimates(client, await client.post(SIGN, json=story.hook_request))
    assert before == {}

    async with serving(tmp_path) as client:
        run = await replayed(client, {"unmapped": True})
        after = await estimates(client, await client.post(SIGN, json=story.hook_request))
        left = (await client.get("/hl7v2/unmapped")).json()["codes"]
    results = sum(each["results"] for each in waiting)
    assert (run["state"], run["newVersions"], left) == ("done", results, [])
    for model, expected in story.expected.items():
        assert next(iter(after[model].values())) == pytest.approx(expected, rel=1e-9)


def _segments(text: str) -> list[str]:
    return re.findall(r"^attending_hl7v2_segments_total.*$", text, re.MULTILINE)
