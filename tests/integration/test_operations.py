"""What hospital IT sees: health, metrics, traces, logs without patient data, feedback, CORS."""

import io
import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fhir_server.demo.people import stories
from fhir_server.telemetry import JsonFormatter
from tests.support.hooks import order_sign
from tests.support.server import serving

pytestmark = pytest.mark.anyio

SIGN = "/cds-services/chronic-risk-order-sign"
CANARIES = ("张", "伟", "000123456", "中山路", "石家庄", "Doe", "emr-1001")


async def test_health_says_live_and_ready(tmp_path):
    async with serving(tmp_path) as client:
        assert (await client.get("/health/live")).json() == {"status": "live"}
        ready = await client.get("/health/ready")
        assert ready.status_code == 200
        assert set(ready.json()["models"]) >= {"china-par", "ckd-epi-2021", "prevent-base-10y"}


async def test_metrics_count_requests_cards_and_messages(tmp_path):
    story = stories(datetime.now(UTC))[0]
    async with serving(tmp_path) as client:
        await client.post("/hl7v2", content=story.message.encode("gb18030"),
                          headers={"Content-Type": "application/hl7-v2"})  # fmt: skip
        await client.post(SIGN, json=story.hook_request)
        await client.get("/fhir/Patient", params={"name": "张"})
        text = (await client.get("/metrics")).text
        assert re.search(r'attending_hl7v2_messages_total{acknowledgment="AA".*} 1\.0', text)
        cards = r'attending_cards_total{indicator="warning",model="china-par".*} 1\.0'
        assert re.search(cards, text)
        assert 'route="/cds-services/{service_id}"' in text
        assert "attending_http_request_duration_seconds_bucket" in text
        assert not [canary for canary in CANARIES if canary in text]


async def test_two_servers_in_one_process_count_apart(tmp_path):
    async with serving(tmp_path / "a") as one, serving(tmp_path / "b") as other:
        await one.get("/fhir/Patient")
        counted = 'count{method="GET",route="/fhir/Patient",status="200"} 1.0'
        assert counted in (await one.get("/metrics")).text
        text = (await other.get("/metrics")).text
        assert 'route="/fhir/Patient"' not in text
        # What belongs to the process is in both.
        assert text.count("# TYPE process_cpu_seconds_total counter") == 1


async def test_a_hook_call_is_one_trace_of_its_steps(tmp_path):
    async with serving(tmp_path, trace_ratio=1.0) as client:
        exporter = InMemorySpanExporter()
        telemetry = client.app.state.cds.telemetry
        telemetry.add_processor(SimpleSpanProcessor(exporter))
        await client.post(SIGN, content=json.dumps(order_sign(), default=float),
                          headers={"Content-Type": "application/json"})  # fmt: skip
        spans = exporter.get_finished_spans()
        steps = {"request", "prefetch", "features", "inference", "card", "store"}
        assert {s.name for s in spans} == steps
        assert len({s.context.trace_id for s in spans}) == 1
        request = next(s for s in spans if s.name == "request")
        assert request.attributes["http.route"] == "/cds-services/{service_id}"
        assert request.attributes["http.response.status_code"] == 200


@pytest.fixture
def lines():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


async def test_logs_are_json_and_hold_no_patient_data(tmp_path, lines):
    story = stories(datetime.now(UTC))[0]
    hl7 = {"Content-Type": "application/hl7-v2"}
    async with serving(tmp_path) as client:
        await client.post("/hl7v2", content=story.message.encode("gb18030"), headers=hl7)
        broken = story.message.replace("|5.80|", "|五点八|").replace("DEMO-ZH-1", "X")
        await client.post("/hl7v2", content=broken.encode("gb18030"), headers=hl7)
        await client.post("/hl7v2", content=b"MSH|^~\\&|Doe", headers=hl7)
        await client.post(SIGN, json=story.hook_request)
        await client.get("/fhir/Patient", params={"name": "张"})
        await client.get("/fhir/Patient/000123456")
        await client.post("/fhir/Patient", json={"resourceType": "Patient", "name": "张伟"})
    found = [line for line in lines() if line["logger"] != "httpx"]  # the test's own client
    requests = [line for line in found if line["event"] == "request"]
    assert {line["route"] for line in requests} == {
        "/hl7v2",
        "/cds-services/{service_id}",
        "/fhir/Patient",
        "/fhir/Patient/{id}",
    }
    assert all(line["milliseconds"] > 0 for line in requests)
    text = json.dumps(found, ensure_ascii=False)
    assert not [canary for canary in CANARIES if canary in text]


