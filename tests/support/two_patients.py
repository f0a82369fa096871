"""A store with two patients and a client that may see the first: what no door may let out.

Everything of the second patient says ZZSECRET in its content and `zz-` in its id.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import Request

from fhir_server.store.access import Access
from tests.support.fhir_http import FHIR, serving
from tests.support.fhir_store import hba1c, patient

SECRET = "ZZSECRET"
# The header by which a test says who is asking; without it everything is open.
OWN = {"X-Patients": "p1"}


def to(target: str) -> dict[str, str]:
    return {"reference": target}


def _note() -> list[dict[str, str]]:
    return [{"text": SECRET}]


CODE = {"coding": [{"system": "urn:secret", "code": "zz-code"}]}
SHARED: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "clinic", "name": "clinic"},
    {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Own"}]},
    {"resourceType": "Practitioner", "id": "d2", "name": [{"family": "Other"}]},
    {"resourceType": "Medication", "id": "m1", "code": {"text": "metformin"}},
]
MINE: list[dict[str, Any]] = [
    patient("p1", "Own", managingOrganization=to("Organization/clinic")),
    hba1c("own-o", "p1", performer=[to("Practitioner/d1")],
          focus=[to("Patient/zz-p")], hasMember=[to("Observation/zz-o")],
          derivedFrom=[to("Observation/zz-o/_history/1")]),
]  # fmt: skip
THEIRS: list[dict[str, Any]] = [
    patient("zz-p", SECRET, identifier=[{"system": "urn:mrn", "value": "zz-mrn"}],
            managingOrganization=to("Organization/clinic"),
            link=[{"other": to("Patient/p1"), "type": "seealso"}],
            generalPractitioner=[to("Practitioner/d2")]),
    hba1c("zz-o", "zz-p", code=CODE, note=_note(), performer=[to("Practitioner/d2")],
          identifier=[{"system": "urn:lab", "value": "zz-1"}],
          meta={"tag": [{"system": "urn:tags", "code": "zz-tag", "display": SECRET}],
                "profile": ["http://example.org/zz-profile"]}),
    {"resourceType": "MedicationRequest", "id": "zz-m", "status": "active", "intent": "order",
     "subject": to("Patient/zz-p"), "medicationReference": to("Medication/m1"), "note": _note()},
    {"resourceType": "Provenance", "id": "zz-v", "target": [to("Patient/zz-p")],
     "recorded": "2026-05-10T00:00:00Z", "agent": [{"who": {"display": SECRET}}]},
    {"resourceType": "Task", "id": "zz-t", "status": "requested", "intent": "order",
     "for": to("Patient/zz-p"), "description": SECRET, "owner": to("Practitioner/d1")},
    {"resourceType": "Device", "id": "zz-d", "patient": to("Patient/zz-p"), "note": _note(),
     "owner": to("Organization/clinic")},
    {"resourceType": "Binary", "id": "zz-b", "contentType": "text/plain", "data": "WlpTRUNSRVQ="},
    {"resourceType": "Basic", "id": "zz-n", "code": {"text": SECRET}},  # names no patient
    {"resourceType": "Bundle", "id": "zz-u", "type": "collection",
     "entry": [{"fullUrl": "urn:uuid:c2b5a8f0-3b7e-4f8e-9d1a-0a7a4f0ad001",
                "resource": patient("inside", SECRET)}]},
]  # fmt: skip


@asynccontextmanager
async def two_patients() -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of a store with both records, one deletion and one result that was moved."""

    def access_of(request: Request) -> Access:
        named = request.headers.get("x-patients")
        return Access() if named is None else Access(frozenset(named.split(",")))

    async with serving(access_of=access_of) as client:
        for resource in (*SHARED, *MINE, *THEIRS):
            await put(client, resource)
        # Written down for the first patient, then found to be the second's.
        await put(client, hba1c("zz-moved", "p1", note=_note()))
        await put(client, hba1c("zz-moved", "zz-p", note=_note()))
        # And the other way: today's version is the first patient's own, the one before is not.
        await put(client, hba1c("own-fixed", "zz-p", note=_note()))
        await put(client, hba1c("own-fixed", "p1"))
        await put(
            client, hba1c("own-after", "p1", hasMember=[to("Observation/own-fixed/_history/1")])
        )
        await put(client, hba1c("zz-gone", "zz-p", note=_note()))
        await client.delete("Observation/zz-gone")
        yield client


async def put(client: httpx.AsyncClient, resource: dict[str, Any]) -> None:
    url = f"{resource['resourceType']}/{resource['id']}"
    answer = await client.put(url, json=resource, headers=FHIR)
    assert answer.status_code in (200, 201), answer.text
