"""$export as the Bulk Data IG describes it: who asks gets all of what he asked for, and no more."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.bulk import ASYNC, exported, finished, lines, names
from tests.support.fhir_http import FHIR, problem
from tests.support.fhir_store import hba1c, patient
from tests.support.server import serving

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(tmp_path) as opened:
        yield opened


async def put(client: httpx.AsyncClient, *resources: dict[str, Any]) -> None:
    for resource in resources:
        url = f"/fhir/{resource['resourceType']}/{resource['id']}"
        answer = await client.put(url, json=resource, headers=FHIR)
        assert answer.status_code in (200, 201), answer.text


ORGANIZATION = {"resourceType": "Organization", "id": "ward", "name": "Ward 3"}


def group(id: str, *members: str, **more: Any) -> dict[str, Any]:
    listed = [{"entity": {"reference": member}} for member in members]
    return {
        "resourceType": "Group",
        "id": id,
        "type": "person",
        "actual": True,
        "member": listed,
        **more,
    }


@pytest.fixture
async def ward(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Two patients with a result each, a result by an absolute URL, and a ward of nobody."""
    absolute = {"reference": "http://127.0.0.1:8080/fhir/Patient/p2"}
    elsewhere = {"reference": "https://other.example/fhir/Patient/p1"}
    await put(
        client,
        patient("p1"),
        patient("p2"),
        hba1c("o1", "p1"),
        hba1c("o2", "p2") | {"subject": absolute},
        hba1c("far") | {"subject": elsewhere},
        ORGANIZATION,
    )
    return client


async def test_the_whole_system_is_exported(ward: httpx.AsyncClient) -> None:
    manifest = await exported(ward, "/fhir/$export")
    assert manifest["request"] == "http://127.0.0.1:8080/fhir/$export"
    assert manifest["requiresAccessToken"] is False
    assert manifest["error"] == manifest["deleted"] == []
    assert names(await lines(ward, manifest)) == [
        "Observation/far",
        "Observation/o1",
        "Observation/o2",
        "Organization/ward",
        "Patient/p1",
        "Patient/p2",
    ]
    assert {file["type"] for file in manifest["output"]} == {
        "Observation",
        "Organization",
        "Patient",
    }


async def test_the_kick_off_answers_202_with_the_address_of_the_status(
    ward: httpx.AsyncClient,
) -> None:
    answer = await ward.get("/fhir/$export", headers=ASYNC)
    assert answer.status_code == 202
    assert answer.headers["content-location"].startswith("http://127.0.0.1:8080/fhir/_jobs/")
    status = await finished(ward, answer)
    assert status.headers["content-type"] == "application/json"
    assert "expires" in status.headers


async def test_patients_alone_are_exported_with_their_records(ward: httpx.AsyncClient) -> None:
    """A result of another server's patient is no record of a patient of this one."""
    manifest = await exported(ward, "/fhir/Patient/$export")
    assert names(await lines(ward, manifest)) == [
        "Observation/o1",
        "Observation/o2",
        "Patient/p1",
        "Patient/p2",
    ]


async def test_a_group_is_exported_with_the_groups_in_it(ward: httpx.AsyncClient) -> None:
    inactive = {"entity": {"reference": "Patient/p1"}, "inactive": True}
    over = {"entity": {"reference": "Patient/p1"}, "period": {"end": "2020-01-01"}}
    outer = group("outer", "Group/inner", "Practitioner/d1")
    outer["member"] += [inactive, over]
    await put(ward, group("inner", "Patient/p2", "Group/outer"), outer)
    manifest = await exported(ward, "/fhir/Group/outer/$export")
    assert names(await lines(ward, manifest)) == ["Group/inner", "Observation/o2", "Patient/p2"]
    [remark] = await lines(ward, manifest, "error")
    assert remark["issue"][0]["severity"] == "warning"
    assert "Practitioner/d1" in remark["issue"][0]["diagnostics"]


async def test_a_group_that_is_not_there_is_a_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fhir/Group/nobody/$export", headers=ASYNC)
    assert problem(answer)[:2] == (404, "not-found")


