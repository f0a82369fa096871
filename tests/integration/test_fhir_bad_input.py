"""Bad input: each with its status, issue code and place, and nothing half stored."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fhir_server.rest.services import FhirLimits
from tests.support.fhir_http import FHIR, problem, serving
from tests.support.fhir_store import hba1c, patient

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        yield opened


async def stored(client: httpx.AsyncClient) -> int:
    counts = [
        (await client.get(type, params={"_summary": "count"})).json()["total"]
        for type in ("Patient", "Observation")
    ]
    return sum(counts)


@pytest.mark.parametrize(
    ("body", "status", "code", "expression", "words"),
    [
        (b'{"resourceType":"Patient",', 400, "structure", [], "byte 26"),
        (b'{"resourceType":"Patient" "id":"a"}', 400, "structure", [], "byte 26"),
        (b"[]", 400, "structure", [], "array"),
        (b"", 400, "structure", [], "empty"),
        (b'{"resourceType":"Patient","id":"\xff"}', 400, "structure", [], "byte 32"),
        (b'{"id":"a"}', 400, "structure", [], "resourceType"),
        (b'{"resourceType":"Group"}', 400, "invalid", ["Patient.resourceType"], "Group"),
        (b'{"resourceType":"Patient","id":"a","id":"b"}', 400, "structure",
         ["Patient.id"], "twice"),
        (b'{"resourceType":"Patient","nmae":[]}', 422, "structure", ["Patient.nmae"], "nmae"),
        (b'{"resourceType":"Patient","birthDate":"1968-02-30"}', 422, "value",
         ["Patient.birthDate"], "1968-02-30"),
        (b'{"resourceType":"Patient","gender":"M"}', 422, "code-invalid", ["Patient.gender"], "M"),
    ],
)  # fmt: skip
async def test_a_body_that_is_no_patient(
    client: httpx.AsyncClient, body: bytes, status: int, code: str, expression: list, words: str
) -> None:
    answer = await client.post("Patient", content=body, headers=FHIR)
    assert problem(answer) == (status, code, expression)
    assert words in answer.json()["issue"][0]["diagnostics"]
    assert await stored(client) == 0


async def test_every_problem_of_a_resource_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "Observation", json={"resourceType": "Observation", "status": "done"}, headers=FHIR
    )
    assert answer.status_code == 422
    places = {issue["expression"][0] for issue in answer.json()["issue"]}
    assert {"Observation.status", "Observation.code"} <= places


@pytest.mark.parametrize(
    ("dates", "expression"),
    [
        ({"at": "2026-05-11T08:06:00Z"}, "Observation.effectiveDateTime"),
        ({"at": "2026-05-12"}, "Observation.effectiveDateTime"),
        ({"at": "2026-06"}, "Observation.effectiveDateTime"),
        ({"at": None, "effectivePeriod": {"start": "2026-05-13"}},
         "Observation.effectivePeriod.start"),
        ({"at": None, "effectiveTiming": {"event": ["2026-05-01", "2027-05-01"]}},
         "Observation.effectiveTiming.event[1]"),
        ({"at": None, "effectiveInstant": "2026-05-11T17:00:00+08:00"},
         "Observation.effectiveInstant"),
        ({"issued": "2026-05-11T16:06:00.000+08:00"}, "Observation.issued"),
    ],
)  # fmt: skip
async def test_a_result_of_the_future_is_refused(
    client: httpx.AsyncClient, dates: dict[str, Any], expression: str
) -> None:
    """The clock of these tests stands at 2026-05-11T08:00Z."""
    answer = await client.post("Observation", json=hba1c("x", **dates), headers=FHIR)
    assert problem(answer) == (422, "business-rule", [expression])
    assert await stored(client) == 0


@pytest.mark.parametrize(
    "dates",
    [
        {"at": "2026-05-11T08:04:00Z"},  # the analyser's clock is four minutes ahead
        {"at": "2026-05-11"},  # in Kiritimati the day began at 2026-05-10T10:00Z
        {"at": "2026-05"},
        {"at": "2026-05-11T22:00:00+14:00"},
        {"at": None, "effectivePeriod": {"start": "2026-05-11", "end": "2026-05-20"}},
    ],
)
async def test_a_result_of_today_is_taken(client: httpx.AsyncClient, dates: dict) -> None:
    answer = await client.post("Observation", json=hba1c("x", **dates), headers=FHIR)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/fhir+xml"}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/fhir+json; charset=gb18030"}, 415),
        ({"Content-Type": "application/fhir+json; fhirVersion=3.0"}, 415),
        (FHIR | {"Content-Encoding": "br"}, 415),
        ({}, 415),
        (FHIR | {"Accept": "application/fhir+xml"}, 406),
        (FHIR | {"Accept": "application/fhir+json; fhirVersion=5.0"}, 406),
        (FHIR | {"If-None-Exist": "nmae=1"}, 400),
    ],
)
async def test_headers_that_cannot_be_honoured(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    body = b'{"resourceType":"Patient"}'
    answer = await client.post("Patient", content=body, headers=headers)
    assert problem(answer)[:2] == (status, "not-supported")
    assert await stored(client) == 0


async def test_media_types_of_other_spelling_are_read(client: httpx.AsyncClient) -> None:
    for content_type in ("application/json", "Application/FHIR+JSON; charset=UTF-8",
                         'application/fhir+json; fhirVersion="4.0"'):  # fmt: skip
        answer = await client.post(
            "Patient",
            content=b'{"resourceType":"Patient"}',
            headers={"Content-Type": content_type},
        )
        assert answer.status_code == 201


async def test_a_format_that_is_not_written(client: httpx.AsyncClient) -> None:
    await client.put("Patient/p1", json=patient("p1"), headers=FHIR)
    assert problem(await client.get("Patient/p1?_format=xml"))[:2] == (406, "not-supported")
    assert problem(await client.get("Patient?_format=xml"))[0] == 406


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_over_the_limit(declared: bool) -> None:
    async with serving(limits=FhirLimits(body_bytes=1000)) as client:

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b" " * 500

        content: Any = b" " * 1500 if declared else chunks()
        for method, url in (("POST", "Patient"), ("PUT", "Patient/p1"), ("POST", "")):
            content = b" " * 1500 if declared else chunks()
            answer = await client.request(method, url or "http://test/fhir", content=content,
                                          headers=FHIR)  # fmt: skip
            assert problem(answer)[:2] == (413, "too-long")
        assert "1000 bytes" in answer.text


@pytest.mark.parametrize(
    ("method", "url", "status", "code"),
    [
        ("GET", "Foo", 404, "not-supported"),
        ("GET", "Foo/1", 404, "not-supported"),
        ("POST", "Foo", 404, "not-supported"),
        ("PUT", "Foo/1", 404, "not-supported"),
        ("DELETE", "Foo/1", 404, "not-supported"),
        ("PATCH", "Foo/1", 404, "not-supported"),
        ("GET", "Citation", 404, "not-supported"),  # a type of R4B and R5, not of R4
        ("GET", "Patient/never", 404, "not-found"),
        ("GET", "Patient/$everything/more/still", 404, "not-supported"),
    ],
)
async def test_addresses_that_are_not_served(
    client: httpx.AsyncClient, method: str, url: str, status: int, code: str
) -> None:
    answer = await client.request(method, url, content=b"{}", headers=FHIR)
    assert problem(answer)[:2] == (status, code)


@pytest.mark.parametrize(
    ("method", "url", "allow"),
    [
        ("POST", "Patient/p1", "GET, HEAD, PUT, PATCH, DELETE"),
        ("POST", "metadata", "GET, HEAD"),
        ("POST", "Patient/p1/_history/1", "GET, HEAD"),
        ("PATCH", "Patient/_search", "POST"),
        ("DELETE", "metadata", "GET, HEAD"),
        ("GET", "http://test/fhir", "POST"),
        ("GET", "http://test/fhir/", "POST"),
        ("OPTIONS", "Patient/p1", "GET, HEAD, PUT, PATCH, DELETE"),
        ("BREW", "metadata", "GET, HEAD"),
    ],
)
async def test_methods_that_do_not_apply(
    client: httpx.AsyncClient, method: str, url: str, allow: str
) -> None:
    answer = await client.request(method, url, content=b"{}", headers=FHIR)
    assert problem(answer)[:2] == (405, "not-supported")
    assert answer.headers["allow"] == allow


@pytest.mark.parametrize(
    ("url", "body", "expression"),
    [
        ("Patient/p1", {"resourceType": "Patient", "id": "p2"}, ["Patient.id"]),
        ("Patient/p1", {"resourceType": "Patient"}, ["Patient.id"]),
        ("Patient/p_1", {"resourceType": "Patient", "id": "p_1"}, None),
        ("Patient/" + "a" * 65, {"resourceType": "Patient", "id": "a" * 65}, None),
    ],
)
async def test_an_update_whose_ids_do_not_agree(
    client: httpx.AsyncClient, url: str, body: dict, expression: list[str] | None
) -> None:
    answer = await client.put(url, json=body, headers=FHIR)
    status, _, places = problem(answer)
    assert status in ((400,) if expression else (400, 422))
    assert places == (expression or ["Patient.id"])
    assert await stored(client) == 0


@pytest.mark.parametrize("tag", ["2", 'W/"x"', '""', "*", 'W/"1", W/"2"'])
async def test_a_version_that_is_none(client: httpx.AsyncClient, tag: str) -> None:
    answer = await client.put("Patient/p1", json=patient("p1"), headers=FHIR | {"If-Match": tag})
    assert problem(answer)[:2] == (400, "value")
    assert await stored(client) == 0


async def test_a_condition_that_is_not_supported_is_not_passed_over(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.put(
        "Patient/p1", json=patient("p1"), headers=FHIR | {"If-None-Match": 'W/"1"'}
    )
    assert problem(answer)[:2] == (400, "not-supported")
    assert await stored(client) == 0


@pytest.mark.parametrize("text", [rb"\ud800", rb"\u0000", rb"\udc00\ud800"])
async def test_characters_that_no_text_has(client: httpx.AsyncClient, text: bytes) -> None:
    """Half a surrogate pair or a NUL is no character: refused, not met in the store."""
    body = b'{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"%s"}]}' % text
    answer = await client.post("Patient", content=body, headers=FHIR)
    assert problem(answer)[0] in (400, 422)
    assert await stored(client) == 0


@pytest.mark.parametrize("query", ["name=%00", "name=%ED%A0%80", "identifier=%00|%00", "_id=%00"])
async def test_a_query_of_such_characters_is_answered(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"Patient?{query}")
    assert answer.status_code in (200, 400)
