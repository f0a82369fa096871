"""$import: every good line is stored, every bad one is named, and a second run changes nothing."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.bulk import ASYNC, NDJSON, exported, finished, lines, ndjson
from tests.support.fhir_http import FHIR, problem
from tests.support.fhir_store import hba1c, patient
from tests.support.server import serving
from tests.support.subscriptions import subscription

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "in").mkdir()
    async with serving(tmp_path / "data", import_dir=tmp_path / "in") as opened:
        yield opened


async def posted(client: httpx.AsyncClient, body: bytes, **headers: str) -> dict[str, Any]:
    kick_off = await client.post("/fhir/$import", content=body, headers=NDJSON | headers)
    answer = await finished(client, kick_off)
    assert answer.status_code == 200, answer.text
    manifest: dict[str, Any] = answer.json()
    return manifest


def counts(manifest: dict[str, Any]) -> dict[str, tuple[int, int, int]]:
    return {
        entry["type"]: (entry["created"], entry["updated"], entry["unchanged"])
        for entry in manifest["output"]
    }


async def test_posted_lines_are_stored_and_found(client: httpx.AsyncClient) -> None:
    manifest = await posted(client, ndjson(patient("p1"), hba1c("o1"), hba1c("o2")))
    assert counts(manifest) == {"Patient": (1, 0, 0), "Observation": (2, 0, 0)}
    assert manifest["error"] == []
    found = (await client.get("/fhir/Observation?patient=p1")).json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == ["o1", "o2"]


async def test_the_same_lines_again_make_no_new_version(client: httpx.AsyncClient) -> None:
    body = ndjson(patient("p1"), hba1c("o1"))
    await posted(client, body)
    again = await posted(client, body)
    assert counts(again) == {"Patient": (0, 0, 1), "Observation": (0, 0, 1)}
    assert (await client.get("/fhir/Patient/p1")).headers["etag"] == 'W/"1"'

    amended = await posted(client, ndjson(patient("p1"), hba1c("o1", status="amended")))
    assert counts(amended) == {"Patient": (0, 0, 1), "Observation": (0, 1, 0)}
    assert (await client.get("/fhir/Observation/o1")).headers["etag"] == 'W/"2"'


async def test_another_spelling_of_a_number_is_another_content(client: httpx.AsyncClient) -> None:
    def measured(value: bytes) -> bytes:
        line = ndjson(hba1c("o1", valueQuantity={"value": 0, "unit": "%"}))
        return line.replace(b'"value":0', b'"value":' + value)

    await posted(client, measured(b"7.0"))
    assert counts(await posted(client, measured(b"7.0"))) == {"Observation": (0, 0, 1)}
    assert counts(await posted(client, measured(b"7.00"))) == {"Observation": (0, 1, 0)}


async def test_a_bad_line_is_named_and_the_others_are_stored(client: httpx.AsyncClient) -> None:
    no_id = {name: value for name, value in hba1c("x").items() if name != "id"}
    body = b"\n".join(
        [
            ndjson(patient("p1")).strip(),
            b'{"resourceType": "Patient"',
            b"",
            ndjson(hba1c("o1", status="nonsense")).strip(),
            ndjson(no_id).strip(),
            b'{"resourceType":"Patient","id":"p2","id":"p3"}',
            b'{"resourceType":"Pateint","id":"p4"}',
            ndjson(hba1c("o2")).strip(),
        ]
    )
    manifest = await posted(client, body)
    assert counts(manifest) == {"Patient": (1, 0, 0), "Observation": (1, 0, 0)}
    assert manifest["error"][0]["count"] == 5
    refused = await lines(client, manifest, "error")
    said = [outcome["issue"][0]["diagnostics"] for outcome in refused]
    assert [text.partition("line ")[2].partition(":")[0] for text in said] == list("24567")
    assert refused[1]["issue"][0]["expression"] == ["Observation.status"]
    assert (await client.get("/fhir/Observation/o1")).status_code == 404


async def test_a_subscription_is_not_imported(client: httpx.AsyncClient) -> None:
    """It would seem to be served, and show the secrets that a write of it hides."""
    given = subscription(id="s1", headers=("Authorization: Bearer s3cret",))
    manifest = await posted(client, ndjson(given))
    assert manifest["output"] == []
    [outcome] = await lines(client, manifest, "error")
    assert outcome["issue"][0]["code"] == "not-supported"
    assert (await client.get("/fhir/Subscription/s1")).status_code == 404


async def test_what_lies_in_the_future_is_refused_as_over_http(client: httpx.AsyncClient) -> None:
    manifest = await posted(client, ndjson(hba1c("o1", at="2999-01-01")))
    assert manifest["output"] == []
    [outcome] = await lines(client, manifest, "error")
    assert outcome["issue"][0]["code"] == "business-rule"


async def test_a_compressed_body_is_taken(client: httpx.AsyncClient) -> None:
    many = ndjson(*(hba1c(f"o{number}") for number in range(300)))
    manifest = await posted(client, gzip.compress(many), **{"Content-Encoding": "gzip"})
    assert counts(manifest) == {"Observation": (300, 0, 0)}


def asked(*inputs: tuple[str | None, str], **more: str) -> dict[str, Any]:
    """The Parameters of an import; each input is its type and its url."""
    given = [{"name": "inputFormat", "valueCode": "application/fhir+ndjson"}]
    given += [{"name": name, "valueUri": value} for name, value in more.items()]
    listed = []
    for type, url in inputs:
        parts = [{"name": "url", "valueUrl": url}]
        parts += [{"name": "type", "valueCode": type}] if type else []
        listed.append({"name": "input", "part": parts})
    return {"resourceType": "Parameters", "parameter": given + listed}


async def test_files_of_the_import_folder_are_read(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "in" / "patients.ndjson").write_bytes(ndjson(patient("p1"), hba1c("o9")))
    (tmp_path / "in" / "sub").mkdir()
    (tmp_path / "in" / "sub" / "lab.ndjson").write_bytes(ndjson(hba1c("o1"), hba1c("o2")))
    body = asked(
        ("Patient", "patients.ndjson"), (None, "sub/lab.ndjson"), inputSource="https://old.example"
    )
    kick_off = await client.post("/fhir/$import", json=body, headers=ASYNC | FHIR)
    manifest = (await finished(client, kick_off)).json()
    told = [(e["inputUrl"], e["type"], e["count"]) for e in manifest["output"]]
    assert told == [("patients.ndjson", "Patient", 1), ("sub/lab.ndjson", "Observation", 2)]
    [error] = manifest["error"]
    assert (error["inputUrl"], error["count"]) == ("patients.ndjson", 1)
    [outcome] = await lines(client, manifest, "error")
    assert "patients.ndjson, line 2: " in outcome["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/patients.ndjson",
        "http://127.0.0.1:1/x.ndjson",
        "file:///etc/passwd",
        "//host/x.ndjson",
        "/etc/passwd",
        "../data/attending.db",
        "%2e%2e/data/attending.db",
        "link.ndjson",
        "absent.ndjson",
        "",
    ],
)
async def test_nothing_outside_of_the_import_folder_is_read(
    client: httpx.AsyncClient, tmp_path: Path, url: str
) -> None:
    (tmp_path / "in" / "link.ndjson").symlink_to(tmp_path / "data" / "attending.db")
    answer = await client.post("/fhir/$import", json=asked((None, url)), headers=ASYNC | FHIR)
    assert problem(answer)[0] == 400


async def test_without_an_import_folder_lines_are_posted(tmp_path: Path) -> None:
    async with serving(tmp_path) as client:
        body = asked((None, "x.ndjson"))
        answer = await client.post("/fhir/$import", json=body, headers=ASYNC | FHIR)
        assert problem(answer)[:2] == (400, "not-supported")
        assert "ATTENDING_IMPORT_DIR" in answer.json()["issue"][0]["diagnostics"]


async def test_what_an_import_does_not_know_is_refused(client: httpx.AsyncClient) -> None:
    for body in (
        asked((None, "x.ndjson"), storageDetail="https"),
        asked(),
        asked(("Patients", "x.ndjson")),
        {"resourceType": "Parameters", "parameter": [{"name": "inputFormat", "valueCode": "csv"}]},
    ):
        answer = await client.post("/fhir/$import", json=body, headers=ASYNC | FHIR)
        assert problem(answer)[0] == 400


async def test_a_body_beyond_the_limit_leaves_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path, import_limit=2000) as client:
        body = ndjson(*(hba1c(f"o{number}") for number in range(300)))
        answer = await client.post("/fhir/$import", content=body, headers=NDJSON)
        assert problem(answer)[:2] == (413, "too-long")
        packed = NDJSON | {"Content-Encoding": "gzip"}
        answer = await client.post("/fhir/$import", content=gzip.compress(body), headers=packed)
        assert problem(answer)[:2] == (413, "too-long")
        answer = await client.post("/fhir/$import", content=b"no gzip", headers=packed)
        assert problem(answer)[:2] == (400, "structure")
        answer = await client.post(
            "/fhir/$import", content=gzip.compress(b"x")[:-4], headers=packed
        )
        assert problem(answer)[:2] == (400, "structure")
        assert [path.name for path in (tmp_path / "jobs").iterdir()] == ["server-id"]


async def test_a_line_that_is_too_long_is_refused_alone(tmp_path: Path) -> None:
    async with serving(tmp_path, body_limit=2000) as client:
        long = hba1c("long", note=[{"text": "x" * 3_000_000}])
        manifest = await posted(client, ndjson(hba1c("o1"), long, hba1c("o2")))
        assert counts(manifest) == {"Observation": (2, 0, 0)}
        [outcome] = await lines(client, manifest, "error")
        assert outcome["issue"][0]["code"] == "too-long"
        assert "line 2: " in outcome["issue"][0]["diagnostics"]


async def test_an_export_can_be_imported_by_another_server(tmp_path: Path) -> None:
    """What one server exports is, on the other, byte for byte the same but for its version."""
    body = ndjson(hba1c("n", valueQuantity={"value": 0}))
    body = body.replace(b'"value":0', b'"value":1.00')
    async with serving(tmp_path / "a") as one, serving(tmp_path / "b") as other:
        await one.put("/fhir/Observation/n", content=body, headers=FHIR)
        first = await exported(one, "/fhir/$export")
        content = (await one.get(first["output"][0]["url"])).content
        await posted(other, content)
        second = await exported(other, "/fhir/$export")
        copied = (await other.get(second["output"][0]["url"])).content
        assert b'"value":1.00' in copied
        assert _without_meta(copied) == _without_meta(content)
        assert counts(await posted(other, content)) == {"Observation": (0, 0, 1)}


def _without_meta(line: bytes) -> bytes:
    start = line.index(b'"meta":')
    return line[:start] + line[line.index(b"}", start) :]
