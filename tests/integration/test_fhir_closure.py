"""A client keeps a table of which of its patients' tests are kinds of which."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from fhir_server.rest.services import FhirServices
from fhir_server.store.database import Database
from tests.support.fhir_http import NOW, fhir_app, problem, put_all, serving
from tests.unit.terminology.code_systems import URL, lab

pytestmark = pytest.mark.anyio

PARTS = "http://hospital.example.cn/CodeSystem/parts"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        await put_all(opened, [{**lab(), "id": "lab"}])
        yield opened


def coding(code: str, **more: str) -> dict[str, Any]:
    return {"name": "concept", "valueCoding": {"system": URL, "code": code, **more}}


async def asked(
    client: httpx.AsyncClient, *listed: dict[str, Any], name: str = "problems", at: str = "$closure"
) -> httpx.Response:
    parameters = [{"name": "name", "valueString": name}, *listed]
    return await client.post(at, json={"resourceType": "Parameters", "parameter": parameters})


def told(answer: httpx.Response) -> tuple[str, set[tuple[str, str]]]:
    """Version, and (code, what it is a kind of)."""
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [i for i in validate(decode(answer.content)) if i.severity == "error"] == []
    assert found["resourceType"] == "ConceptMap"
    relations = set()
    for group in found.get("group", ()):
        assert (group["source"], group["target"]) == (URL, URL)
        for element in group["element"]:
            for target in element["target"]:
                assert target["equivalence"] == "subsumes"
                relations.add((element["code"], target["code"]))
    return found["version"], relations


def since(version: int) -> dict[str, Any]:
    return {"name": "version", "valueString": str(version)}


async def test_a_table_grows_and_tells_only_what_is_new(client: httpx.AsyncClient) -> None:
    assert told(await asked(client)) == ("1", set())
    assert told(await asked(client, coding("LDL"))) == ("2", set())
    # The groups above come later than what is below them.
    found = told(await asked(client, coding("TC"), coding("LIPID")))
    assert found == ("3", {("LDL", "TC"), ("LDL", "LIPID"), ("TC", "LIPID")})
    assert told(await asked(client, coding("HDL"))) == ("4", {("HDL", "TC"), ("HDL", "LIPID")})
    # What is there already adds nothing.
    assert told(await asked(client, coding("HDL"))) == ("4", set())


async def test_a_client_that_missed_answers_has_them_again(client: httpx.AsyncClient) -> None:
    for more in ((), (coding("TC"),), (coding("LDL"),), (coding("HDL"),)):
        await asked(client, *more)
    assert told(await asked(client, since(3))) == ("4", {("HDL", "TC")})
    assert told(await asked(client, since(1))) == ("4", {("LDL", "TC"), ("HDL", "TC")})
    assert told(await asked(client, since(4))) == ("4", set())
    answer = await asked(client, since(5))
    assert problem(answer)[0] == 422


async def test_a_table_that_was_begun_anew_is_not_taken_for_the_old_one(
    client: httpx.AsyncClient,
) -> None:
    await asked(client)
    await asked(client, coding("TC"), coding("LDL"))
    assert told(await asked(client)) == ("3", set())
    assert told(await asked(client, coding("TC"))) == ("4", set())
    answer = await asked(client, since(2))
    assert problem(answer)[0] == 422
    assert "initialise it again" in answer.json()["issue"][0]["diagnostics"]


async def test_tables_of_two_names_do_not_know_of_each_other(client: httpx.AsyncClient) -> None:
    for name in ("problems", "tests"):
        await asked(client, name=name)
    await asked(client, coding("TC"))
    assert told(await asked(client, coding("LDL"), name="tests", at="ConceptMap/$closure")) == (
        "2", set(),
    )  # fmt: skip


async def test_what_is_added_at_the_same_time_has_all_its_relations(
    client: httpx.AsyncClient,
) -> None:
    await asked(client)
    codes = ("LDL", "TC", "HDL")
    answers = await asyncio.gather(*(asked(client, coding(code)) for code in codes))
    told_once = [relation for each in answers for relation in told(each)[1]]
    assert sorted(told_once) == [("HDL", "TC"), ("LDL", "TC")]
    assert told(await asked(client, since(1))) == ("4", {("LDL", "TC"), ("HDL", "TC")})


async def test_a_name_that_nobody_began_is_not_found(client: httpx.AsyncClient) -> None:
    for more in ((coding("TC"),), (since(0),)):
        status, code, _ = problem(await asked(client, *more, name="nobody"))
        assert (status, code) == (404, "not-found")


@pytest.mark.parametrize(
    ("wrong", "status", "code", "named"),
    [
        ([coding("NONE")], 422, "code-invalid", "NONE"),
        ([coding("TC", version="1999")], 422, "not-found", "2026.9"),
        ([coding("TC"), coding("LDL", version="1999")], 422, "conflict", "2026.9"),
        ([coding("TC", system="http://loinc.org")], 422, "incomplete", "loinc.org"),
        ([coding("A", system=PARTS)], 422, "not-supported", "part-of"),
        ([coding("A", system=f"{PARTS}-2")], 422, "incomplete", "not all codes"),
        ([coding("TC"), since(1)], 400, "value", "one of them"),
        ([{"name": "concept", "valueCoding": {"code": "TC"}}], 400, "value", "system"),
        ([{"name": "version", "valueString": "new"}], 400, "value", "version"),
    ],
)
async def test_what_would_leave_relations_out_is_refused_and_adds_nothing(
    client: httpx.AsyncClient, wrong: list[dict[str, Any]], status: int, code: str, named: str
) -> None:
    parts = lab(url=PARTS, hierarchyMeaning="part-of", concept=[{"code": "A"}])
    some = lab(url=f"{PARTS}-2", content="fragment", concept=[{"code": "A"}])
    await put_all(client, [{**parts, "id": "parts"}, {**some, "id": "some"}])
    await asked(client)
    answer = await asked(client, *wrong)
    assert problem(answer)[:2] == (status, code)
    assert named in answer.json()["issue"][0]["diagnostics"]
    assert told(await asked(client, since(1))) == ("1", set())


async def test_a_table_is_no_matter_of_get(client: httpx.AsyncClient) -> None:
    assert (await client.get("$closure", params={"name": "problems"})).status_code == 405


async def test_a_table_survives_a_restart(tmp_path: Path) -> None:
    for more, expected in (
        ((), ("1", set())),
        ((coding("LDL"),), ("2", set())),
        ((coding("TC"),), ("3", {("LDL", "TC")})),
    ):
        database = Database.open(f"sqlite:///{tmp_path}/store.db")
        app = fhir_app(FhirServices(database=database, clock=lambda: NOW))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test/fhir/") as client:
            if not more:
                await put_all(client, [{**lab(), "id": "lab"}])
            assert told(await asked(client, *more)) == expected
        database.close()