async def test_patients_can_be_chosen_by_post(ward: httpx.AsyncClient) -> None:
    def asked(*ids: str) -> dict[str, Any]:
        listed = [{"name": "patient", "valueReference": {"reference": f"Patient/{i}"}} for i in ids]
        return {"resourceType": "Parameters", "parameter": listed}

    await put(ward, group("g", "Patient/p1"))
    headers = ASYNC | FHIR
    kick_off = await ward.post("/fhir/Patient/$export", json=asked("p2"), headers=headers)
    manifest = (await finished(ward, kick_off)).json()
    assert names(await lines(ward, manifest)) == ["Observation/o2", "Patient/p2"]

    kick_off = await ward.post("/fhir/Group/g/$export", json=asked("p1", "p2"), headers=headers)
    manifest = (await finished(ward, kick_off)).json()
    assert names(await lines(ward, manifest)) == ["Group/g", "Observation/o1", "Patient/p1"]
    [remark] = await lines(ward, manifest, "error")
    assert "Patient/p2 is not in the Group" in remark["issue"][0]["diagnostics"]


async def test_types_restrict_the_export(ward: httpx.AsyncClient) -> None:
    manifest = await exported(ward, "/fhir/$export?_type=Patient,Organization&_type=Observation")
    assert [file["type"] for file in manifest["output"]] == [
        "Patient",
        "Organization",
        "Observation",
    ]


async def test_what_changed_since_is_exported_and_what_was_deleted_is_named(
    ward: httpx.AsyncClient,
) -> None:
    first = await exported(ward, "/fhir/$export")
    await put(ward, hba1c("o1", "p1", status="amended"), hba1c("o3", "p1"))
    assert (await ward.delete("/fhir/Observation/o2")).status_code == 204
    since = first["transactionTime"]

    second = await exported(ward, f"/fhir/$export?_since={since}")
    assert names(await lines(ward, second)) == ["Observation/o1", "Observation/o3"]
    [deletion] = await lines(ward, second, "deleted")
    assert deletion["type"] == "transaction"
    request = {"method": "DELETE", "url": "Observation/o2"}
    assert deletion["entry"] == [{"request": request}]
    assert second["deleted"][0]["type"] == "Bundle"

    # Whose result it was is told by what it was before.
    of_patients = await exported(ward, f"/fhir/Patient/$export?_since={since}")
    assert len(await lines(ward, of_patients, "deleted")) == 1
    await put(ward, group("g", "Patient/p1"))
    of_group = await exported(ward, f"/fhir/Group/g/$export?_since={since}")
    assert await lines(ward, of_group, "deleted") == []

    third = await exported(ward, f"/fhir/$export?_since={of_group['transactionTime']}")
    assert third["output"] == third["deleted"] == []


async def test_numbers_leave_as_they_came(client: httpx.AsyncClient) -> None:
    body = (
        b'{"resourceType":"Observation","id":"n","status":"final","code":{"text":"x"},'
        b'"valueQuantity":{"value":1.00},"referenceRange":[{"low":{"value":1e3}}]}'
    )
    await client.put("/fhir/Observation/n", content=body, headers=FHIR)
    manifest = await exported(client, "/fhir/$export?_outputFormat=ndjson")
    content = (await client.get(manifest["output"][0]["url"])).content
    assert b'"value":1.00}' in content and b'"value":1e3}' in content


