"""What a client is told of the profiles that its records claim, and what a hospital may demand."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_server.r4.profile_packages import Publication
from fhir_server.r4.profiles import Profiles
from tests.support.fhir_http import FHIR, problem, serving
from tests.support.fhir_store import hba1c
from tests.support.profiles import RESULT, package

pytestmark = pytest.mark.anyio

ELSEWHERE = "https://elsewhere.example/StructureDefinition/unknown"
OUTCOME = FHIR | {"Prefer": "return=OperationOutcome"}
METHOD: dict[str, Any] = {"text": "HPLC"}


def claiming(*profiles: str, **more: Any) -> dict[str, Any]:
    return hba1c("o1", meta={"profile": list(profiles)}, **more)


def warnings(outcome: dict[str, Any]) -> list[str]:
    return [i["diagnostics"] for i in outcome["issue"] if i["severity"] == "warning"]


@pytest.fixture
def profiles(tmp_path: Path) -> Profiles:
    return Profiles.load(package(tmp_path / "profiles"))


async def _put(client: httpx.AsyncClient, record: dict[str, Any], **headers: str) -> httpx.Response:
    return await client.put("Observation/o1", json=record, headers=FHIR | headers)


async def test_a_record_is_held_to_the_profile_that_it_claims(profiles: Profiles) -> None:
    async with serving(profiles=profiles) as client:
        refused = await _put(client, claiming(RESULT))
        assert problem(refused) == (422, "required", ["Observation.method"])
        assert (await _put(client, claiming(RESULT, method=METHOD))).status_code == 201


@pytest.mark.parametrize("loaded", [True, False])
async def test_an_unknown_profile_is_named_to_who_asks_for_the_outcome(
    profiles: Profiles, loaded: bool
) -> None:
    async with serving(profiles=profiles if loaded else None) as client:
        plain = await _put(client, claiming(ELSEWHERE))
        assert plain.json()["resourceType"] == "Observation"
        told = await _put(client, claiming(ELSEWHERE), Prefer="return=OperationOutcome")
        (text,) = warnings(told.json())
        assert ELSEWHERE in text
        entry = {
            "resource": claiming(ELSEWHERE),
            "request": {"method": "PUT", "url": "Observation/o1"},
        }
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        answer = await client.post("http://test/fhir", json=bundle, headers=OUTCOME)
        (text,) = warnings(answer.json()["entry"][0]["response"]["outcome"])
        assert ELSEWHERE in text


@pytest.mark.parametrize("with_package", [True, False])
async def test_a_hospital_may_refuse_profiles_that_it_cannot_check(
    tmp_path: Path, with_package: bool
) -> None:
    strict = (
        Profiles.load(package(tmp_path / "profiles"), refuse_unknown=True)
        if with_package
        else Profiles(Publication(), refuse_unknown=True)
    )
    async with serving(profiles=strict) as client:
        refused = await _put(client, claiming(ELSEWHERE, method=METHOD))
        assert problem(refused) == (422, "not-found", ["Observation.meta"])
        assert (await client.get("Observation/o1")).status_code == 404
        core = "http://hl7.org/fhir/StructureDefinition/Observation"
        assert (await _put(client, claiming(core))).status_code == 201


async def test_validation_is_by_the_loaded_profiles(profiles: Profiles) -> None:
    async with serving(profiles=profiles) as client:
        for record, url in (
            (claiming(RESULT), "Observation/$validate"),
            (hba1c("o1"), f"Observation/$validate?profile={RESULT}"),
        ):
            answer = await client.post(url, json=record, headers=FHIR)
            (issue,) = answer.json()["issue"]
            assert (issue["severity"], issue["expression"]) == ("error", ["Observation.method"])
        good = await client.post(
            f"Observation/$validate?profile={RESULT}", json=hba1c("o1", method=METHOD), headers=FHIR
        )
        assert [issue["severity"] for issue in good.json()["issue"]] == ["information"]
        unknown = await client.post(
            f"Observation/$validate?profile={ELSEWHERE}", json=hba1c("o1"), headers=FHIR
        )
        assert problem(unknown)[:2] == (400, "not-supported")
        claimed = await client.post("Observation/$validate", json=claiming(ELSEWHERE), headers=FHIR)
        assert len(warnings(claimed.json())) == 1
