"""Search over HTTP: what was asked is what is answered, and what is not understood is refused."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from fhir_server.rest.cursors import write_cursor
from fhir_server.rest.services import FhirLimits
from fhir_server.store.search_query import Cursor, Sort
from tests.support.fhir_http import FHIR, problem, put_all, serving
from tests.support.fhir_store import LOINC, hba1c, patient

pytestmark = pytest.mark.anyio

RECORD = [
    patient("p1", "Zhang", "Wei", gender="male", birthDate="1968-03-12",
            identifier=[{"system": "urn:mrn", "value": "M-1"}]),
    patient("p2", "张", "三", gender="female"),
    hba1c("o1", "p1", "2026-03-01"),
    hba1c("o2", "p1", "2026-04-01T08:00:00+08:00"),
    hba1c("o3", "p2", "2026-05-01", status="preliminary"),
    hba1c("o4", "p1", None, subject={"reference": "http://test/fhir/Patient/p1"}),
]  # fmt: skip


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving(limits=FhirLimits(page_most=4)) as opened:
        await put_all(opened, RECORD)
        yield opened


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    assert bundle.get("entry") != []  # FHIR JSON has no empty arrays
    return [
        entry["resource"]["id"]
        for entry in bundle.get("entry", ())
        if entry["search"]["mode"] == "match"
    ]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("Patient", ["p1", "p2"]),
        ("Patient?name=zha", ["p1"]),
        ("Patient?name=张三", ["p2"]),
        ("Patient?name:exact=Zhang", ["p1"]),
        ("Patient?name:exact=zhang", []),
        ("Patient?family:contains=han", ["p1"]),
        ("Patient?gender=male,female", ["p1", "p2"]),
        ("Patient?identifier=urn:mrn|M-1", ["p1"]),
        ("Patient?identifier=urn:other|M-1", []),
        ("Patient?birthdate=1968", ["p1"]),
        ("Patient?birthdate=ge1968-03-13", []),
        ("Patient?_id=p2,p9", ["p2"]),
        ("Patient?_lastUpdated=ge2026-05-11", ["p1", "p2"]),
        ("Patient?_lastUpdated=lt2026-05-11", []),
        (f"Observation?code={LOINC}|4548-4&status=preliminary", ["o3"]),
        ("Observation?status=http://hl7.org/fhir/observation-status|final", ["o1", "o2", "o4"]),
        ("Observation?patient=p1", ["o1", "o2", "o4"]),
        ("Observation?patient=Patient/p1", ["o1", "o2", "o4"]),
        ("Observation?subject=http://test/fhir/Patient/p1", ["o1", "o2", "o4"]),
        ("Observation?subject:Patient=p1", ["o1", "o2", "o4"]),
        ("Observation?subject:Group=p1", []),
        ("Observation?subject=http://other/fhir/Patient/p1", []),
        ("Observation?patient=p1&date=ge2026-04", ["o2"]),
        ("Observation?date=ge2026-03&date=lt2026-04", ["o1"]),
        ("Observation?date=2026-04-01T08:00:00%2B08:00", ["o2"]),
        ("Observation?date=2026-04-01T08:00:00+08:00", ["o2"]),
        ("Observation?date=sa2026-04,eb2026-04", ["o1", "o3"]),
        ("Observation?_sort=-date", ["o3", "o2", "o1", "o4"]),
        ("Observation?_sort=date&patient=p1", ["o1", "o2", "o4"]),
        ("Observation?_sort=-_lastUpdated&_count=2", ["o4", "o3"]),
        ("Observation?_count=0", []),
        ("Observation?_summary=count", []),
        ("Observation?_summary=false&_total=none&_format=json", ["o1", "o2", "o3", "o4"]),
        ("Condition", []),
        ("Observation?subject.name=Zhang", ["o1", "o2", "o4"]),
        ("Observation?subject:Patient.name=张&status=preliminary", ["o3"]),
        ("Observation?patient.gender:not=male", ["o3"]),
        ("Patient?_has:Observation:patient:status=preliminary", ["p2"]),
        ("Patient?_has:Observation:subject:date=lt2026-04&_sort=-_id", ["p1"]),
        ("Observation?status:not=final", ["o3"]),
        ("Observation?date:missing=true", ["o4"]),
        ("Observation?code:text=HbA1c", []),
        ("Observation?value-quantity=gt5", []),
        ("Observation?date=ap2026-04-30", ["o3"]),
        ("Observation?_sort=status,-date", ["o2", "o1", "o4", "o3"]),
        ("Observation?_sort=-status,-_id&_count=2", ["o3", "o4"]),
        ("Observation?_tag=urn:x|1", []),
        ("Observation?_source=urn:x", []),
        ("Observation?_security:not=urn:x|R", ["o1", "o2", "o3", "o4"]),
    ],
)
async def test_a_search(client: httpx.AsyncClient, url: str, expected: list[str]) -> None:
    assert ids(await client.get(url)) == expected


@pytest.mark.parametrize(
    ("query", "code", "named"),
    [
        ("cod=4548-4", "not-supported", "'cod'"),
        ("subject.nonsense=Zhang", "not-supported", "'subject.nonsense'"),
        ("subject:Patient.nonsense=Zhang", "not-supported", "'nonsense'"),
        ("subject:Medication.code=1", "not-supported", "subject:Medication"),
        ("code.text=1", "not-supported", "code.text"),
        ("focus.name=1", "not-supported", "focus.name"),
        ("_has:Observation:patient:code=1", "not-supported", "does not refer to a Observation"),
        ("_has:Provenance:target:nonsense=1", "not-supported", "nonsense"),
        ("_has:Provenance:target=1", "value", "_has:Provenance:target"),
        ("_filter=code eq 1", "not-supported", "_filter"),
        ("_text=a", "not-supported", "_text"),
        ("_content=a", "not-supported", "_content"),
        ("_list=1", "not-supported", "_list"),
        ("_query=a", "not-supported", "_query"),
        ("value-quantity=much", "value", "value-quantity=much"),
        ("value-quantity=xx5", "value", "'xx'"),
        ("value-quantity=5|mg", "value", "value-quantity=5|mg"),
        ("value-quantity=5|http://unitsofmeasure.org|", "value", "number|system|code"),
        ("value-quantity=1e999", "value", "exponent"),
        ("value-quantity:not=5", "not-supported", "value-quantity:not"),
        ("code-value-quantity=4548-4", "value", "code$value-quantity"),
        ("code-value-quantity=4548-4$", "value", "code$value-quantity"),
        ("code-value-quantity=4548-4$5$6", "value", "code$value-quantity"),
        ("code-value-quantity:missing=true", "not-supported", "code-value-quantity:missing"),
        ("code:exact=1", "not-supported", "code:exact"),
        ("code:of-type=a|b|c", "not-supported", "code:of-type"),
        ("identifier:of-type=a|b", "value", "identifier:of-type"),
        ("code:below=4548-4", "value", "code:below"),
        ("code:in=nonsense", "value", "code:in"),
        ("code:missing=maybe", "value", "code:missing"),
        ("status:text=final", "not-supported", "status:text"),
        ("date:not=2026", "not-supported", "date:not"),
        ("date:exact=2026", "not-supported", "date:exact"),
        ("_id:text=1", "not-supported", "_id:text"),
        ("subject:identifier=", "value", "subject:identifier"),
        ("subject:nonsense=1", "not-supported", "subject:nonsense"),
        ("code=a%00b", "value", "U+0000"),
        ("date=xx2026", "value", "'xx'"),
        ("date=2026-13", "value", "date=2026-13"),
        ("date=yesterday", "value", "date=yesterday"),
        ("date=", "value", "date="),
        ("code=", "value", "code="),
        ("code=a,,b", "value", "code=a,,b"),
        ("code=|", "value", "code=|"),
        ("code=a|b|c", "value", "code=a|b|c"),
        ("_id=urn:x|1", "value", "_id="),
        ("subject=Foo/1", "value", "subject=Foo/1"),
        ("subject=Patient/1/_history/2", "value", "subject=Patient/1/_history/2"),
        ("subject:Patient=Patient/1", "value", "subject:Patient"),
        ("_count=-1", "value", "_count"),
        ("_count=many", "value", "_count"),
        ("_count=1&_count=2", "value", "_count"),
        ("_sort=code-value-quantity", "not-supported", "composite"),
        ("_sort=date,nothing", "not-supported", "'nothing'"),
        ("_sort=date,-date", "value", "twice"),
        ("_sort=", "not-supported", "_sort="),
        ("_sort=nothing", "not-supported", "_sort=nothing"),
        ("_total=exact", "value", "_total"),
        ("_summary=all", "value", "_summary"),
        ("_cursor=abc", "value", "_cursor"),
        ("_pretty=maybe", "value", "_pretty"),
    ],
)
async def test_what_is_not_understood_is_refused_by_name(
    client: httpx.AsyncClient, query: str, code: str, named: str
) -> None:
    """Never silently unfiltered: R4 would allow an answer to another question."""
    answer = await client.get(f"Observation?{query}")
    assert problem(answer)[:2] == (400, code)
    assert named in answer.json()["issue"][0]["diagnostics"]


async def test_names_of_people_take_no_other_modifier(client: httpx.AsyncClient) -> None:
    answer = await client.get("Patient?name:text=Zhang")
    assert problem(answer)[:2] == (400, "not-supported")
    assert problem(await client.get("Patient?name=%20"))[:2] == (400, "value")


async def test_a_lenient_client_is_told_what_was_left_out(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "Observation?patient=p2&cod=x&subject.nonsense=y", headers={"Prefer": "handling=lenient"}
    )
    assert ids(answer) == ["o3"]
    bundle = answer.json()
    first = bundle["entry"][0]
    assert first["search"]["mode"] == "outcome"
    assert "fullUrl" not in first
    issues = first["resource"]["issue"]
    assert [issue["severity"] for issue in issues] == ["warning", "warning"]
    assert "'cod'" in issues[0]["diagnostics"]
    assert bundle["link"][0] == {
        "relation": "self", "url": "http://test/fhir/Observation?patient=p2",
    }  # fmt: skip


async def test_a_modifier_is_refused_even_to_a_lenient_client(client: httpx.AsyncClient) -> None:
    """R4 search.html#modifiers: a server SHALL reject an unsupported modifier."""
    lenient = {"Prefer": "handling=lenient"}
    assert problem(await client.get("Observation?code:exact=1", headers=lenient))[0] == 400
    assert problem(await client.get("Observation?date=xx2026", headers=lenient))[0] == 400
    chained = "Observation?subject:Patient.name:not=1"
    assert problem(await client.get(chained, headers=lenient))[0] == 400


