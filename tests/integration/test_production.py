"""The production profile: nobody gets in without a token for the door and the URL called."""

from datetime import UTC, datetime

import pytest

from tests.support.server import serving
from tests.unit.security import signing

pytestmark = pytest.mark.anyio

BASE = "https://attending.example-hospital.cn"
SIGN = "/cds-services/chronic-risk-order-sign"


def token(path: str, **changes) -> dict[str, str]:
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": signing.ISSUER,
        "aud": f"{BASE}{path}",
        "iat": now,
        "exp": now + 120,
        "jti": f"{path}-{now}-{changes.pop('jti', 'a')}",
    } | changes
    key = signing.keys()["ES384"]
    head = {"alg": "ES384", "typ": "JWT", "kid": key.kid, "jku": signing.JKU}
    return {"Authorization": signing.signed(head, claims, key)}


def production(tmp_path, *doors: str):
    clients = signing.client_file(tmp_path, signing.registration(allow=list(doors)))
    return serving(tmp_path, base_url=BASE, clients_file=clients)


@pytest.fixture(autouse=True)
def public_url(monkeypatch):
    from tests.support import server

    original = server.settings
    monkeypatch.setattr(
        server,
        "settings",
        lambda folder, **changes: original(folder, **changes).model_copy(update={"base_url": BASE}),
    )


CLOSED = [
    ("POST", SIGN),
    ("POST", f"{SIGN}/feedback"),
    ("GET", "/fhir/Patient"),
    ("GET", "/fhir/Patient/1"),
    ("POST", "/fhir"),
    ("POST", "/fhir/Observation"),
    ("PUT", "/fhir/Patient/1"),
    ("DELETE", "/fhir/Patient/1"),
    ("POST", "/hl7v2"),
    ("GET", "/hl7v2/messages"),
    ("GET", "/models"),
    ("GET", "/models/china-par"),
    ("POST", "/models/china-par/predict"),
    ("POST", "/fhir/Patient/1/$evaluate-risk"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/nowhere"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
async def test_without_a_token_every_door_is_closed(tmp_path, method, path):
    async with production(tmp_path, "cds-hooks", "fhir", "hl7v2") as client:
        answer = await client.request(method, path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["resourceType"] == "OperationOutcome"


def test_every_route_is_either_public_on_purpose_or_tested_closed(tmp_path):
    from fhir_server.rest.boundary import needed_interface

    for path in ("/cds-services", "/fhir/metadata", "/health/live", "/health/ready"):
        assert needed_interface("GET", path) is None
    for method, path in CLOSED:
        assert needed_interface(method, path) is not None


@pytest.mark.parametrize("path", ["/cds-services", "/fhir/metadata", "/health/live"])
async def test_what_holds_no_patient_is_open(tmp_path, path):
    async with production(tmp_path, "fhir") as client:
        assert (await client.get(path)).status_code == 200


async def test_a_registered_client_passes_its_door_once_per_token(tmp_path):
    async with production(tmp_path, "fhir") as client:
        headers = token("/fhir/Patient")
        assert (await client.get("/fhir/Patient", headers=headers)).status_code == 200
        again = await client.get("/fhir/Patient", headers=headers)
        assert again.status_code == 401
        assert "replayed" in again.headers["www-authenticate"]


async def test_a_client_may_not_use_a_door_that_it_is_not_registered_for(tmp_path):
    async with production(tmp_path, "cds-hooks") as client:
        answer = await client.get("/fhir/Patient", headers=token("/fhir/Patient"))
        assert answer.status_code == 403


async def test_a_token_for_another_url_does_not_pass(tmp_path):
    async with production(tmp_path, "fhir") as client:
        answer = await client.get("/fhir/Patient/1", headers=token("/fhir/Patient"))
        assert answer.status_code == 401


async def test_an_expired_token_does_not_pass(tmp_path):
    now = int(datetime.now(UTC).timestamp())
    async with production(tmp_path, "fhir") as client:
        headers = token("/fhir/Patient", iat=now - 600, exp=now - 300)
        assert (await client.get("/fhir/Patient", headers=headers)).status_code == 401
