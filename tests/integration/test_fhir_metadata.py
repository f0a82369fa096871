"""The CapabilityStatement says what is served: every claim in it is tried."""

from collections.abc import AsyncIterator

import httpx
import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.r4.validation import validate
from fhir_server.rest.search_criteria import components_of
from fhir_server.store.search_served import searchable
from tests.support.fhir_http import FHIR, problem, serving

pytestmark = pytest.mark.anyio

VALUES = {
    "token": "x", "string": "x", "date": "2026-01", "reference": "Patient/x", "number": "gt0.5",
    "quantity": "5.4|http://unitsofmeasure.org|mg", "uri": "http://example.org/x",
}  # fmt: skip


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving() as opened:
        yield opened


async def test_it_is_a_valid_statement_of_r4(client: httpx.AsyncClient) -> None:
    answer = await client.get("metadata")
    assert answer.status_code == 200
    assert validate(decode(answer.content)) == ()
    statement = answer.json()
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == "http://test/fhir"
    resources = statement["rest"][0]["resource"]
    assert [resource["type"] for resource in resources] == list(STORED_TYPES)
    assert {"literal"} == {policy for r in resources for policy in r["referencePolicy"]}


async def test_every_search_parameter_in_it_is_served(client: httpx.AsyncClient) -> None:
    statement = (await client.get("metadata")).json()
    tried = 0
    for resource in statement["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            query = {parameter["name"]: value_of(resource["type"], parameter)}
            answer = await client.get(resource["type"], params=query)
            assert answer.status_code == 200, answer.text
            tried += 1
    assert tried > 1_000


def value_of(type: str, parameter: dict[str, str]) -> str:
    if parameter["type"] != "composite":
        return VALUES[parameter["type"]]
    components = components_of(type, searchable(type)[parameter["name"]])
    return "$".join(VALUES[component.type] for component in components)


async def test_every_include_in_it_is_served(client: httpx.AsyncClient) -> None:
    statement = (await client.get("metadata")).json()
    for resource in statement["rest"][0]["resource"]:
        query = [("_include", include) for include in resource["searchInclude"]]
        query += [("_revinclude", include) for include in resource["searchRevInclude"]]
        form = await client.post(f"{resource['type']}/_search", data=dict_of(query))
        assert form.status_code == 200, form.text


def dict_of(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


async def test_what_refers_to_a_type_is_named(client: httpx.AsyncClient) -> None:
    statement = (await client.get("metadata")).json()
    named = {r["type"]: r["searchRevInclude"] for r in statement["rest"][0]["resource"]}
    assert {"*", "Observation:subject", "Observation:patient", "Provenance:target"} <= set(
        named["Patient"]
    )
    assert "Observation:patient" not in named["Group"]


async def test_every_interaction_in_it_is_served(client: httpx.AsyncClient) -> None:
    statement = (await client.get("metadata")).json()
    tries = {
        "create": ("POST", "{type}", 422),
        "read": ("GET", "{type}/x", 404),
        "vread": ("GET", "{type}/x/_history/1", 404),
        "update": ("PUT", "{type}/x", 422),
        "patch": ("PATCH", "{type}/x", 400),
        "delete": ("DELETE", "{type}/x", 204),
        "search-type": ("GET", "{type}", 200),
        "history-instance": ("GET", "{type}/never/_history", 404),
        "history-type": ("GET", "{type}/_history", 200),
    }
    for resource in statement["rest"][0]["resource"]:
        assert {i["code"] for i in resource["interaction"]} == tries.keys()
        for method, url, status in tries.values():
            body = {"resourceType": resource["type"], "id": "x", "nonsense": 1}
            answer = await client.request(
                method, url.format(type=resource["type"]), json=body, headers=FHIR
            )
            # A Parameters sent by PATCH is itself a patch: this one has nothing to do.
            is_patch = method == "PATCH" and resource["type"] == "Parameters"
            assert answer.status_code == (404 if is_patch else status), answer.text


async def test_other_modes_are_refused(client: httpx.AsyncClient) -> None:
    assert (await client.get("metadata?mode=full&_format=json")).status_code == 200
    assert problem(await client.get("metadata?mode=normative"))[:2] == (400, "not-supported")