async def test_links_lead_through_all_pages_once(client: httpx.AsyncClient) -> None:
    for query in (
        "_sort=-date", "_sort=date&code=4548-4", "code=4548-4", "date=gt2020", "",
        "_sort=status,-date,_id", "_sort=-date,status&patient.name=zhang,张", "status:not=x",
    ):  # fmt: skip
        url: str | None = f"Observation?{query}&_count=1"
        seen: list[str] = []
        while url is not None:
            answer = await client.get(url)
            seen += ids(answer)
            links = {link["relation"]: link["url"] for link in answer.json()["link"]}
            url = links.get("next")
        expected = {"o1", "o2", "o3"} if "gt" in query else {"o1", "o2", "o3", "o4"}
        assert len(seen) == len(expected)
        assert set(seen) == expected


async def test_the_self_link_says_what_was_used(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"Observation?code={LOINC}|4548-4&_count=1000&_total=accurate")
    bundle = answer.json()
    assert bundle["total"] == 4
    used = dict(parse_qsl(urlsplit(bundle["link"][0]["url"]).query))
    assert used == {"code": f"{LOINC}|4548-4", "_count": "4", "_total": "accurate"}
    assert "total" not in (await client.get("Observation")).json()


async def test_a_count_is_answered_without_entries(client: httpx.AsyncClient) -> None:
    for query in ("_summary=count", "_count=0"):
        bundle = (await client.get(f"Observation?patient=p1&{query}")).json()
        assert bundle["total"] == 3
        assert "entry" not in bundle
        assert [link["relation"] for link in bundle["link"]] == ["self"]


