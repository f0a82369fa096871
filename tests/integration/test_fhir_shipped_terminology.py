"""On a server where nobody has loaded anything: LOINC, UCUM, DICOM, imaging; and beside the GPS."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.validation import validate
from scripts.make_rf2_release import CORE, DATE, Release
from terminology.loaders import gps, snomed
from terminology.loaders.report import Report
from terminology.loaders.sources import source_of
from terminology.releases.shelf import Shelf
from terminology.releases.writing import ReleaseWriter
from tests.support.fhir_http import put_all, serving

pytestmark = pytest.mark.anyio

LOINC, UCUM, SNOMED = "http://loinc.org", "http://unitsofmeasure.org", "http://snomed.info/sct"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
PART_16 = "http://dicom.nema.org/medical/dicom/current/output/chtml/part16"
SIDE = "https://attending.org/fhir/CodeSystem/dicom-image-laterality"
MADE = Release(300, seed=5)


@pytest.fixture(params=["sqlite", "postgresql"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(adapter=request.param) as opened:
        yield opened


def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    assert validate(decode(answer.content)) == ()
    return {
        each["name"]: next((v for k, v in each.items() if k != "name"), None)
        for each in answer.json()["parameter"]
    }


async def test_the_models_inputs_are_looked_up_and_checked(client: httpx.AsyncClient) -> None:
    asked = {"system": LOINC, "code": "2160-0", "displayLanguage": "zh-CN"}
    assert told(await client.get("CodeSystem/$lookup", params=asked))["display"] == "肌酐（血）"
    for code, right in (("2160-0", True), ("2160-1", False)):
        found = await client.get("CodeSystem/$validate-code", params={"url": LOINC, "code": code})
        assert told(found)["result"] is right


async def test_units(client: httpx.AsyncClient) -> None:
    for code, right in (("mmol/L", True), ("mmol/l", True), ("MMOL/L", False)):
        found = await client.get("CodeSystem/$validate-code", params={"url": UCUM, "code": code})
        assert told(found)["result"] is right
    everything = await client.get("ValueSet/$expand", params={"url": f"{UCUM}/vs"})
    assert everything.status_code == 422
    assert "cannot be listed" in everything.text
    same = {"url": f"{UCUM}/vs/g%2FL", "system": UCUM, "code": "mg/dL"}
    assert told(await client.get("ValueSet/$validate-code", params=same))["result"] is True


async def test_dicoms_codes_and_context_groups(client: httpx.AsyncClient) -> None:
    url = f"{PART_16}/sect_CID_29.html"
    expansion = (await client.get("ValueSet/$expand", params={"url": url})).json()["expansion"]
    assert expansion["total"] == 51
    assert "extension" not in expansion
    assert {"name": "used-fragment", "valueUri": f"{DCM}|2024c"} in expansion["parameter"]
    modality = {"url": url, "system": DCM, "code": "CT", "display": "Computed Tomography"}
    assert told(await client.get("ValueSet/$validate-code", params=modality))["result"] is True
    region = {"system": SNOMED, "code": "818981001"}
    assert told(await client.get("CodeSystem/$lookup", params=region))["display"] == "Abdomen"
    filtered = {"url": f"{PART_16}/sect_CID_4031.html", "filter": "spine", "count": "3"}
    found = (await client.get("ValueSet/$expand", params=filtered)).json()["expansion"]
    assert len(found["contains"]) == 3
    assert all("spine" in each["display"].lower() for each in found["contains"])


async def test_imaging_is_translated_both_ways_and_a_stored_map_goes_before(
    client: httpx.AsyncClient,
) -> None:
    there = await client.get("ConceptMap/$translate", params={"system": DCM, "code": "MR"})
    assert '"113091000"' in there.text
    assert '"RID10312"' in there.text
    back = {"system": SNOMED, "code": "7771000", "reverse": "true"}
    found = await client.get("ConceptMap/$translate", params=back)
    assert told(found)["result"] is True
    assert '"code":"L"' in found.text
    unpaired = await client.get("ConceptMap/$translate", params={"system": SIDE, "code": "U"})
    assert told(unpaired)["result"] is False
    url = "https://attending.org/fhir/ConceptMap/imaging-modality"
    own = {
        "resourceType": "ConceptMap", "id": "own", "url": url, "status": "active",
        "group": [{"source": DCM, "target": SNOMED, "element": [
            {"code": "PT", "target": [{"code": "82918005", "equivalence": "equivalent"}]}]}],
    }  # fmt: skip
    await put_all(client, [own])
    for params in ({"url": url}, {}):
        asked = {"system": DCM, "code": "MR", **params}
        assert told(await client.get("ConceptMap/$translate", params=asked))["result"] is False


async def test_a_search_by_a_list_of_loinc_codes_finds_all_of_them(
    client: httpx.AsyncClient,
) -> None:
    """That the server knows some codes of LOINC takes none from a laboratory's list."""
    codes = ("2160-0", "3173-2")
    listed = {
        "resourceType": "ValueSet", "id": "own", "url": "http://lab.example/own",
        "status": "active",
        "compose": {"include": [{"system": LOINC, "concept": [{"code": each} for each in codes]}]},
    }  # fmt: skip
    selected = {
        **listed, "id": "all", "url": "http://lab.example/all",
        "compose": {"include": [{"system": LOINC, "filter": [
            {"property": "PROPERTY", "op": "=", "value": "MCnc"}]}]},
    }  # fmt: skip
    observations = [
        {
            "resourceType": "Observation", "id": f"o{code}", "status": "final",
            "code": {"coding": [{"system": LOINC, "code": code}]},
        }
        for code in (*codes, "2951-2")
    ]  # fmt: skip
    await put_all(client, [listed, selected, *observations])
    found = await client.get("Observation", params={"code:in": "http://lab.example/own"})
    ids = {each["resource"]["id"] for each in found.json()["entry"]}
    assert ids == {"o2160-0", "o3173-2"}
    refused = await client.get("Observation", params={"code:in": "http://lab.example/all"})
    assert refused.status_code == 422
    assert "not all codes are stored" in refused.text


