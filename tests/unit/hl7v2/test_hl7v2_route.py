"""POST /hl7v2 and the list of messages that were not taken."""

import pytest

from tests.support.hl7v2_desk import client
from tests.unit.hl7v2.examples import (
    MSH,
    OBR,
    PID,
    Clock,
    ack_fields,
    intake,
    message,
    obx,
    with_field,
)
from tests.unit.hl7v2.test_intake import FullStore

pytestmark = pytest.mark.anyio

PLAIN = message(MSH, PID, OBR, obx())
ER7 = {"Content-Type": "application/hl7-v2"}


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (PLAIN, 200, "AA"),
        (message(MSH, with_field(PID, 3, ""), OBR, obx()), 422, "AE"),
        (message(with_field(MSH, 9, "MDM^T02"), PID), 400, "AR"),
        (b"HELLO", 400, "AR"),
        (b"", 400, "AR"),
    ],
)
async def test_the_status_follows_the_acknowledgment(hospital, raw, status, code):
    async with client(hospital) as http:
        answer = await http.post("/hl7v2", content=raw, headers=ER7)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/hl7-v2")
    assert ack_fields(answer.content)["MSA"][0][1] == code


@pytest.mark.parametrize(
    "kind", ["text/plain; charset=utf-8", "x-application/hl7-v2+er7", "APPLICATION/HL7-V2"]
)
async def test_every_media_type_in_use_is_taken(hospital, kind):
    async with client(hospital) as http:
        answer = await http.post("/hl7v2", content=PLAIN, headers={"Content-Type": kind})
    assert answer.status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json"},
                                     ER7 | {"Content-Encoding": "gzip"}])  # fmt: skip
async def test_another_media_type_is_refused(hospital, headers):
    async with client(hospital) as http:
        answer = await http.post("/hl7v2", content=PLAIN, headers=headers)
    assert answer.status_code == 415
    assert answer.json()["issue"][0]["code"] == "not-supported"


async def test_a_body_past_the_cap_is_refused(hospital):
    hospital.longest = 100
    async with client(hospital) as http:
        answer = await http.post("/hl7v2", content=PLAIN, headers=ER7)
    assert answer.status_code == 413


async def test_a_fault_of_this_server_may_be_repeated():
    async with client(intake(FullStore(), Clock())) as http:
        answer = await http.post("/hl7v2", content=PLAIN, headers=ER7)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert ack_fields(answer.content)["MSA"][0][1] == "AR"


async def test_the_list_says_what_went_wrong_and_nothing_of_the_patient(hospital, store):
    async with client(hospital, store) as http:
        await http.post("/hl7v2", content=PLAIN, headers=ER7)
        wrong = message(with_field(MSH, 10, "C2"), PID, OBR, obx(f3=""))
        await http.post("/hl7v2", content=wrong, headers=ER7)
        listed = await http.get("/hl7v2/messages", params={"state": "failed"})
        processed = await http.get("/hl7v2/messages", params={"state": "processed"})
        default = await http.get("/hl7v2/messages")
        unknown = await http.get("/hl7v2/messages", params={"state": "lost"})
    (entry,) = listed.json()["messages"]
    assert entry["sender"] == {"application": "LIS", "facility": "DEMOHOSP"}
    assert (entry["controlId"], entry["type"], entry["state"]) == ("C2", "ORU^R01", "rejected")
    assert entry["received"] == "2026-11-20T12:00:00.000+00:00"
    assert entry["errors"][0]["location"] == "OBX^1^3"
    assert "张" not in listed.text
    assert len(processed.json()["messages"]) == 1
    assert default.json() == listed.json()
    assert unknown.status_code == 400
