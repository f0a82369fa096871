"""Prefetched resources that are no R4: a 400 that names the place, never a failed server."""

import copy
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fhir_server.r4.codec import encode
from tests.support import hooks
from tests.support.patients import patient
from tests.support.server import serving

pytestmark = pytest.mark.anyio

IDENTIFIER = {"system": "urn:hospital:mrn", "value": "000123"}
ADDRESS = {"state": "北京市", "city": "北京市", "period": {"start": "2020-01-01"}}
WRONG: tuple[Any, ...] = ("x", [1], True, {"a": 1})


def call() -> dict[str, Any]:
    whole = hooks.order_sign()
    sent = hooks.prefetch(patient=patient(identifier=[IDENTIFIER], address=[ADDRESS]))
    sent["observations"]["entry"] = sent["observations"]["entry"][:2]
    return whole | {"prefetch": copy.deepcopy(sent)}


async def post(client: httpx.AsyncClient, damaged: dict[str, Any]) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    path = "/cds-services/chronic-risk-order-sign"
    return await client.post(path, content=encode(damaged), headers=headers)


def places(found: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = found.items() if isinstance(found, dict) else enumerate(found)
    for name, part in inside:
        yield (*at, name)
        if isinstance(part, (dict, list)):
            yield from places(part, (*at, name))


async def test_no_wrong_type_anywhere_in_what_was_prefetched_fails_the_server(tmp_path):
    named = refused = 0
    async with serving(tmp_path) as client:
        for place in places(call()["prefetch"]):
            for wrong in WRONG:
                damaged = call()
                part = damaged["prefetch"]
                for step in place[:-1]:
                    part = part[step]
                part[place[-1]] = wrong
                answer = await post(client, damaged)
                assert answer.status_code in (200, 400, 412), (place, wrong, answer.text)
                if answer.status_code == 400:
                    refused += 1
                    said = answer.json()["issue"]
                    named += all(each["expression"][0].startswith("prefetch.") for each in said)
    assert refused > 50
    assert named == refused


async def test_the_place_is_named(tmp_path):
    damaged = call()
    damaged["prefetch"]["patient"]["address"] = [1]
    async with serving(tmp_path) as client:
        answer = await post(client, damaged)
    assert answer.status_code == 400
    (issue,) = answer.json()["issue"]
    assert issue["expression"] == ["prefetch.patient.address[0]"]
    assert "Address" in issue["diagnostics"]