async def test_what_is_known_is_told(client: httpx.AsyncClient) -> None:
    found = await client.get("metadata", params={"mode": "terminology"})
    versions = {
        each["uri"]: [v.get("code") for v in each["version"]] for each in found.json()["codeSystem"]
    }
    assert validate(decode(found.content)) == ()
    assert versions[LOINC] == ["attending-lab"]
    assert versions[DCM] == ["2024c"]
    assert versions[UCUM] == ["2.2"]
    assert versions[SNOMED] == ["dicom-2024c"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """An edition, and the names of some of its concepts as a Global Patient Set of a later date."""
    folder = tmp_path_factory.mktemp("both")
    Release(300, seed=5).write(folder / "rf2")
    writer = ReleaseWriter(folder / "releases", filterable=snomed.FILTERABLE)
    writer.finish(snomed.load([source_of(folder / "rf2")], writer, Report()))
    _write_gps(folder / "gps.csv")
    writer = ReleaseWriter(folder / "releases", filterable=gps.FILTERABLE)
    sources = [source_of(folder / "gps.csv")]
    writer.finish(gps.load(sources, writer, Report(), version="20991231"))
    return Shelf(folder / "releases")


def _write_gps(path: Path) -> None:
    rows = (f"{code},Name of {code} (finding)" for code in MADE.codes[:50])
    path.write_text("\n".join(("code,fsn", *rows, "")), encoding="utf-8")


async def test_an_edition_is_meant_and_the_global_patient_set_can_be_named(shelf: Shelf) -> None:
    top, below = MADE.codes[0], MADE.codes[1]
    async with serving(releases=shelf) as client:
        asked = {"system": SNOMED, "code": top}
        meant = told(await client.get("CodeSystem/$lookup", params=asked))
        assert meant["version"] == f"{SNOMED}/{CORE}/version/{DATE}"
        named = {**asked, "version": "gps-20991231"}
        found = told(await client.get("CodeSystem/$lookup", params=named))
        assert (found["version"], found["display"]) == ("gps-20991231", f"Name of {top}")
        both = {"system": SNOMED, "codeA": top, "codeB": below}
        assert (await client.get("CodeSystem/$subsumes", params=both)).status_code == 200
        apart = await client.get("CodeSystem/$subsumes", params={**both, "version": "gps-20991231"})
        assert apart.status_code == 422
        url = f"{SNOMED}?fhir_vs=isa/{top}"
        expansion = await client.get("ValueSet/$expand", params={"url": url, "count": "2"})
        assert expansion.status_code == 200, expansion.text
        assert "gps-" not in expansion.text
        capabilities = (await client.get("metadata", params={"mode": "terminology"})).json()
        (told_of,) = (each for each in capabilities["codeSystem"] if each["uri"] == SNOMED)
        assert [each.get("isDefault", False) for each in told_of["version"]] == [True, False]
        assert told_of["version"][1]["code"] == "gps-20991231"
