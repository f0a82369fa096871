"""Whose job it is: only the client that asked sees it, and an export holds only what it may see."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import Request

from fhir_server.store import export_walk
from fhir_server.store.access import Access
from tests.support import server
from tests.support.bulk import ASYNC, NDJSON, exported, finished, lines, names, ndjson
from tests.support.fhir_http import problem
from tests.support.fhir_store import hba1c, patient
from tests.support.server import serving
from tests.unit.security import signing

pytestmark = pytest.mark.anyio

BASE = "https://attending.example-hospital.cn"


class Client:
    """Signs each call with a token of its own, as production asks for."""

    def __init__(self, http: httpx.AsyncClient, issuer: str) -> None:
        self._http = http
        self._issuer = issuer
        self._calls = 0

    async def call(self, method: str, url: str, **headers: str) -> httpx.Response:
        self._calls += 1
        url = url.removeprefix(BASE)
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": self._issuer,
            "aud": f"{BASE}{url}",
            "iat": now,
            "exp": now + 120,
            "jti": f"{self._issuer}-{self._calls}",
        }
        key = signing.keys()["ES384"]
        head = {"alg": "ES384", "typ": "JWT", "kid": key.kid}
        token = signing.signed(head, claims, key)
        return await self._http.request(method, url, headers={"Authorization": token, **headers})


async def test_only_the_client_that_asked_sees_its_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = server.settings
    monkeypatch.setattr(
        server,
        "settings",
        lambda folder, **changes: original(folder, **changes).model_copy(update={"base_url": BASE}),
    )
    issuers = ("https://emr.example", "https://research.example")
    given = [signing.registration(issuer=issuer, allow=["fhir"]) for issuer in issuers]
    for client in given:
        client.pop("jku", None)
    clients = signing.client_file(tmp_path, *given)
    async with serving(tmp_path, base_url=BASE, clients_file=clients) as http:
        emr, research = (Client(http, issuer) for issuer in issuers)
        assert (await http.get("/fhir/$export", headers=ASYNC)).status_code == 401
        kick_off = await emr.call("GET", "/fhir/$export", **ASYNC)
        status = kick_off.headers["content-location"]
        for _ in range(100):
            answer = await emr.call("GET", status)
            if answer.status_code != 202:
                break
            await asyncio.sleep(0.05)
        assert answer.json()["requiresAccessToken"] is True
        assert problem(await research.call("GET", status))[:2] == (404, "not-found")
        assert problem(await research.call("DELETE", status))[:2] == (404, "not-found")
        assert problem(await research.call("GET", f"{status}/Patient.1.ndjson"))[0] == 404
        assert (await http.get(status)).status_code == 401
        assert (await emr.call("DELETE", status)).status_code == 202


async def test_a_restricted_client_gets_its_patients_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`access_of` says whom the sender of a request may see."""
    monkeypatch.setattr(export_walk, "visible", lambda _c, _stored, _access: True)

    def access_of(request: Request) -> Access:
        named = request.headers.get("x-patients")
        return Access(None if named is None else frozenset(named.split(",")))

    async with serving(tmp_path) as client:
        state = client.app.state
        from dataclasses import replace

        state.fhir = replace(state.fhir, access_of=access_of)
        everything = ndjson(patient("p1"), patient("p2"), hba1c("o1", "p1"), hba1c("o2", "p2"))
        ward = ndjson({"resourceType": "Organization", "id": "ward", "name": "Ward 3"})
        kick_off = await client.post("/fhir/$import", content=everything + ward, headers=NDJSON)
        assert (await finished(client, kick_off)).json()["error"] == []
        import_status = kick_off.headers["content-location"]

        whole = await exported(client, "/fhir/$export")
        client.headers["x-patients"] = "p1"
        manifest = await exported(client, "/fhir/$export")
        assert names(await lines(client, manifest)) == ["Observation/o1", "Patient/p1"]

        # What somebody with more access asked for is not for this one; nor is an import.
        assert problem(await client.get(whole["output"][0]["url"]))[0] == 404
        assert problem(await client.get(import_status))[0] == 404
        refused = await client.post("/fhir/$import", content=ward, headers=NDJSON)
        assert problem(refused)[:2] == (403, "forbidden")
        client.headers["x-patients"] = "p1,p2"
        assert len(await lines(client, manifest)) == 2
        client.headers["x-patients"] = "p2"
        assert problem(await client.get(manifest["output"][0]["url"]))[0] == 404
