"""Bad input over HTTP: the specification's error, the place named, nothing half-stored."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.hooks import order_sign, prefetch
from tests.support.patients import observation, patient
from tests.support.server import serving

pytestmark = pytest.mark.anyio

SIGN = "/cds-services/chronic-risk-order-sign"
HL7 = {"Content-Type": "application/hl7-v2"}
NOW = datetime.now(UTC)


def wire(value) -> str:
    return json.dumps(value, default=float)


OBSERVATION = observation("x", "14682-9", "88", "umol/L", at=NOW - timedelta(hours=1))
FUTURE = observation("x", "14682-9", "88", "umol/L", at=NOW + timedelta(days=2))


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status", "code", "expression"),
    [
        ("POST", "/fhir/Observation", "{", "application/fhir+json", 400, "structure", None),
        ("POST", "/fhir/Observation", "[]", "application/fhir+json", 400, "structure", None),
        ("POST", "/fhir/Observation", wire(OBSERVATION), "text/plain", 415, "not-supported", None),
        ("POST", "/fhir/Nonsense", "{}", "application/fhir+json", 404, "not-supported", None),
        ("GET", "/fhir/Nonsense/1", None, None, 404, "not-supported", None),
        ("GET", "/fhir/Observation/none", None, None, 404, "not-found", None),
        ("GET", "/fhir/Observation?colour=red", None, None, 400, "not-supported", None),
        ("POST", "/fhir/Observation", wire(OBSERVATION | {"status": "done"}),
         "application/fhir+json", 422, "code-invalid", "Observation.status"),
        ("POST", "/fhir/Observation", wire(OBSERVATION | {"colour": "red"}),
         "application/fhir+json", 422, "structure", "Observation.colour"),
        ("POST", "/fhir/Observation", wire({k: v for k, v in OBSERVATION.items() if k != "code"}),
         "application/fhir+json", 422, "required", "Observation.code"),
        ("POST", "/fhir/Observation", wire(FUTURE), "application/fhir+json", 422,
         "business-rule", "Observation.effective"),
        ("POST", "/cds-services/none", wire(order_sign()), "application/json", 404, "not-found",
         None),
        ("POST", SIGN, "{", "application/json", 400, "structure", None),
        ("POST", SIGN, wire(order_sign()), "text/plain", 415, "not-supported", None),
        ("POST", SIGN, wire(order_sign(hook="teatime")), "application/json", 400, "invalid",
         "hook"),
        ("POST", SIGN, wire(order_sign(context={"userId": "u"})), "application/json", 400,
         "required", "context.patientId"),
        ("POST", SIGN, wire(order_sign(prefetch=prefetch(patient=...))), "application/json", 412,
         "required", "prefetch.patient"),
    ],
)  # fmt: skip
async def test_each_fault_is_named_and_nothing_is_stored(
    tmp_path, method, path, body, content_type, status, code, expression
):
    async with serving(tmp_path) as client:
        headers = {"Content-Type": content_type} if content_type else {}
        answer = await client.request(method, path, content=body, headers=headers)
        assert answer.status_code == status, answer.text
        outcome = answer.json()
        assert outcome["resourceType"] == "OperationOutcome"
        issue = outcome["issue"][0]
        assert issue["code"] == code, answer.text
        assert issue["diagnostics"]
        if expression:
            assert issue["expression"][0].startswith(expression)
        for stored in ("Observation", "RiskAssessment", "Provenance", "Patient"):
            found = await client.get(f"/fhir/{stored}", params={"_summary": "count"})
            assert found.json()["total"] == 0


async def test_a_body_over_the_limit_is_refused(tmp_path):
    async with serving(tmp_path, body_limit=2048) as client:
        for path in ("/fhir/Observation", SIGN, "/hl7v2"):
            content_type = "application/hl7-v2" if path == "/hl7v2" else "application/json"
            answer = await client.post(
                path, content=b"x" * 4096, headers={"Content-Type": content_type}
            )
            assert answer.status_code == 413


async def test_a_unit_without_conversion_is_stored_advised_on_and_in_no_card(tmp_path):
    odd = observation("o", "14682-9", "88", "mmol/mol", at=NOW - timedelta(hours=1))
    odd["valueQuantity"]["value"] = 88
    async with serving(tmp_path) as client:
        answer = await client.put(
            "/fhir/Observation/o",
            content=wire(odd),
            headers={
                "Content-Type": "application/fhir+json",
                "Prefer": "return=OperationOutcome",
            },
        )
        assert answer.status_code == 201
        advice = [i for i in answer.json()["issue"] if i["severity"] == "warning"]
        assert advice[0]["expression"] == ["Observation.value"]
        results = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": odd}]}
        call = order_sign(prefetch=prefetch(observations=results))
        json_headers = {"Content-Type": "application/json"}
        answer = await client.post(SIGN, content=wire(call), headers=json_headers)
        cards = answer.json()["cards"]
        by_model = {c["extension"]["org.attending.model"]["id"]: c for c in cards}
        ckd = by_model["ckd-epi-2021"]
        assert "not computed" in ckd["summary"]
        assert "cannot be converted" in ckd["detail"]


MSH = "MSH|^~\\&|LIS|H|A|H|20261101080000+0800||ORU^R01|C1|P|2.5.1"
PID = "PID|1||1^^^H^MR||Doe^Jane||19700101|F"
OBR = "OBR|1|O1|F1|24323-8^Panel^LN|||20261101070000+0800|||||||||||||||20261101080000+0800||CH|F"
OBX = "OBX|1|NM|2160-0^Creatinine^LN||1.0|mg/dL^^UCUM|||||F|||20261101070000+0800"


@pytest.mark.parametrize(
    ("message", "code", "place"),
    [
        ([MSH, OBR, OBX], "AE", "PID"),
        (["MSH|broken"], "AR", "MSH"),
        (["HELLO"], "AR", "MSH"),
        ([MSH.replace("ORU^R01", "MDM^T02"), PID], "AR", "MSH"),
        ([MSH.replace("2.5.1", "9.9"), PID, OBR, OBX], "AR", "MSH"),
        ([MSH, "PID|1||||Doe^Jane||19700101|F", OBR, OBX], "AE", "PID"),
        ([MSH, PID, OBR, OBX.replace("20261101070000", "20991101070000")], "AE", "OBX"),
    ],
    ids=["no-pid", "broken-msh", "no-msh", "other-type", "other-version", "no-id", "future"],
)
async def test_a_message_that_cannot_be_taken_is_refused_kept_and_listed(
    tmp_path, message, code, place
):
    async with serving(tmp_path) as client:
        answer = await client.post("/hl7v2", content="\r".join(message).encode(), headers=HL7)
        assert answer.status_code == (400 if code == "AR" else 422)
        assert f"MSA|{code}|".encode() in answer.content
        assert place.encode() in answer.content.split(b"ERR|", 1)[1]
        listed = await client.get("/hl7v2/messages", params={"state": "failed"})
        if listed.json()["messages"] == []:
            listed = await client.get("/hl7v2/messages", params={"state": "rejected"})
        assert len(listed.json()["messages"]) == 1
        assert "Doe" not in listed.text
        found = await client.get("/fhir/Observation", params={"_summary": "count"})
        assert found.json()["total"] == 0


async def test_decimals_keep_their_spelling(tmp_path):
    async with serving(tmp_path) as client:
        body = wire(patient(id="p1") | {"birthDate": "1968-03-12"})
        await client.put("/fhir/Patient/p1", content=body,
                         headers={"Content-Type": "application/fhir+json"})  # fmt: skip
        text = wire(OBSERVATION).replace("88.0", "88.00")
        assert "88.00" in text
        made = await client.post("/fhir/Observation", content=text,
                                 headers={"Content-Type": "application/fhir+json"})  # fmt: skip
        assert made.status_code == 201
        again = await client.get(f"/fhir/Observation/{made.json()['id']}")
        assert '"value":88.00,' in again.text.replace(" ", "")
