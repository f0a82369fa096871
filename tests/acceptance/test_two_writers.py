"""Writers who meet on one resource, at running servers on both databases: one wins."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from fhir_server.demo.server import running
from tests.support.fhir_http import FHIR
from tests.support.fhir_store import fresh_url, hba1c, patient
from tests.support.server import LOCAL_CODES

pytestmark = pytest.mark.anyio

WRITERS = 20


@pytest.fixture(
    scope="module",
    params=[("sqlite", 1), ("postgresql", 1), ("postgresql", 2)],
    ids=lambda p: f"{p[0]}-{p[1]}",
)
def urls(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """The FHIR bases of one or two servers on one database."""
    adapter, servers = request.param
    with ExitStack() as stack:
        settings = {"ATTENDING_DATABASE_URL": stack.enter_context(fresh_url(adapter))}
        started = [
            stack.enter_context(running(local_codes=LOCAL_CODES, settings=settings))
            for _ in range(servers)
        ]
        yield [f"{server.url}/fhir" for server in started]


async def at_once(urls: list[str], *requests: tuple[str, str, dict, dict]) -> list[httpx.Response]:
    """Send requests at the same time, in turn to each server."""
    async with httpx.AsyncClient(timeout=60) as client:
        return await asyncio.gather(
            *(
                client.request(
                    method, f"{urls[n % len(urls)]}/{path}".rstrip("/"), json=body, headers=headers
                )
                for n, (method, path, body, headers) in enumerate(requests)
            )
        )


async def test_of_writers_on_one_version_one_wins(urls: list[str]) -> None:
    await at_once(urls, ("PUT", "Patient/one", patient("one"), FHIR))
    guarded = FHIR | {"If-Match": 'W/"1"'}
    bodies = [patient("one", family=f"writer-{n}") for n in range(WRITERS)]
    answers = await at_once(urls, *(("PUT", "Patient/one", body, guarded) for body in bodies))
    assert sorted(a.status_code for a in answers) == [200] + [412] * (WRITERS - 1)
    (winner,) = [body for body, a in zip(bodies, answers, strict=True) if a.status_code == 200]
    now = (await at_once(urls[-1:], ("GET", "Patient/one", {}, {})))[0].json()
    assert (now["name"], now["meta"]["versionId"]) == (winner["name"], "2")


async def test_writers_without_a_condition_each_leave_a_version(urls: list[str]) -> None:
    answers = await at_once(
        urls,
        *(("PUT", "Patient/all", patient("all", family=f"w{n}"), FHIR) for n in range(WRITERS)),
    )
    assert sorted(a.status_code for a in answers) == [200] * (WRITERS - 1) + [201]
    versions = {a.headers["etag"] for a in answers}
    assert versions == {f'W/"{n}"' for n in range(1, WRITERS + 1)}


async def test_transactions_that_meet_are_whole_or_not_at_all(urls: list[str]) -> None:
    """Each brings a result with it; only the winner's is there afterwards."""
    await at_once(urls, ("PUT", "Patient/shared", patient("shared"), FHIR))
    bundles = []
    for n in range(WRITERS):
        result = hba1c(f"of-{n}", "shared")
        put = {"method": "PUT", "url": "Patient/shared", "ifMatch": 'W/"1"'}
        entries = [
            {"resource": result, "request": {"method": "PUT", "url": f"Observation/of-{n}"}},
            {"resource": patient("shared", family=f"w{n}"), "request": put},
        ]
        bundles.append({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    answers = await at_once(urls, *(("POST", "", bundle, FHIR) for bundle in bundles))
    statuses = [a.status_code for a in answers]
    assert sorted(statuses) == [200] + [412] * (WRITERS - 1)
    found = (await at_once(urls[-1:], ("GET", "Observation?patient=shared", {}, {})))[0].json()
    assert [e["resource"]["id"] for e in found["entry"]] == [f"of-{statuses.index(200)}"]


async def test_registrations_that_meet_make_one_patient(urls: list[str]) -> None:
    body = patient("x", identifier=[{"system": "urn:mrn", "value": "77"}])
    headers = FHIR | {"If-None-Exist": "identifier=urn:mrn|77"}
    answers = await at_once(urls, *[("POST", "Patient", body, headers)] * WRITERS)
    assert sorted(a.status_code for a in answers) == [200] * (WRITERS - 1) + [201]
    assert len({a.json()["id"] for a in answers}) == 1
