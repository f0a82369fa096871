"""$validate: a profile that is named is honoured, and each mode says what it would meet."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_server.r4.profiles import Profiles
from tests.support.fhir_http import FHIR, problem, serving
from tests.support.fhir_store import hba1c, patient

pytestmark = pytest.mark.anyio

URL = "http://example.org/StructureDefinition/with-birth-date"
PROFILE = {
    "resourceType": "StructureDefinition",
    "url": URL,
    "name": "WithBirthDate",
    "status": "active",
    "fhirVersion": "4.0.1",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "snapshot": {
        "element": [
            {"id": "Patient", "path": "Patient", "min": 0, "max": "*"},
            {"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1, "max": "1",
             "type": [{"code": "date"}]},
        ]
    },
}  # fmt: skip


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    package = tmp_path / "package"
    package.mkdir()
    (package / "profile.json").write_text(json.dumps(PROFILE), encoding="utf-8")
    async with serving(profiles=Profiles.load(tmp_path)) as opened:
        await opened.put("Patient/p1", json=patient("p1"), headers=FHIR)
        yield opened


async def validated(
    client: httpx.AsyncClient, url: str, resource: dict[str, Any] | None = None
) -> list[tuple[str, str]]:
    answer = await client.post(url, json=resource, headers=FHIR) if resource else (
        await client.get(url))  # fmt: skip
    assert answer.status_code == 200, answer.text
    return [(i["severity"], i.get("expression", [""])[0]) for i in answer.json()["issue"]]


async def test_a_named_profile_is_honoured(client: httpx.AsyncClient) -> None:
    bad, good = patient("p1"), patient("p1", birthDate="1968-03-12")
    url = f"Patient/$validate?profile={URL}"
    assert await validated(client, url, bad) == [("error", "Patient.birthDate")]
    assert (await validated(client, url, good))[0][0] == "information"
    assert (await validated(client, "Patient/$validate", bad))[0][0] == "information"
    parts = [{"name": "resource", "resource": bad}, {"name": "profile", "valueUri": URL}]
    body = {"resourceType": "Parameters", "parameter": parts}
    assert await validated(client, "Patient/$validate", body) == [("error", "Patient.birthDate")]


async def test_a_stored_record_is_held_to_it(client: httpx.AsyncClient) -> None:
    url = f"Patient/p1/$validate?mode=profile&profile={URL}"
    assert await validated(client, url) == [("error", "Patient.birthDate")]


async def test_a_profile_that_is_not_there_is_refused(client: httpx.AsyncClient) -> None:
    """To answer that a record is valid by what nobody has read would be worse than an error."""
    url = "Patient/$validate?profile=http://example.org/StructureDefinition/other"
    answer = await client.post(url, json=patient("p1"), headers=FHIR)
    assert problem(answer)[:2] == (400, "not-supported")
    assert URL in answer.json()["issue"][0]["diagnostics"]
    core = "Patient/$validate?profile=http://hl7.org/fhir/StructureDefinition/Patient"
    assert (await validated(client, core, patient("p1")))[0][0] == "information"
    wrong = "Observation/$validate?profile=http://hl7.org/fhir/StructureDefinition/Patient"
    assert (await validated(client, wrong, hba1c("o1")))[0][0] == "error"


@pytest.mark.parametrize(
    ("url", "resource", "expected"),
    [
        ("Patient/$validate?mode=create", patient("x"), ("information", "Patient.id")),
        ("Patient/$validate?mode=update", {"resourceType": "Patient"}, ("error", "Patient.id")),
        ("Patient/p1/$validate?mode=update", patient("p2"), ("error", "Patient.id")),
        ("Patient/p1/$validate?mode=update", patient("p1"), ("information", "")),
        ("Patient/$validate?mode=profile", patient("p1"), ("error", "Parameters.parameter")),
        ("Patient/p1/$validate?mode=delete", None, ("information", "")),
        ("Patient/p9/$validate?mode=delete", None, ("error", "")),
    ],
)
async def test_modes(
    client: httpx.AsyncClient,
    url: str,
    resource: dict[str, Any] | None,
    expected: tuple[str, str],
) -> None:
    assert (await validated(client, url, resource))[0] == expected


async def test_another_mode_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("Patient/$validate?mode=all", json=patient("p1"), headers=FHIR)
    assert problem(answer)[:2] == (400, "value")
