"""Bulk jobs over HTTP, as an integrator's script runs them: kick off, poll, download."""

import asyncio
from typing import Any

import httpx

from fhir_server.r4.codec import JsonObject, decode

ASYNC = {"Prefer": "respond-async"}
NDJSON = {**ASYNC, "Content-Type": "application/fhir+ndjson"}


async def finished(client: httpx.AsyncClient, kick_off: httpx.Response) -> httpx.Response:
    """Poll the status of a job until it is no 202."""
    assert kick_off.status_code == 202, kick_off.text
    status = kick_off.headers["content-location"]
    for _ in range(1000):
        answer = await client.get(status)
        if answer.status_code != 202:
            return answer
        assert answer.headers["x-progress"]
        assert int(answer.headers["retry-after"]) > 0
        await asyncio.sleep(0.01)
    raise AssertionError("the job does not end")


async def exported(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """Return the manifest of an export."""
    answer = await finished(client, await client.get(url, headers=ASYNC))
    assert answer.status_code == 200, answer.text
    manifest: dict[str, Any] = answer.json()
    return manifest


async def lines(
    client: httpx.AsyncClient, manifest: dict[str, Any], role: str = "output"
) -> list[JsonObject]:
    """Return every resource of the files of one kind, in order."""
    found: list[JsonObject] = []
    for file in manifest[role]:
        answer = await client.get(file["url"])
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/fhir+ndjson"
        here = [decode(line) for line in answer.content.splitlines()]
        assert len(here) == file["count"]
        found += here
    return found


def names(resources: list[JsonObject]) -> list[str]:
    return sorted(f"{r['resourceType']}/{r['id']}" for r in resources)


def ndjson(*resources: JsonObject) -> bytes:
    from fhir_server.r4.codec import encode

    return b"".join(encode(resource) + b"\n" for resource in resources)
