"""SNOMED CT from its own file, asked by the operations and searches of FHIR."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from scripts.make_rf2_release import CORE, DATE, ROOT, Release
from terminology.loaders import snomed
from terminology.loaders.report import Report
from terminology.loaders.sources import source_of
from terminology.releases import shelf as shelf_room
from terminology.releases.shelf import Shelf
from terminology.releases.writing import ReleaseWriter
from tests.support.fhir_http import problem, put_all, serving

pytestmark = pytest.mark.anyio

SNOMED = "http://snomed.info/sct"
EDITION = f"{SNOMED}/{CORE}"
VERSION = f"{EDITION}/version/{DATE}"
OLDER = f"{EDITION}/version/20250101"
MADE = Release(300, seed=5)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """One release under two versions."""
    folder = tmp_path_factory.mktemp("terminology")
    Release(300, seed=5).write(folder / "rf2")
    for version in ("", OLDER):
        writer = ReleaseWriter(folder / "releases", filterable=snomed.FILTERABLE)
        sources = [source_of(folder / "rf2")]
        writer.finish(snomed.load(sources, writer, Report(), version=version))
    return Shelf(folder / "releases")


@pytest.fixture(params=["sqlite", "postgresql"])
async def client(shelf: Shelf, request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(adapter=request.param, releases=shelf) as opened:
        yield opened


def read(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert validate(decode(answer.content)) == ()
    found: dict[str, Any] = answer.json()
    return found


def told(answer: httpx.Response) -> dict[str, Any]:
    return {
        each["name"]: next((v for n, v in each.items() if n.startswith("value")), None)
        for each in read(answer)["parameter"]
    }


async def expanded(client: httpx.AsyncClient, url: str, **asked: str) -> dict[str, Any]:
    answer = await client.get("ValueSet/$expand", params={"url": url, **asked})
    found: dict[str, Any] = read(answer)["expansion"]
    return found


def codes(expansion: dict[str, Any]) -> list[str]:
    found = []
    for each in expansion.get("contains", ()):
        found += [each["code"], *codes(each)]
    return found


def below(number: int) -> set[str]:
    """The concepts at or below one of the made-up ones, by its own rule."""
    found = {MADE.codes[number]}
    for at, code in enumerate(MADE.codes):
        if MADE.is_active(at) and found.intersection(MADE.parents(at)):
            found.add(code)
    return found


async def test_lookup_takes_the_newest_version_and_any_that_is_named(
    client: httpx.AsyncClient,
) -> None:
    asked = {"system": SNOMED, "code": MADE.codes[40]}
    newest = told(await client.get("CodeSystem/$lookup", params=asked))
    assert (newest["version"], newest["name"]) == (VERSION, "SNOMED_CT")
    older = told(await client.get("CodeSystem/$lookup", params={**asked, "version": OLDER}))
    assert older["version"] == OLDER
    assert older["display"] == newest["display"]
    edition = told(await client.get("CodeSystem/$lookup", params={**asked, "version": EDITION}))
    assert edition["version"] == VERSION
    chinese = {**asked, "displayLanguage": "zh-CN"}
    assert told(await client.get("CodeSystem/$lookup", params=chinese))["display"] > "\u4e00"
    other = {**asked, "version": f"{EDITION}/version/20990101"}
    status, code, _ = problem(await client.get("CodeSystem/$lookup", params=other))
    assert (status, code) == (404, "not-found")


async def test_validation_by_hierarchy_display_and_version(client: httpx.AsyncClient) -> None:
    url = f"{SNOMED}?fhir_vs=isa/{MADE.codes[1]}"
    inside = below(1)
    for number in (1, 2, 30, 150):
        code = MADE.codes[number]
        asked = {"url": url, "system": SNOMED, "code": code}
        found = told(await client.get("ValueSet/$validate-code", params=asked))
        assert found["result"] is (code in inside), number
    asked = {"url": SNOMED, "code": MADE.codes[2], "display": "Something else"}
    wrong = told(await client.get("CodeSystem/$validate-code", params=asked))
    assert wrong["result"] is False
    assert "Wrong Display Name 'Something else'" in wrong["message"]
    asked["display"] = f"{wrong['display']} (finding)"
    assert told(await client.get("CodeSystem/$validate-code", params=asked))["result"] is True
    asked = {"url": SNOMED, "code": "404684003"}
    unknown = told(await client.get("CodeSystem/$validate-code", params=asked))
    assert unknown["result"] is False
    assert "Unknown code '404684003'" in unknown["message"]
    ended = {"url": SNOMED, "code": MADE.codes[19]}
    assert told(await client.get("CodeSystem/$validate-code", params=ended))["inactive"] is True


async def test_subsumption(client: httpx.AsyncClient) -> None:
    child = MADE.codes[150]
    parent = MADE.parents(150)[0]
    for one, other, expected in (
        (parent, child, "subsumes"),
        (child, parent, "subsumed-by"),
        (child, ROOT, "subsumed-by"),
        (child, child, "equivalent"),
        (MADE.codes[0], MADE.codes[1], "not-subsumed"),
    ):
        asked = {"system": SNOMED, "codeA": one, "codeB": other}
        found = told(await client.get("CodeSystem/$subsumes", params=asked))
        assert found == {"outcome": expected}


async def test_value_sets_that_the_code_system_implies(client: httpx.AsyncClient) -> None:
    everything = await expanded(client, f"{SNOMED}?fhir_vs", count="3")
    assert everything["total"] > len(MADE.codes)
    assert len(codes(everything)) == 3
    found = await expanded(client, f"{SNOMED}?fhir_vs=isa/{MADE.codes[2]}")
    assert set(codes(found)) == below(2)
    simple = MADE.refsets[0]
    members = {c for n, c in enumerate(MADE.codes) if n % 30 == 0 and MADE.is_active(n)}
    found = await expanded(client, f"{SNOMED}?fhir_vs=refset/{simple}")
    assert set(codes(found)) == members
    assert simple in codes(await expanded(client, f"{SNOMED}?fhir_vs=refset"))
    constraint = quote(f"<< {MADE.codes[2]} MINUS {MADE.codes[2]}", safe="")
    found = await expanded(client, f"{SNOMED}?fhir_vs=ecl/{constraint}")
    assert set(codes(found)) == below(2) - {MADE.codes[2]}
    dated = await expanded(client, f"{OLDER}?fhir_vs=isa/{MADE.codes[2]}")
    assert {"name": "used-codesystem", "valueUri": f"{SNOMED}|{OLDER}"} in dated["parameter"]


async def test_what_is_typed_finds_codes_in_both_languages(client: httpx.AsyncClient) -> None:
    asked = {"system": SNOMED, "code": MADE.codes[7], "displayLanguage": "zh"}
    chinese = told(await client.get("CodeSystem/$lookup", params=asked))["display"]
    for text in (chinese[:2], chinese[1:4], chinese, MADE.codes[7]):
        found = await expanded(client, f"{SNOMED}?fhir_vs", filter=text, count="300")
        assert MADE.codes[7] in codes(found), text


@pytest.mark.parametrize(
    ("url", "status", "named"),
    [
        (f"{SNOMED}?fhir_vs=isa/404684003", 422, "Unknown code '404684003'"),
        (f"{SNOMED}?fhir_vs=refset/{ROOT}", 422, "is no reference set"),
        (f"{SNOMED}?fhir_vs=ecl/%3C%3C%20", 422, "ECL at character"),
        (f"{SNOMED}?fhir_vs=ecl/%3C%20404684003", 422, "Unknown code '404684003'"),
        (f"{SNOMED}?fhir_vs=kind/1", 404, "could not be found"),
        (f"{EDITION}/version/20990101?fhir_vs", 404, "could not be found"),
        ("http://loinc.org/vs", 404, "could not be found"),
    ],
)
async def test_what_cannot_be_told_is_refused(
    client: httpx.AsyncClient, url: str, status: int, named: str
) -> None:
    answer = await client.get("ValueSet/$expand", params={"url": url})
    assert answer.status_code == status
    assert named in answer.text


async def test_a_value_set_of_codes_of_several_systems(client: httpx.AsyncClient) -> None:
    local = {
        "resourceType": "CodeSystem",
        "id": "own",
        "url": "http://hospital.example.cn/own",
        "status": "active",
        "content": "complete",
        "concept": [{"code": "x", "display": "本院项目"}],
    }
    is_a = [{"property": "concept", "op": "is-a", "value": MADE.codes[2]}]
    value_set = {
        "resourceType": "ValueSet",
        "id": "both",
        "url": "http://hospital.example.cn/both",
        "status": "active",
        "compose": {
            "include": [{"system": local["url"]}, {"system": SNOMED, "filter": is_a}],
            "exclude": [{"system": SNOMED, "concept": [{"code": MADE.codes[2]}]}],
        },
    }
    await put_all(client, [local, value_set])
    found = codes(await expanded(client, value_set["url"]))
    assert found[0] == "x"
    assert set(found[1:]) == below(2) - {MADE.codes[2]}


async def test_a_search_below_a_concept(client: httpx.AsyncClient) -> None:
    inside, outside = sorted(below(2) - {MADE.codes[2]})[0], MADE.codes[3]
    for name, code in (("in", inside), ("out", outside)):
        condition = {
            "resourceType": "Condition",
            "id": name,
            "subject": {"display": "nobody"},
            "code": {"coding": [{"system": SNOMED, "code": code}]},
        }
        await put_all(client, [condition])
    for asked in (
        {"code:below": f"{SNOMED}|{MADE.codes[2]}"},
        {"code:in": f"{SNOMED}?fhir_vs=isa/{MADE.codes[2]}"},
    ):
        answer = await client.get("Condition", params=asked)
        assert answer.status_code == 200, answer.text
        assert [each["resource"]["id"] for each in answer.json()["entry"]] == ["in"]


async def test_capabilities_name_both_versions(client: httpx.AsyncClient) -> None:
    answer = await client.get("metadata", params={"mode": "terminology"})
    (found,) = (each for each in read(answer)["codeSystem"] if each["uri"] == SNOMED)
    assert found["version"] == [{"code": VERSION, "isDefault": True}, {"code": OLDER}]
    assert found["subsumption"] is True


async def test_versions_are_switched_under_load_and_no_request_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_room, "_SECONDS", 0.0)
    Release(300, seed=5).write(tmp_path / "rf2")
    releases = tmp_path / "releases"

    def put(date: str) -> Path:
        writer = ReleaseWriter(releases, filterable=snomed.FILTERABLE)
        sources = [source_of(tmp_path / "rf2")]
        version = f"{EDITION}/version/{date}"
        return writer.finish(snomed.load(sources, writer, Report(), version=version))

    place = put("20260101")
    seen: set[str] = set()
    done = False

    async def ask(client: httpx.AsyncClient) -> None:
        while not done:
            asked = {"system": SNOMED, "code": MADE.codes[7]}
            found = told(await client.get("CodeSystem/$lookup", params=asked))
            seen.add(found["version"].rpartition("/")[2])
            below_it = {"url": f"{SNOMED}?fhir_vs=isa/{ROOT}", **asked}
            valid = told(await client.get("ValueSet/$validate-code", params=below_it))
            assert valid["result"] is True
            # A short question is answered without one turn of the event loop.
            await asyncio.sleep(0)

    async with serving(releases=Shelf(releases)) as client:
        asking = [asyncio.create_task(ask(client)) for _ in range(4)]
        for month in range(2, 7):
            newer = await asyncio.to_thread(put, f"2026{month:02}01")
            place.unlink()
            place = newer
            await asyncio.sleep(0.05)
        done = True
        await asyncio.gather(*asking)
    assert "20260601" in seen
    assert len(seen) > 2