async def test_a_failure_inside_is_a_500_that_says_so_and_is_logged_by_place(
    tmp_path, lines, monkeypatch
):
    async with serving(tmp_path) as client:
        cds = client.app.state.cds

        class Broken:
            registry = cds.evaluation.predictor.registry

            def answer_all(self, snapshot, *, span):
                raise ZeroDivisionError("patient 张伟")

        client.app.state.cds = replace(cds, evaluation=replace(cds.evaluation, predictor=Broken()))
        answer = await client.post(SIGN, content=json.dumps(order_sign(), default=float),
                                   headers={"Content-Type": "application/json"})  # fmt: skip
        assert answer.status_code == 500
        assert answer.json()["issue"][0]["severity"] == "fatal"
        assert "cards" not in answer.json()
    failure = next(line for line in lines() if line["event"] == "failed")
    assert failure["exception"] == "ZeroDivisionError"
    assert any("answer_all" in place for place in failure["at"])
    assert "张伟" not in json.dumps(lines(), ensure_ascii=False)


def feedback(card: str) -> dict:
    return {
        "feedback": [
            {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-23T02:00:00Z",
             "overrideReason": {"reason": {"code": "known"}, "userComment": "seen"}}
        ]
    }  # fmt: skip


async def test_feedback_on_an_issued_card_is_kept(tmp_path):
    async with serving(tmp_path) as client:
        answer = await client.post(SIGN, content=json.dumps(order_sign(), default=float),
                                   headers={"Content-Type": "application/json"})  # fmt: skip
        card = answer.json()["cards"][0]["uuid"]
        assert (await client.post(f"{SIGN}/feedback", json=feedback(card))).status_code == 200
        accepted = feedback(card)
        accepted["feedback"][0] |= {"outcome": "accepted"}
        assert (await client.post(f"{SIGN}/feedback", json=accepted)).status_code == 200
        database = client.app.state.fhir.database
        rows = await database.read(
            lambda c: c.exec_driver_sql("SELECT card, outcome FROM card_feedback").fetchall()
        )
        assert [tuple(row) for row in rows] == [(card, "overridden"), (card, "accepted")]


async def test_feedback_on_a_card_that_was_never_issued_is_refused_whole(tmp_path):
    async with serving(tmp_path) as client:
        answer = await client.post(SIGN, content=json.dumps(order_sign(), default=float),
                                   headers={"Content-Type": "application/json"})  # fmt: skip
        known = feedback(answer.json()["cards"][0]["uuid"])
        unknown = feedback("3c5b6c1e-9a0e-4b7c-8a67-0a7a4f0ad001")
        both = {"feedback": known["feedback"] + unknown["feedback"]}
        refused = await client.post(f"{SIGN}/feedback", json=both)
        assert refused.status_code == 404
        assert refused.json()["issue"][0]["expression"] == ["feedback[1].card"]
        other = "/cds-services/chronic-risk-patient-view/feedback"
        assert (await client.post(other, json=known)).status_code == 404
        database = client.app.state.fhir.database
        count = await database.read(
            lambda c: c.exec_driver_sql("SELECT count(*) FROM card_feedback").scalar()
        )
        assert count == 0


@pytest.mark.parametrize("path", ["/cds-services", SIGN, f"{SIGN}/feedback"])
async def test_a_page_of_this_machine_may_call_another_may_not(tmp_path, path):
    async with serving(tmp_path) as client:
        ask = {"Access-Control-Request-Method": "POST",
               "Access-Control-Request-Headers": "content-type,authorization"}  # fmt: skip
        here = await client.options(path, headers=ask | {"Origin": "http://localhost:3000"})
        assert here.status_code == 200
        assert here.headers["access-control-allow-origin"] == "http://localhost:3000"
        there = await client.options(path, headers=ask | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in there.headers


async def test_discovery_speaks_the_language_asked_for(tmp_path):
    async with serving(tmp_path) as client:
        chinese = await client.get("/cds-services", headers={"Accept-Language": "zh-CN"})
        english = await client.get("/cds-services", headers={"Accept-Language": "en"})
        assert chinese.json()["services"][0]["title"] != english.json()["services"][0]["title"]
        assert chinese.headers["content-language"] == "zh-CN"


async def test_an_unknown_address_is_an_operation_outcome_too(tmp_path):
    async with serving(tmp_path) as client:
        answer = await client.get("/nowhere")
        assert answer.status_code == 404
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_values_given_to_a_log_call_of_ours_are_not_written(lines):
    logging.getLogger("fhir_server.rest.create").warning("refused %s", "张伟")
    (line,) = lines()
    assert line["event"] == "refused %s"
    assert "张伟" not in json.dumps(line, ensure_ascii=False)