async def test_a_search_by_form_is_the_same_search(client: httpx.AsyncClient) -> None:
    answer = await client.post("Observation/_search?status=final", data={"patient": "p1"})
    assert ids(answer) == ["o1", "o2", "o4"]
    refused = await client.post("Observation/_search", data={"cod": "x"})
    assert problem(refused)[:2] == (400, "not-supported")
    wrong = await client.post("Observation/_search", json={}, headers=FHIR)
    assert problem(wrong)[0] == 415
    xml = await client.post("Observation/_search", data={"_format": "xml"})
    assert problem(xml)[0] == 406
    assert problem(await client.post("Foo/_search", data={}))[0] == 404


async def test_a_cursor_of_another_search_is_refused(client: httpx.AsyncClient) -> None:
    bundle = (await client.get("Observation?_sort=date&_count=1")).json()
    cursor = dict(parse_qsl(urlsplit(bundle["link"][1]["url"]).query))["_cursor"]
    assert problem(await client.get(f"Observation?_sort=-date&_cursor={cursor}"))[0] == 400
    assert problem(await client.get(f"Patient?_cursor={cursor}"))[0] == 400
    assert problem(await client.get(f"Observation?_cursor={cursor}x"))[0] == 400
    bundle = (await client.get("Observation?_sort=status,date&_count=1")).json()
    cursor = dict(parse_qsl(urlsplit(bundle["link"][1]["url"]).query))["_cursor"]
    assert problem(await client.get(f"Observation?_cursor={cursor}"))[0] == 400
    assert problem(await client.get(f"Observation?_sort=status&_cursor={cursor}"))[0] == 400
    sort = Sort("status"), (Sort("date"),)
    forged = write_cursor(Cursor(sort[0], 5, 1, sort[1], ("x",)))
    assert problem(await client.get(f"Observation?_sort=status,date&_cursor={forged}"))[0] == 400


async def test_too_many_values_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("Observation", params={"code": ",".join(map(str, range(201)))})
    assert problem(answer)[:2] == (400, "too-costly")
    enough = await client.get("Observation", params={"code": ",".join(map(str, range(200)))})
    assert ids(enough) == []


@pytest.mark.parametrize("address", ["Observation", "Patient/p1/Observation"])
async def test_a_search_is_answered_for_the_eye(client: httpx.AsyncClient, address: str) -> None:
    """R4 http.html#parameters: `_pretty` goes with every request, and filters nothing."""
    plain = await client.get(address)
    pretty = await client.get(address, params={"_pretty": "true"})
    assert pretty.text.startswith('{\n  "resourceType"')
    assert pretty.json().get("entry") == plain.json().get("entry")