async def test_files_are_compressed_where_that_is_accepted(ward: httpx.AsyncClient) -> None:
    manifest = await exported(ward, "/fhir/$export?_type=Patient")
    url = manifest["output"][0]["url"]
    plain = await ward.get(url, headers={"Accept-Encoding": "identity"})
    packed = await ward.get(url, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content
    assert plain.headers["content-length"] == str(len(plain.content))


async def test_a_deleted_job_is_gone_with_its_files(
    ward: httpx.AsyncClient, tmp_path: Path
) -> None:
    kick_off = await ward.get("/fhir/$export", headers=ASYNC)
    status = kick_off.headers["content-location"]
    manifest = (await finished(ward, kick_off)).json()
    folder = tmp_path / "jobs" / status.rpartition("/")[2]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700

    assert (await ward.delete(status)).status_code == 202
    assert not folder.exists()
    assert problem(await ward.get(status))[:2] == (404, "not-found")
    assert problem(await ward.get(manifest["output"][0]["url"]))[0] == 404
    assert problem(await ward.delete(status))[0] == 404


async def test_no_other_file_can_be_had(ward: httpx.AsyncClient) -> None:
    kick_off = await ward.get("/fhir/$export", headers=ASYNC)
    status = kick_off.headers["content-location"]
    await finished(ward, kick_off)
    for name in ("..%2Fserver-id", "server-id", "Patient.1.ndjson.part", "Patient.9.ndjson"):
        assert problem(await ward.get(f"{status}/{name}"))[0] == 404


REFUSED = [
    ("/fhir/$export?_typeFilter=Observation%3Fcode%3Dx", "not-supported", "_typeFilter"),
    ("/fhir/$export?_elements=id", "not-supported", "_elements"),
    ("/fhir/$export?organizeOutputBy=Patient", "not-supported", "organizeOutputBy"),
    ("/fhir/$export?_typo=Patient", "not-supported", "_typo"),
    ("/fhir/$export?_type=Patients", "not-supported", "Patients"),
    ("/fhir/Patient/$export?_type=Organization", "not-supported", "Organization"),
    ("/fhir/$export?_outputFormat=text/csv", "not-supported", "text/csv"),
    ("/fhir/$export?_since=2026-05-11", "value", "_since"),
    ("/fhir/$export?_since=yesterday", "value", "_since"),
    ("/fhir/Patient/$export?patient=Patient/p1", "not-supported", "POST"),
]


@pytest.mark.parametrize(("url", "code", "named"), REFUSED)
async def test_what_is_not_served_is_refused_by_name(
    client: httpx.AsyncClient, url: str, code: str, named: str
) -> None:
    answer = await client.get(url, headers=ASYNC)
    assert problem(answer)[:2] == (400, code)
    assert named in answer.json()["issue"][0]["diagnostics"]


async def test_a_lenient_client_is_told_what_was_left_out(ward: httpx.AsyncClient) -> None:
    prefer = {"Prefer": "respond-async, handling=lenient"}
    url = "/fhir/$export?_typeFilter=Observation%3Fcode%3Dx&_type=Patient,Patients"
    manifest = (await finished(ward, await ward.get(url, headers=prefer))).json()
    assert names(await lines(ward, manifest)) == ["Patient/p1", "Patient/p2"]
    said = [r["issue"][0]["diagnostics"] for r in await lines(ward, manifest, "error")]
    assert ["_typeFilter" in said[0], "Patients" in said[1]] == [True, True]

    # A list of which nothing is left must not become "every type".
    nothing = await ward.get("/fhir/$export?_type=Patients", headers=prefer)
    assert problem(nothing)[:2] == (400, "not-supported")


async def test_a_kick_off_says_that_it_can_wait(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fhir/$export")
    assert problem(answer)[:2] == (400, "not-supported")
    assert "respond-async" in answer.json()["issue"][0]["diagnostics"]


async def test_to_look_for_the_address_begins_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.head("/fhir/$export", headers=ASYNC)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("url", ["/fhir/Observation/$export", "/fhir/Patient/p1/$export"])
async def test_other_levels_are_not_there(client: httpx.AsyncClient, url: str) -> None:
    assert problem(await client.get(url, headers=ASYNC))[0] == 404


async def test_the_statement_names_the_operations(client: httpx.AsyncClient) -> None:
    rest = (await client.get("/fhir/metadata")).json()["rest"][0]
    assert {o["name"] for o in rest["operation"]} >= {"export", "import"}
    of = {r["type"]: [o["definition"] for o in r.get("operation", ())] for r in rest["resource"]}
    base = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
    assert f"{base}patient-export" in of["Patient"]
    assert f"{base}group-export" in of["Group"]
    assert not [d for d in of["Observation"] if "bulkdata" in d]
